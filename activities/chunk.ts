import { join } from 'node:path';
import { MillraceError } from '../config/errors.js';
import { dayName, dayNumber, dayStart, doubledHour } from '../config/time-zone.js';
import type { DuckSession } from '../store/duck.js';
import { eachOf, LOOKUPS_AT_ONCE } from '../store/each-of.js';
import { adoptFile, readJson, writeJson } from '../store/frames.js';
import { hashJson } from '../store/hash.js';
import { KeptRecords } from '../store/kept.js';
import type { Stored } from '../store/objects/object-store.js';
import { quote } from '../store/sql.js';
import { type Chunk, ChunkScanner } from './chunk-scan.js';
import { daysObjectSql, distinctDaySql, duplicatesSql, sensorTypeSql } from './chunk-sql.js';
import type { Attempt, Stores } from './context.js';
import type { Selection } from './interval.js';
import { type MappedStep, mappedActivities } from './mapped.js';
import type { Staged, StagedFile } from './read.js';
import { type RuleNote, ruleNotes } from './rule-notes.js';
import { changesValues, countersAmong, counterTableSql, type Rules, resetsSql, ruledSql } from './rules.js';
import { withScratch } from './source-local.js';

export interface ChunkInput extends Rules {
  staged: Staged;
  tz: string;
  selection: Selection;
}

/** What became of every reading: `read` is the sum of the others, or the run fails. */
export interface Account {
  read: number;
  used: number;
  quarantined: number;
  duplicate: number;
  missing: number;
  outside: number;
}

/** The chunks of one day: a Parquet object ordered by day, sensor and time, which may hold other days too, and a row range in it per chunk. */
export interface DayChunks {
  day: string;
  uri: string;
  sha256: string;
  bytes: number;
  /** µs since 1970; their difference is 23, 24 or 25 hours. */
  start: number;
  end: number;
  rows: number;
  duplicates: number;
  /** Readings that rules took for missing. */
  dropped: number;
  /** How often counters began again. */
  resets: number;
  chunks: Chunk[];
}

/** Output of the step: the manifest of all chunks. */
export interface Chunks {
  uri: string;
  sha256: string;
  valueHash: string;
  chunks: number;
  days: number;
  sensors: number;
  made: number;
  kept: number;
  firstDay: string;
  lastDay: string;
  zonelessIn: string | null;
  account: Account;
  /** What rules did, and could do. */
  rules: RuleNote[];
  quarantined: Record<string, number>;
}

export interface Manifest {
  days: DayChunks[];
}

interface Item {
  day: number;
  key: string;
  /** Staged objects that hold readings of the day, in the order of their files. */
  staged: Stored[];
  rows: number;
}

interface DayRecord extends DayChunks {
  /** Whether readings had the same time, so that the order of files and records decided. */
  byOrder: boolean;
  /** Which files it was made of. */
  madeOf: string;
}

/** So many readings are sorted at once, however many days they are of. */
const GROUP_ROWS = 500_000;
/** While we hash some days, DuckDB sorts the next. */
const GROUPS_AT_ONCE = 2;

/** Cuts staged readings into chunks of one sensor and one day. A day whose readings did not change is not made again. */
export function createChunk(stores: Stores) {
  const kept = new KeptRecords<DayRecord>(stores.objects, 'chunk', ({ uri }) => [uri]);

  const step: MappedStep<ChunkInput, Item, Chunks> = {
    limits: { targetWeight: 10e6, leastWeight: 500e3, maxBatches: 500 },

    async plan({ inputs }) {
      const files = await readJson<StagedFile[]>(stores.objects, inputs.staged);
      const worklist = { make: [] as { item: Item; weight: number }[], kept: [] as Item[] };
      const items = daysOf(files, inputs, stores.codeHash('chunk'));
      const records = await eachOf(items, LOOKUPS_AT_ONCE, ({ key }) => kept.get(key));
      for (const [at, item] of items.entries()) {
        const record = records[at]!;
        const same = record !== null && (!record.byOrder || record.madeOf === hashJson(item.staged));
        if (same) worklist.kept.push(item);
        else worklist.make.push({ item, weight: item.rows });
      }
      return worklist;
    },

    async batch({ inputs }, items, attempt) {
      let done = 0;
      await eachOf(groupsOf(items), GROUPS_AT_ONCE, async (group) => {
        const records = await makeDays(stores, group, inputs, attempt);
        await eachOf([...group.entries()], LOOKUPS_AT_ONCE, ([at, { key }]) => kept.put(key, records[at]!));
        done += group.length;
        attempt.progress(done, items.length, 'days');
      });
    },

    async gather({ inputs }, items, { made, kept: already }, attempt) {
      const files = await readJson<StagedFile[]>(stores.objects, inputs.staged);
      const days = (await eachOf(items, LOOKUPS_AT_ONCE, ({ key }) => kept.must(key))).map(
        ({ madeOf: _, byOrder: __, ...day }): DayChunks => day,
      );
      days.sort((a, b) => (a.day < b.day ? -1 : 1));
      const account = accountOf(files, days);
      const sensors = new Set(days.flatMap((day) => day.chunks.map(({ sensor }) => sensor)));
      const chunks = days.reduce((sum, day) => sum + day.chunks.length, 0);
      if (chunks === 0) throw noChunks(inputs, account, files);
      attempt.measure('chunks', chunks);
      attempt.measure('sensors', sensors.size);
      attempt.measure('readings', account.used);
      const ref = await writeJson(stores.objects, 'manifests', { days } satisfies Manifest, chunks);
      const quarantined: Record<string, number> = {};
      for (const file of files) {
        for (const [reason, n] of Object.entries(file.quarantined))
          quarantined[reason] = (quarantined[reason] ?? 0) + n;
      }
      return {
        uri: ref.uri,
        sha256: ref.sha256,
        valueHash: hashJson(
          days.map((day) => [day.day, day.chunks.map(({ sensor, valueHash }) => [sensor, valueHash])]),
        ),
        chunks,
        days: days.length,
        sensors: sensors.size,
        made,
        kept: already,
        firstDay: days[0]!.day,
        lastDay: days.at(-1)!.day,
        zonelessIn: files.some(({ zoneless }) => zoneless) ? inputs.tz : null,
        account,
        rules: ruleNotes(files, days, inputs),
        quarantined,
      };
    },
  };
  return mappedActivities(stores, step);
}

function daysOf(files: readonly StagedFile[], input: ChunkInput, code: string): Item[] {
  const { selection } = input;
  const from = selection.from === null ? -Infinity : dayNumber(selection.from);
  const to = selection.to === null ? Infinity : dayNumber(selection.to);
  const byDay = new Map<number, { prints: string[]; staged: Stored[]; rows: number }>();
  for (const { object, days } of files) {
    for (const { day, rows, print } of days) {
      if (day < from || day > to) continue;
      const entry = byDay.get(day) ?? { prints: [], staged: [], rows: 0 };
      entry.prints.push(print);
      entry.staged.push(object!);
      entry.rows += rows;
      byDay.set(day, entry);
    }
  }
  return [...byDay]
    .sort(([a], [b]) => a - b)
    .map(([day, { prints, staged, rows }]) => ({
      day,
      staged,
      rows,
      key: hashJson([code, input.tz, rulesOf(input), day, prints.sort()]),
    }));
}

/** Days that follow each other, as many as are sorted at once: most of the time for a day of few readings is not spent on them. */
function groupsOf(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  let rows = Number.POSITIVE_INFINITY;
  for (const item of items) {
    if (rows + item.rows > GROUP_ROWS) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)!.push(item);
    rows += item.rows;
  }
  return groups;
}

const rulesOf = ({ duplicates, counters, zeroRuns }: Rules): Rules => ({ duplicates, counters, zeroRuns });

/** The records of some days, in their order. */
async function makeDays(stores: Stores, items: Item[], input: ChunkInput, attempt: Attempt): Promise<DayRecord[]> {
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
  items: readonly Item[],
  input: ChunkInput,
  { staged, scratch, duck }: Room,
): Promise<Map<Item, DayRecord>> {
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
  item: Item,
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

function recordOf(item: Item, object: Stored, tz: string) {
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
async function scan(duck: DuckSession, file: string, items: readonly Item[], tz: string): Promise<Scanned[]> {
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

function accountOf(files: readonly StagedFile[], days: readonly DayChunks[]): Account {
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const used = sum(days.map(({ rows }) => rows));
  const duplicate = sum(days.map(({ duplicates }) => duplicates));
  const selected = new Set(days.map(({ day }) => day));
  const outside = sum(
    files.flatMap((file) => file.days.filter(({ day }) => !selected.has(dayName(day))).map(({ rows }) => rows)),
  );
  const account: Account = {
    read: sum(files.map(({ read }) => read)),
    used,
    quarantined: sum(files.flatMap(({ quarantined }) => Object.values(quarantined))),
    duplicate,
    missing: sum(files.map(({ missing }) => missing)) + sum(days.map(({ dropped }) => dropped)),
    outside,
  };
  const fates = account.used + account.quarantined + account.duplicate + account.missing + account.outside;
  if (fates !== account.read) {
    throw new MillraceError(
      'MR_ACCOUNT',
      `${account.read} readings were read, but their fates add up to ${fates}: ${JSON.stringify(account)}`,
      {
        next: 'this is an error of Millrace: please report it with this line; nothing was published',
      },
    );
  }
  return account;
}

function noChunks(input: ChunkInput, account: Account, files: readonly StagedFile[]): MillraceError {
  const all = files.flatMap(({ days }) => days.map(({ day }) => day));
  const span =
    all.length === 0
      ? 'no usable reading'
      : `readings from ${dayName(Math.min(...all))} to ${dayName(Math.max(...all))}`;
  const reasons = files.flatMap(({ quarantined }) =>
    Object.entries(quarantined).map(([reason, n]) => `${reason} ${n}`),
  );
  return new MillraceError(
    'MR_NO_CHUNKS',
    `of ${account.read} readings none is left: ${account.quarantined} quarantined, ${account.missing} missing, ${account.outside} outside the selection`,
    {
      allowed: `the source has ${span}; selected: from ${input.selection.from ?? 'the first'} to ${input.selection.to ?? 'the last'}`,
      next: reasons.length > 0 ? `reasons: ${reasons.slice(0, 5).join(', ')}` : 'widen "from" and "to"',
    },
  );
}
