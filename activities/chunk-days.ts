import { join } from 'node:path';
import { MillraceError } from '../config/errors.js';
import { dayName, dayStart, doubledHour } from '../config/time-zone.js';
import type { DuckSession } from '../store/duck.js';
import { eachOf } from '../store/each-of.js';
import { adoptFile } from '../store/frames.js';
import { hashJson } from '../store/hash.js';
import type { Stored } from '../store/objects/object-store.js';
import { quote } from '../store/sql.js';
import type { ChunkInput, DayChunks } from './chunk.js';
import { ChunkScanner } from './chunk-scan.js';
import { daysObjectSql, distinctDaySql, duplicatesSql, sensorTypeSql } from './chunk-sql.js';
import type { Attempt, Stores } from './context.js';
import { changesValues, countersAmong, counterTableSql, resetsSql, ruledSql } from './rules.js';
import { withScratch } from './source-local.js';

/** A day that is to be chunked. */
export interface DayItem {
  day: number;
  key: string;
  /** Staged objects that hold readings of the day, in the order of their files. */
  staged: Stored[];
  rows: number;
}

/** What came of it. */
export interface DayRecord extends DayChunks {
  /** Whether readings had the same time, so that the order of files and records decided. */
  byOrder: boolean;
  /** Which files it was made of. */
  madeOf: string;
}

/** The records of some days, in their order. */
export async function makeDays(
  stores: Stores,
  items: DayItem[],
  input: ChunkInput,
  attempt: Attempt,
): Promise<DayRecord[]> {
  const staged = [...new Map(items.flatMap((item) => item.staged).map((each) => [each.uri, each])).values()];
  const together = await withDuck(stores, staged, input.tz, attempt, (room) => sortDays(stores, items, input, room));
  return eachOf(items, 1, async (item) => {
    const record = together.get(item)!;
    if (!record.byOrder) return record;
    return withDuck(stores, item.staged, input.tz, attempt, (room) => sortDistinct(stores, item, input, room));
  });
}

/** Where days are sorted: staged files at hand, a folder, and a session. */
interface Room {
  staged: string[];
  scratch: string;
  duck: DuckSession;
}

async function withDuck<T>(
  stores: Stores,
  staged: Stored[],
  tz: string,
  { signal }: Attempt,
  work: (room: Room) => Promise<T>,
): Promise<T> {
  return withScratch(stores, (scratch) =>
    stores.objects.local(
      staged,
      (paths) => stores.duck.session({ tz, signal }, (duck) => work({ staged: paths, scratch, duck })),
      signal,
    ),
  );
}

/** Sorts the readings of some days into one object. Days with several readings of a sensor at one time are marked. */
async function sortDays(
  stores: Stores,
  items: readonly DayItem[],
  input: ChunkInput,
  { staged, scratch, duck }: Room,
): Promise<Map<DayItem, DayRecord>> {
  const days = items.map(({ day }) => day);
  await duck.run(sensorTypeSql(staged, days));
  const { file, resets } = await ruled(duck, daysObjectSql(staged, days), scratch, input);
  const scanned = await scan(duck, file, items, input.tz);
  const object = scanned.every(({ sameTimes }) => sameTimes > 0)
    ? NO_OBJECT
    : await adoptFile(stores.objects, `chunks/${dayName(days[0]!)}`, file);
  return new Map(
    items.map((item, at) => {
      const { sameTimes, ...own } = scanned[at]!;
      const lost = { duplicates: 0, dropped: item.rows - own.rows, resets: resets.get(item.day) ?? 0 };
      return [item, { ...recordOf(item, object, input.tz), ...own, ...lost, byOrder: sameTimes > 0 }];
    }),
  );
}

/** Where nothing of an object is used, it is not kept. */
const NO_OBJECT: Stored = { uri: '', sha256: '', bytes: 0 };

/** Sorts the readings of one day, with one reading of a sensor at a time. */
async function sortDistinct(
  stores: Stores,
  item: DayItem,
  input: ChunkInput,
  { staged, scratch, duck }: Room,
): Promise<DayRecord> {
  if (input.duplicates === 'error') throw await duplicated(duck, staged, item.day);
  const single = join(scratch, 'single.parquet');
  await duck.run(copySql(distinctDaySql(staged, item.day, doubledHour(item.day, input.tz), input.duplicates), single));
  const from = `SELECT * FROM read_parquet(${quote(single)})`;
  const [kept] = await duck.rows<{ n: number }>(`SELECT count(*)::DOUBLE AS n FROM (${from})`);
  const { file, resets } = changesValues(input)
    ? await ruled(duck, from, scratch, input)
    : { file: single, resets: new Map<number, number>() };
  const [scanned] = await scan(duck, file, [item], input.tz);
  const { sameTimes: _, ...own } = scanned!;
  const object = await adoptFile(stores.objects, `chunks/${dayName(item.day)}`, file);
  const lost = { duplicates: item.rows - kept!.n, dropped: kept!.n - own.rows, resets: resets.get(item.day) ?? 0 };
  return { ...recordOf(item, object, input.tz), ...own, ...lost, byOrder: true };
}

/** Writes readings by the rules that change them; with how often the counters of each day began again. */
async function ruled(
  duck: DuckSession,
  base: string,
  scratch: string,
  input: ChunkInput,
): Promise<{ file: string; resets: Map<number, number> }> {
  const file = join(scratch, 'days.parquet');
  if (!changesValues(input)) {
    await duck.run(copySql(base, file));
    return { file, resets: new Map() };
  }
  const sensors = await duck.rows<{ sensor: string }>(`SELECT DISTINCT sensor::VARCHAR AS sensor FROM (${base})`);
  await duck.run(
    counterTableSql(
      countersAmong(
        sensors.map(({ sensor }) => sensor),
        input,
      ),
    ),
  );
  await duck.run(copySql(ruledSql(base, input), file));
  const resets = await duck.rows<{ day: number; resets: number }>(resetsSql(base));
  return { file, resets: new Map(resets.map(({ day, resets: n }) => [day, n])) };
}

async function duplicated(duck: DuckSession, staged: readonly string[], day: number): Promise<MillraceError> {
  const [first] = await duck.rows<{ sensor: string; time: number; n: number; more: number }>(
    duplicatesSql(staged, day),
  );
  const { sensor, time, n, more } = first!;
  return new MillraceError(
    'MR_DUPLICATES',
    `${sensor} has ${n} readings of ${new Date(time / 1000).toISOString()}, and ${more - 1} other times of ${dayName(day)} are given more than once`,
    {
      allowed: 'one reading of a sensor at a time, since duplicates=error',
      next: 'set duplicates to last, first or mean',
    },
  );
}

const copySql = (sql: string, file: string) => `COPY (${sql}) TO ${quote(file)} (FORMAT parquet, ROW_GROUP_SIZE 65536)`;

function recordOf(item: DayItem, object: Stored, tz: string) {
  return {
    day: dayName(item.day),
    ...object,
    start: dayStart(item.day, tz),
    end: dayStart(item.day + 1, tz),
    madeOf: hashJson(item.staged),
  };
}

type Scanned = ReturnType<ChunkScanner['finish']>;

/** Goes once over an object of some days. */
async function scan(duck: DuckSession, file: string, items: readonly DayItem[], tz: string): Promise<Scanned[]> {
  const from = `FROM read_parquet(${quote(file)})`;
  const counts = await duck.rows<{ day: number; sensor: string; n: number }>(
    `SELECT day, sensor, count(*)::DOUBLE AS n ${from} GROUP BY day, sensor ORDER BY day, sensor`,
  );
  const sensors = new Map<number, { sensor: string; n: number }[]>(items.map(({ day }) => [day, []]));
  for (const { day, sensor, n } of counts) sensors.get(day)!.push({ sensor, n });
  let row = 0;
  const scanners = items.map(({ day }) => {
    const own = sensors.get(day)!;
    const scanner = new ChunkScanner(own, dayStart(day, tz), dayStart(day + 1, tz), row);
    row += own.reduce((sum, { n }) => sum + n, 0);
    return { scanner, end: row };
  });
  let at = 0;
  row = 0;
  for await (const [times, values] of duck.blocks(`SELECT time, value ${from}`)) {
    for (let done = 0; done < times!.length; ) {
      // Of a day, rules may leave nothing.
      while (row === scanners[at]!.end) at++;
      const take = Math.min(times!.length - done, scanners[at]!.end - row);
      scanners[at]!.scanner.add(times!.subarray(done, done + take), values!.subarray(done, done + take));
      done += take;
      row += take;
    }
  }
  return scanners.map(({ scanner }) => scanner.finish());
}
