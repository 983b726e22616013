import { MillraceError } from '../config/errors.js';
import { dayName, dayNumber } from '../config/time-zone.js';
import { eachOf, LOOKUPS_AT_ONCE } from '../store/each-of.js';
import { readJson, writeJson } from '../store/frames.js';
import { hashJson } from '../store/hash.js';
import { KeptRecords } from '../store/kept.js';
import type { Stored } from '../store/objects/object-store.js';
import { isAnew } from './anew.js';
import { type DayItem, type DayRecord, makeDays } from './chunk-days.js';
import type { Chunk } from './chunk-scan.js';
import type { Stores } from './context.js';
import type { Selection } from './interval.js';
import { type MappedStep, mappedActivities } from './mapped.js';
import type { Staged, StagedFile } from './read.js';
import { type RuleNote, ruleNotes } from './rule-notes.js';
import type { Rules } from './rules.js';

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
  /** Of days that failed, and that the run went on without. */
  failed: number;
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

/** So many readings are sorted at once, however many days they are of. */
const GROUP_ROWS = 500_000;
/** While we hash some days, DuckDB sorts the next. */
const GROUPS_AT_ONCE = 2;

/** Cuts staged readings into chunks of one sensor and one day. A day whose readings did not change is not made again. */
export function createChunk(stores: Stores) {
  const kept = new KeptRecords<DayRecord>(stores.objects, 'chunk', ({ uri }) => [uri]);

  const step: MappedStep<ChunkInput, DayItem, Chunks> = {
    limits: { targetWeight: 10e6, leastWeight: 500e3, maxBatches: 500 },

    async plan({ inputs, fresh }) {
      const files = await readJson<StagedFile[]>(stores.objects, inputs.staged);
      const worklist = { make: [] as { item: DayItem; weight: number }[], kept: [] as DayItem[] };
      const items = daysOf(files, inputs, stores.codeHash('chunk'));
      const records = await eachOf(items, LOOKUPS_AT_ONCE, async ({ day, key }) =>
        isAnew(fresh, { day: dayName(day) }) ? null : kept.get(key),
      );
      for (const [at, item] of items.entries()) {
        const record = records[at]!;
        const same = record !== null && (!record.byOrder || record.madeOf === hashJson(item.staged));
        if (same) worklist.kept.push(item);
        else worklist.make.push({ item, weight: item.rows });
      }
      return worklist;
    },

    about: ({ day, rows }) => ({ item: dayName(day), day: dayName(day), readings: rows }),

    async batch({ inputs }, items, attempt) {
      let done = 0;
      await eachOf(groupsOf(items), GROUPS_AT_ONCE, async (group) => {
        const records = await makeDays(stores, group, inputs, attempt);
        await eachOf([...group.entries()], LOOKUPS_AT_ONCE, ([at, { key }]) => kept.put(key, records[at]!));
        done += group.length;
        attempt.progress(done, items.length, 'days');
      });
    },

    async gather({ inputs }, items, { made, kept: already }, attempt, failed) {
      const files = await readJson<StagedFile[]>(stores.objects, inputs.staged);
      const days = (await eachOf(items, LOOKUPS_AT_ONCE, ({ key }) => kept.must(key))).map(
        ({ madeOf: _, byOrder: __, ...day }): DayChunks => day,
      );
      days.sort((a, b) => (a.day < b.day ? -1 : 1));
      const account = accountOf(
        files,
        days,
        failed.map(({ of }) => of),
      );
      const sensors = new Set(days.flatMap((day) => day.chunks.map(({ sensor }) => sensor)));
      const chunks = days.reduce((sum, day) => sum + day.chunks.length, 0);
      if (chunks === 0) throw noChunks(inputs, account, files);
      attempt.measure('chunks', chunks);
      attempt.measure('sensors', sensors.size);
      attempt.measure('readings', account.used);
      const objects = new Map(days.map(({ uri, bytes }) => [uri, bytes]));
      attempt.measure(
        'bytes',
        [...objects.values()].reduce((sum, bytes) => sum + bytes, 0),
      );
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

function daysOf(files: readonly StagedFile[], input: ChunkInput, code: string): DayItem[] {
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
function groupsOf(items: readonly DayItem[]): DayItem[][] {
  const groups: DayItem[][] = [];
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

function accountOf(files: readonly StagedFile[], days: readonly DayChunks[], failed: readonly DayItem[]): Account {
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const used = sum(days.map(({ rows }) => rows));
  const duplicate = sum(days.map(({ duplicates }) => duplicates));
  const selected = new Set([...days.map(({ day }) => day), ...failed.map(({ day }) => dayName(day))]);
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
    failed: sum(failed.map(({ rows }) => rows)),
  };
  const { read, ...others } = account;
  const fates = sum(Object.values(others));
  if (fates !== read) {
    throw new MillraceError(
      'MR_ACCOUNT',
      `${read} readings were read, but their fates add up to ${fates}: ${JSON.stringify(account)}`,
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
