import { FEATURE_NAMES } from '../ml/features/chunk-features.js';
import type { Chunks } from './chunk.js';
import type { Chunk } from './chunk-scan.js';
import { type ChunkTable, chunkTable, joined } from './chunk-table.js';
import type { Attempt, Stores } from './context.js';
import { mappedActivities } from './mapped.js';
import { type DayPart, type Readings, rowsOf } from './readings.js';

export interface FeaturesInput {
  chunks: Chunks;
}

/** Output of the step: the raw feature table, one row per chunk. */
export type FeatureTable = ChunkTable;

/** Our loops do about so many on one core, all features together. */
const READINGS_PER_SECOND = 2e6;

/** Computes the features of each chunk. */
export const createFeatures = (stores: Stores) => mappedActivities(stores, featuresTable(stores));

/** The same, before it is cut into activities. */
export function featuresTable(stores: Stores) {
  const code = stores.codeHash('features');
  return chunkTable<FeaturesInput>(stores, {
    name: 'features',
    columns: FEATURE_NAMES,
    readingsPerSecond: READINGS_PER_SECOND,
    codeHash: () => code,
    rows: (part, readings, _inputs, attempt) => compute(stores, part, readings, attempt),
  });
}

/** Shares the chunks of a day out among the worker threads. */
async function compute(
  stores: Stores,
  { day, chunks }: DayPart,
  readings: Readings,
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
