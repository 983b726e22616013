import { eachOf } from '../store/each-of.js';
import { quote } from '../store/sql.js';
import type { Attempt, Stores } from './context.js';
import { type StagedFile, withTable } from './read.js';
import { stagedSql } from './read-sql.js';
import type { SourceTable } from './source-table.js';

/** Usable readings by day (since 1970) and sensor. */
export type DayCounts = Map<number, Map<string, number>>;

/** Of larger sources, some files stand for all. */
const MOST_BYTES = 2e9;
/** While one waits for its disk, another is counted. */
const FILES_AT_ONCE = 2;

/** What was counted, and for how much it stands. */
export interface Survey {
  /** Of each table that was looked at, by its place in the list; those that were not are left out. */
  counts: Map<number, DayCounts>;
  /** What part of the bytes was looked at. */
  share: number;
}

/**
 * Counts the usable readings of tables without keeping anything: those of staged ones in what is kept, of others in
 * the files themselves, evenly chosen where they are too large.
 */
export async function survey(
  stores: Stores,
  tables: readonly { table: SourceTable; staged: StagedFile | null }[],
  tz: string,
  attempt: Attempt,
): Promise<Survey> {
  const total = tables.reduce((sum, { table }) => sum + table.file.bytes, 0);
  const every = Math.max(1, Math.ceil(total / MOST_BYTES));
  const chosen = [...tables.entries()].filter(([at, { staged }]) => staged !== null || at % every === 0);
  const bytes = chosen.reduce((sum, [, { table }]) => sum + table.file.bytes, 0);
  let done = 0;
  const counted = await eachOf(chosen, FILES_AT_ONCE, async ([at, { table, staged }]): Promise<[number, DayCounts]> => {
    const counts = staged === null ? await inFile(stores, table, tz, attempt) : await inStore(stores, staged, attempt);
    done += table.file.bytes;
    attempt.progress(done, bytes, 'bytes');
    return [at, counts];
  });
  return { counts: new Map(counted), share: total === 0 ? 1 : bytes / total };
}

async function inFile(stores: Stores, table: SourceTable, tz: string, attempt: Attempt): Promise<DayCounts> {
  const { layout } = table;
  if (layout === null) return new Map();
  return withTable(stores, table, layout, tz, attempt, (how) =>
    count(stores, stagedSql(how), how.layout.utcOffset === null ? tz : 'UTC', attempt),
  );
}

async function inStore(stores: Stores, { object }: StagedFile, attempt: Attempt): Promise<DayCounts> {
  if (object === null) return new Map();
  const work = ([path]: string[]) => count(stores, `SELECT * FROM read_parquet(${quote(path!)})`, 'UTC', attempt);
  return stores.objects.local([object], work, attempt.signal);
}

async function count(stores: Stores, from: string, tz: string, { signal }: Attempt): Promise<DayCounts> {
  const sql = `SELECT day, sensor::VARCHAR AS sensor, count(*)::DOUBLE AS rows FROM (${from}) WHERE reason IS NULL GROUP BY ALL`;
  const rows = await stores.duck.session({ tz, signal }, (duck) =>
    duck.rows<{ day: number; sensor: string; rows: number }>(sql),
  );
  const counts: DayCounts = new Map();
  for (const { day, sensor, rows: n } of rows) {
    const sensors = counts.get(day) ?? new Map<string, number>();
    counts.set(day, sensors.set(sensor, n));
  }
  return counts;
}

/** The counts of some tables together. */
export function together(counts: Iterable<DayCounts>): DayCounts {
  const all: DayCounts = new Map();
  for (const days of counts) {
    for (const [day, sensors] of days) {
      const own = all.get(day) ?? new Map<string, number>();
      for (const [sensor, rows] of sensors) own.set(sensor, (own.get(sensor) ?? 0) + rows);
      all.set(day, own);
    }
  }
  return all;
}
