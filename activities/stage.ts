import { join } from 'node:path';
import type { DuckSession } from '../store/duck.js';
import { adoptFile } from '../store/frames.js';
import type { Stored } from '../store/objects/object-store.js';
import { quote } from '../store/sql.js';
import type { Attempt, Stores } from './context.js';
import { hasLongRecords, writeBadRecords, writeNumbered } from './numbered.js';
import { type ReadSql, stagedSql } from './read-sql.js';
import { COLUMNS_AT_ONCE, quarantineSql } from './scan-sql.js';

/** The good readings of one day in one file, and a fingerprint of them that does not depend on their order. */
export interface FileDay {
  /** Days since 1970-01-01 in the source's zone. */
  day: number;
  rows: number;
  print: string;
}

/** What became of the readings of a table: staged as Parquet in their order, and counted by fate. */
export interface Fates {
  /** Parquet of all its readings; null where there are none. */
  object: Stored | null;
  zoneless: boolean;
  read: number;
  missing: number;
  /** Of the missing, those that a number stood for. */
  sentinels: number;
  /** How often a clock went back from one reading to the next. */
  clockSteps: number;
  quarantined: Record<string, number>;
  /** Parquet of the unusable readings, or null. */
  quarantine: Stored | null;
  days: FileDay[];
}

/** Of a table without records. */
export const NOTHING: Fates = {
  object: null,
  zoneless: false,
  read: 0,
  missing: 0,
  sentinels: 0,
  clockSteps: 0,
  quarantined: {},
  quarantine: null,
  days: [],
};

/**
 * Stages a table that DuckDB can scan. A text with records that cannot be taken is read again with its records
 * numbered, to know which they are.
 */
export async function stage(
  stores: Stores,
  read: ReadSql,
  scratch: string,
  { signal }: Attempt,
  onShare: ((share: number) => void) | undefined,
): Promise<Fates> {
  const { text, form, values } = read.layout;
  const width = form === 'long' ? 1 : values.length;
  const long = text !== null && (await hasLongRecords(read, text, signal));
  // The zone of the session is that of times without one: there are none where their offset is known.
  const tz = read.layout.utcOffset === null ? read.tz : 'UTC';
  return stores.duck.session({ tz, signal }, async (duck) => {
    const out = join(scratch, 'staged.parquet');
    const bad = join(scratch, 'bad.csv');
    const copy = (how: ReadSql) => duck.run(`COPY (${stagedSql(how)}) TO ${quote(out)} (FORMAT parquet)`, onShare);
    let badRecords: number | null = null;
    if (text === null) await copy(read);
    else if (long || !(await copiedWhole(duck, () => copy(read), signal))) {
      const path = join(scratch, 'numbered.csv');
      const numbered = { path, gzip: false, numbered: true, layout: { ...read.layout, text: { ...text, skip: 0 } } };
      await writeNumbered(read, text, path, signal);
      await copy({ ...read, ...numbered });
      badRecords = await writeBadRecords(read, text, recordsIn(duck, out), bad, signal);
    }
    const fates = await count(duck, out, width, badRecords ?? 0);
    if (Object.keys(fates.quarantined).length > 0) {
      const quarantine = join(scratch, 'quarantine.parquet');
      const sql = quarantineSql(out, width, badRecords === null ? null : bad);
      await duck.run(`COPY (${sql}) TO ${quote(quarantine)} (FORMAT parquet)`);
      fates.quarantine = await adoptFile(stores.objects, 'quarantine', quarantine);
    }
    fates.object = await adoptFile(stores.objects, 'staged', out);
    return fates;
  });
}

/** Whether a text is copied with all its records. Line ends that change far down in it are nothing that DuckDB reads. */
async function copiedWhole(duck: DuckSession, copy: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
  try {
    await copy();
  } catch (error) {
    signal.throwIfAborted();
    if (/state machine/.test(String(error))) return false;
    throw error;
  }
  const [rejects] = await duck.rows<{ n: number }>('SELECT count(*)::DOUBLE AS n FROM reject_errors');
  return rejects!.n === 0;
}

/** The numbers of the records in a staged file; after those of the first columns, the same come of others. */
async function* recordsIn(duck: DuckSession, staged: string): AsyncGenerator<number> {
  let last = 0;
  for await (const [records] of duck.blocks(`SELECT record::DOUBLE FROM read_parquet(${quote(staged)})`)) {
    for (const record of records!) {
      if (record < last) return;
      if (record > last) yield record;
      last = record;
    }
  }
}

async function count(duck: DuckSession, path: string, width: number, badRecords: number): Promise<Fates> {
  const staged: Fates = { ...NOTHING, quarantined: {}, days: [] };
  // XOR and an exact integer sum: the same in whatever order threads deliver rows.
  for (const { reason, zoneless, day, rows, print } of await duck.rows<
    FileDay & { reason: string | null; zoneless: boolean }
  >(
    `SELECT reason, day, count(*)::DOUBLE AS rows, bool_or(zoneless) AS zoneless,
            bit_xor(hash(time, sensor, value))::VARCHAR || '-' || sum(hash(time, sensor, value))::VARCHAR AS print
     FROM read_parquet(${quote(path)}) GROUP BY reason, day ORDER BY reason, day`,
  )) {
    staged.read += rows;
    if (reason === null) {
      staged.zoneless ||= zoneless;
      staged.days.push({ day, rows, print });
    } else if (reason === 'missing' || reason === 'sentinel') staged.missing += rows;
    else staged.quarantined[reason] = rows;
    if (reason === 'sentinel') staged.sentinels = rows;
  }
  if (badRecords > 0) {
    staged.quarantined.bad_record = badRecords * width;
    staged.read += badRecords * width;
  }
  staged.clockSteps = await clockSteps(duck, path, width);
  return staged;
}

/** Above this part of the readings they are in another order, and no clock went back. */
const MOST_STEPS = 0.01;

/**
 * How often a time is before that of the reading before: of the same sensor where a file has its sensors one after the
 * other, else of any. Files may begin with the newest.
 */
async function clockSteps(duck: DuckSession, staged: string, width: number): Promise<number> {
  const from = `read_parquet(${quote(staged)}, file_row_number = true)`;
  // Of a file that was read several times for its many columns, the first reading says it.
  const once =
    width <= COLUMNS_AT_ONCE ? 'true' : `file_row_number < (SELECT count(*) FROM ${from}) * ${COLUMNS_AT_ONCE / width}`;
  const step = `SELECT time - lag(time) OVER () AS step`;
  const usable = `FROM ${from} WHERE reason IS NULL AND ${once}`;
  // Most files are in the order of time, and to know that, no names need be compared.
  const [any] = await duck.rows<{ back: number }>(
    `SELECT count(*)::DOUBLE AS back FROM (${step} ${usable}) WHERE step < 0`,
  );
  if (any!.back === 0) return 0;
  const [row] = await duck.rows<{
    pairs: number;
    same: number;
    back: number;
    forth: number;
    sameBack: number;
    sameForth: number;
  }>(`
    SELECT count(*)::DOUBLE AS pairs, count(*) FILTER (same)::DOUBLE AS same,
           count(*) FILTER (step < 0)::DOUBLE AS back, count(*) FILTER (step > 0)::DOUBLE AS forth,
           count(*) FILTER (same AND step < 0)::DOUBLE AS sameBack, count(*) FILTER (same AND step > 0)::DOUBLE AS sameForth
    FROM (${step}, sensor = lag(sensor) OVER () AS same ${usable}) WHERE step IS NOT NULL`);
  const { pairs, same, back, forth, sameBack, sameForth } = row!;
  const blocks = same > pairs / 2;
  const steps = blocks ? Math.min(sameBack, sameForth) : Math.min(back, forth);
  return steps <= Math.max(1, MOST_STEPS * (blocks ? same : pairs)) ? steps : 0;
}
