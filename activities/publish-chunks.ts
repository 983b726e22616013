import { dayName } from '../config/time-zone.js';
import { readJson } from '../store/frames.js';
import { quote } from '../store/sql.js';
import type { Chunks, Manifest } from './chunk.js';
import type { Attempt, Stores } from './context.js';
import type { Staged, StagedFile } from './read.js';

/** Most quarantined readings of a run that go into the table; all of them stay in the store. */
const MAX_QUARANTINE_ROWS = 100_000;

/** Brings chunks, files and quarantine of a run into Postgres: its own rows, replaced in one go each. */
export async function publishChunks(
  stores: Stores,
  runId: string,
  inputs: { staged: Staged; chunks: Chunks },
  attempt: Attempt,
): Promise<void> {
  const { days } = await readJson<Manifest>(stores.objects, inputs.chunks);
  attempt.progress(0, 1, 'tables');
  const moment = (us: number) => new Date(us / 1000).toISOString();
  await stores.registry.replaceChunks(
    runId,
    days.flatMap(({ day, chunks }) =>
      chunks.map((chunk) => [
        runId,
        chunk.sensor,
        day,
        chunk.rows,
        moment(chunk.first),
        moment(chunk.last),
        chunk.largestGap,
        chunk.share,
        chunk.valueHash,
      ]),
    ),
  );
  const files = await readJson<StagedFile[]>(stores.objects, inputs.staged);
  await stores.registry.replaceSourceFiles(
    runId,
    files.map(({ path, sha256, bytes, read, days: own }) => [
      runId,
      path,
      sha256,
      bytes,
      read,
      multirange(own.map(({ day }) => day)),
    ]),
  );
  const rows: (string | number | null)[][] = [];
  for (const { quarantine, path } of files) {
    if (quarantine === null || rows.length >= MAX_QUARANTINE_ROWS) continue;
    const most = MAX_QUARANTINE_ROWS - rows.length;
    const bad = await stores.objects.local(
      [quarantine],
      ([object]) => quarantined(stores, object!, most, attempt),
      attempt.signal,
    );
    for (const { record, sensor, reason, raw } of bad) rows.push([runId, path, record, sensor, reason, raw]);
  }
  await stores.registry.replaceQuarantine(runId, rows);
}

/** Days since 1970 as Postgres writes ranges of dates. */
function multirange(days: readonly number[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const day of [...days].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && day <= last[1]) last[1] = Math.max(last[1], day + 1);
    else ranges.push([day, day + 1]);
  }
  return `{${ranges.map(([from, to]) => `[${dayName(from)},${dayName(to)})`).join(',')}}`;
}

interface QuarantineRow {
  record: number;
  sensor: string | null;
  reason: string;
  raw: string | null;
}

function quarantined(stores: Stores, object: string, most: number, { signal }: Attempt): Promise<QuarantineRow[]> {
  const sql = `SELECT record::DOUBLE AS record, sensor, reason, raw FROM read_parquet(${quote(object)}) LIMIT ${most}`;
  return stores.duck.session({ tz: 'UTC', signal }, (duck) => duck.rows<QuarantineRow>(sql));
}
