import { MillraceError } from '../config/errors.js';
import type { Ref } from '../dag/ref.js';
import { eachOf } from '../store/each-of.js';
import { readJson, writeFrame } from '../store/frames.js';
import { KeptRows, type Span } from '../store/kept-rows.js';
import { isAnew } from './anew.js';
import type { Chunks, Manifest } from './chunk.js';
import type { Attempt, Stores } from './context.js';
import type { MappedStep } from './mapped.js';
import { type DayPart, groupsOf, type Readings, readGroup, rowsOf } from './readings.js';

/** Output of a step that makes a row of numbers of each chunk. */
export interface ChunkTable {
  ref: Ref;
  columns: number;
  made: number;
  kept: number;
}

/** How a row of numbers is made of each chunk. */
export interface RowMaker<I extends { chunks: Chunks }> {
  /** What the rows are, as it stands in the store and in errors. */
  name: string;
  columns: readonly string[];
  /** Readings of a second's work or so, on one core. */
  readingsPerSecond: number;
  /** Hash of all that a row depends on beside its readings. */
  codeHash(inputs: I): string;
  /** Rows of the chunks of a day, one behind the other. */
  rows(part: DayPart, readings: Readings, inputs: I, attempt: Attempt): Promise<Float64Array>;
}

/** A batch takes about so long. */
const BATCH_SECONDS = 2;
/** While some days are computed, DuckDB reads the next. */
const GROUPS_AT_ONCE = 2;

/** Makes a row of each chunk, and keeps it by what the chunk holds: what did not change is never computed again. */
export function chunkTable<I extends { chunks: Chunks }>(
  stores: Stores,
  maker: RowMaker<I>,
): MappedStep<I, DayPart, ChunkTable> {
  const { name, columns, readingsPerSecond } = maker;
  const keptOf = (inputs: I) =>
    new KeptRows(stores.objects, `kept/${name}/${maker.codeHash(inputs).slice(0, 16)}`, columns);
  const targetWeight = readingsPerSecond * BATCH_SECONDS;

  return {
    limits: { targetWeight, leastWeight: targetWeight / 40, maxBatches: 500 },

    async plan({ inputs, fresh }) {
      const { days } = await readJson<Manifest>(stores.objects, inputs.chunks);
      const present = fresh === true ? new Set<string>() : await keptOf(inputs).present(spanOf(days));
      const make: { item: DayPart; weight: number }[] = [];
      const kept: DayPart[] = [];
      for (const { chunks, ...day } of days) {
        const missing = chunks.filter(
          ({ sensor, valueHash }) => isAnew(fresh, { day: day.day, sensor }) || !present.has(valueHash),
        );
        if (missing.length > 0) make.push({ item: { day, chunks: missing }, weight: rowsOf(missing) });
        else kept.push({ day, chunks: [] });
      }
      return { make, kept };
    },

    about: ({ day: { day }, chunks }) => ({ item: `${name} of ${day}`, day, readings: rowsOf(chunks) }),

    async batch({ inputs }, items, attempt) {
      const total = items.reduce((sum, { chunks }) => sum + chunks.length, 0);
      let done = 0;
      const days = await eachOf(groupsOf(items), GROUPS_AT_ONCE, async (group) => {
        const readings = await readGroup(stores, group, attempt);
        const data: Float64Array[] = [];
        for (const [at, part] of group.entries()) {
          data.push(await maker.rows(part, readings[at]!, inputs, attempt));
          done += part.chunks.length;
          attempt.progress(done, total, 'chunks');
        }
        return joined(data);
      });
      const keys = items.flatMap(({ chunks }) => chunks.map(({ valueHash }) => valueHash));
      await keptOf(inputs).put(keys, joined(days), spanOf(items.map(({ day }) => day)));
    },

    async gather({ inputs }, items, _counts, attempt, failed) {
      const { days } = await readJson<Manifest>(stores.objects, inputs.chunks);
      const without = new Set(failed.flatMap(({ of }) => of.chunks.map(({ sensor }) => `${of.day.day} ${sensor}`)));
      const chunks = days
        .flatMap((day) => day.chunks.map(({ sensor, valueHash }) => ({ day: day.day, sensor, valueHash })))
        .filter(({ day, sensor }) => !without.has(`${day} ${sensor}`));
      const data = new Float64Array(chunks.length * columns.length);
      const gone = await keptOf(inputs).fill(
        chunks.map(({ valueHash }) => valueHash),
        data,
        spanOf(days),
      );
      if (gone.length > 0) {
        throw new MillraceError('MR_OBJECT_MISSING', `the ${name} of ${gone.length} chunks are gone from the store`, {
          next: 'run again: they are made anew',
        });
      }
      const frame = {
        sensors: chunks.map(({ sensor }) => sensor),
        days: chunks.map(({ day }) => day),
        columns: [...columns],
        data,
      };
      attempt.measure('rows', chunks.length);
      attempt.measure('columns', columns.length);
      const made = items.reduce((sum, item) => sum + item.chunks.length, 0);
      return {
        ref: await writeFrame(stores.objects, 'features', frame),
        columns: columns.length,
        made,
        kept: chunks.length - made,
      };
    },
  };
}

/** From the first to the last of some days. */
function spanOf(days: readonly { day: string }[]): Span {
  const names = days.map(({ day }) => day).sort();
  return { from: names[0] ?? '', to: names.at(-1) ?? '' };
}

/** Arrays one behind the other. */
export function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
