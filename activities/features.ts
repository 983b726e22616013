import { MillraceError } from '../config/errors.js';
import type { Ref } from '../dag/ref.js';
import { FEATURE_NAMES } from '../ml/features/chunk-features.js';
import { eachOf } from '../store/each-of.js';
import { readJson, writeFrame } from '../store/frames.js';
import { KeptRows } from '../store/kept-rows.js';
import { quote } from '../store/sql.js';
import { isAnew } from './anew.js';
import type { Chunks, DayChunks, Manifest } from './chunk.js';
import type { Chunk } from './chunk-scan.js';
import type { Attempt, Stores } from './context.js';
import { type MappedStep, mappedActivities } from './mapped.js';

export interface FeaturesInput {
  chunks: Chunks;
}

/** Output of the step: the raw feature table, one row per chunk. */
export interface FeatureTable {
  ref: Ref;
  columns: number;
  made: number;
  kept: number;
}

/** A day and which of its chunks are to be made. */
interface Item {
  day: Omit<DayChunks, 'chunks'>;
  chunks: Chunk[];
}

/** So many readings are read at once, of days that lie in one object. */
const GROUP_ROWS = 500_000;
/** While threads compute some days, DuckDB reads the next. */
const GROUPS_AT_ONCE = 2;

/** Computes the features of each chunk, and keeps them per chunk: what did not change is never computed again. */
export function createFeatures(stores: Stores) {
  const kept = new KeptRows(stores.objects, `kept/features/${stores.codeHash('features').slice(0, 16)}`, FEATURE_NAMES);

  const step: MappedStep<FeaturesInput, Item, FeatureTable> = {
    // Our loops do about two million readings a second on one core, all features together.
    limits: { targetWeight: 4e6, leastWeight: 100e3, maxBatches: 500 },

    async plan({ inputs, fresh }) {
      const { days } = await readJson<Manifest>(stores.objects, inputs.chunks);
      const present = fresh === true ? new Set<string>() : await kept.present();
      const make: { item: Item; weight: number }[] = [];
      for (const { chunks, ...day } of days) {
        const missing = chunks.filter(
          ({ sensor, valueHash }) => isAnew(fresh, { day: day.day, sensor }) || !present.has(valueHash),
        );
        if (missing.length === 0) continue;
        make.push({ item: { day, chunks: missing }, weight: missing.reduce((sum, { rows }) => sum + rows, 0) });
      }
      return { make, kept: [] };
    },

    about: ({ day: { day }, chunks }) => ({ item: `features of ${day}`, day, readings: rowsOf(chunks) }),

    async batch(_call, items, attempt) {
      const total = items.reduce((sum, { chunks }) => sum + chunks.length, 0);
      let done = 0;
      const days = await eachOf(groupsOf(items), GROUPS_AT_ONCE, async (group) => {
        const readings = await read(stores, group, attempt);
        const data: Float64Array[] = [];
        let from = 0;
        for (const item of group) {
          const to = from + rowsOf(item.chunks);
          const own = { times: readings.times.subarray(from, to), values: readings.values.subarray(from, to) };
          data.push(await compute(stores, item, own, attempt));
          from = to;
          done += item.chunks.length;
          attempt.progress(done, total, 'chunks');
        }
        return joined(data);
      });
      const keys = items.flatMap(({ chunks }) => chunks.map(({ valueHash }) => valueHash));
      await kept.put(keys, joined(days));
    },

    async gather({ inputs }, items, _counts, attempt, failed) {
      const { days } = await readJson<Manifest>(stores.objects, inputs.chunks);
      const without = new Set(failed.flatMap(({ of }) => of.chunks.map(({ sensor }) => `${of.day.day} ${sensor}`)));
      const chunks = days
        .flatMap((day) => day.chunks.map(({ sensor, valueHash }) => ({ day: day.day, sensor, valueHash })))
        .filter(({ day, sensor }) => !without.has(`${day} ${sensor}`));
      const data = new Float64Array(chunks.length * FEATURE_NAMES.length);
      const gone = await kept.fill(
        chunks.map(({ valueHash }) => valueHash),
        data,
      );
      if (gone.length > 0) {
        throw new MillraceError('MR_OBJECT_MISSING', `the features of ${gone.length} chunks are gone from the store`, {
          next: 'run again: they are made anew',
        });
      }
      const frame = {
        sensors: chunks.map(({ sensor }) => sensor),
        days: chunks.map(({ day }) => day),
        columns: [...FEATURE_NAMES],
        data,
      };
      attempt.measure('rows', chunks.length);
      attempt.measure('columns', FEATURE_NAMES.length);
      const made = items.reduce((sum, item) => sum + item.chunks.length, 0);
      return {
        ref: await writeFrame(stores.objects, 'features', frame),
        columns: FEATURE_NAMES.length,
        made,
        kept: chunks.length - made,
      };
    },
  };
  return mappedActivities(stores, step);
}

/** Arrays one behind the other. */
function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Days that follow each other in one object. */
function groupsOf(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  let rows = 0;
  for (const item of items) {
    const group = groups.at(-1);
    const own = rowsOf(item.chunks);
    const before = group?.at(-1);
    // A day may lie before another in the object when it was made again.
    const follows = before?.day.uri === item.day.uri && before.chunks.at(-1)!.from < item.chunks[0]!.from;
    if (group !== undefined && follows && rows + own <= GROUP_ROWS) group.push(item);
    else groups.push([item]);
    rows = groups.at(-1)!.length === 1 ? own : rows + own;
  }
  return groups;
}

const rowsOf = (chunks: readonly Chunk[]) => chunks.reduce((sum, { rows }) => sum + rows, 0);

/** The readings of the chunks of some days in one object, one behind the other. */
async function read(stores: Stores, group: readonly Item[], attempt: Attempt): Promise<DayReadings> {
  const chunks = group.flatMap((item) => item.chunks);
  return stores.objects.local([group[0]!.day], ([path]) => readRanges(stores, path!, chunks, attempt), attempt.signal);
}

/** Shares the chunks of a day out among the worker threads. */
async function compute(
  stores: Stores,
  { day, chunks }: Item,
  readings: DayReadings,
  attempt: Attempt,
): Promise<Float64Array> {
  const shares = split(chunks, stores.parallel.width);
  const parts = await Promise.all(
    shares.map(async ({ from, to, first, last }) => {
      const offsets = new Float64Array(to - from + 1);
      for (let i = from; i < to; i++) offsets[i - from + 1] = offsets[i - from]! + chunks[i]!.rows;
      const task = {
        times: readings.times.slice(first, last),
        values: readings.values.slice(first, last),
        offsets,
        dayStart: day.start,
        dayEnd: day.end,
      };
      return (await stores.parallel.run('features', task, attempt.signal)).data;
    }),
  );
  return joined(parts);
}

interface DayReadings {
  times: Float64Array;
  values: Float64Array;
}

/** Times and values of chunks, which stand in the order of their rows. */
async function readRanges(stores: Stores, path: string, chunks: readonly Chunk[], attempt: Attempt) {
  const rows = rowsOf(chunks);
  const times = new Float64Array(rows);
  const values = new Float64Array(rows);
  const first = chunks[0]!.from;
  const end = chunks.at(-1)!.from + chunks.at(-1)!.rows;
  await stores.duck.session({ tz: 'UTC', signal: attempt.signal }, async (duck) => {
    const sql = `SELECT time, value FROM read_parquet(${quote(path)}, file_row_number = true)
                 WHERE file_row_number >= ${first} AND file_row_number < ${end}`;
    let row = first;
    let filled = 0;
    let current = 0;
    for await (const [t, v] of duck.blocks(sql)) {
      let at = 0;
      while (at < t!.length && current < chunks.length) {
        const chunk = chunks[current]!;
        if (row < chunk.from) {
          const skip = Math.min(chunk.from - row, t!.length - at);
          at += skip;
          row += skip;
          continue;
        }
        const take = Math.min(chunk.from + chunk.rows - row, t!.length - at);
        times.set(t!.subarray(at, at + take), filled);
        values.set(v!.subarray(at, at + take), filled);
        at += take;
        row += take;
        filled += take;
        if (row === chunk.from + chunk.rows) current++;
      }
      row += t!.length - at;
    }
    if (filled !== rows) throw new MillraceError('MR_OBJECT_CORRUPT', `${path} holds ${filled} of ${rows} readings`);
  });
  return { times, values };
}

/** Cuts chunks into at most `parts` consecutive shares of about equal readings. */
function split(chunks: readonly Chunk[], parts: number) {
  const total = rowsOf(chunks);
  const shares: { from: number; to: number; first: number; last: number }[] = [];
  let from = 0;
  let first = 0;
  let seen = 0;
  chunks.forEach(({ rows }, i) => {
    seen += rows;
    if (seen >= (total * (shares.length + 1)) / parts || i === chunks.length - 1) {
      shares.push({ from, to: i + 1, first, last: seen });
      from = i + 1;
      first = seen;
    }
  });
  return shares;
}
