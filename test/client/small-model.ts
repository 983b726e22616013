import type { ClusterModel } from '../../activities/model.js';
import { chunkFeatures, FEATURE_NAMES, GROUP_NAMES } from '../../ml/features/chunk-features.js';
import { type FeatureCreator, fitCreator, transform } from '../../ml/features/creator.js';
import type { Frame } from '../../ml/frame.js';

/** µs and value of each reading of one chunk. */
export type Chunk = [us: number, value: number][];

export const DAY = '2026-03-02';
const DAY_START = Date.parse(DAY) * 1000;
const DAY_END = DAY_START + 86_400_000_000;
const MINUTE = 60_000_000;

/** A day of readings that swing around a level: a reading a minute, unless told otherwise. */
export const swinging = (level: number, swing: number, everyUs = MINUTE, count = 1440): Chunk =>
  Array.from({ length: count }, (_, at) => [
    DAY_START + at * everyUs,
    level + swing * Math.sin(at / 7) + (at % 11) / 9,
  ]);

const frameOf = (chunks: readonly Chunk[]): Frame => ({
  sensors: chunks.map((_, at) => `s${at}`),
  days: chunks.map(() => DAY),
  columns: [...FEATURE_NAMES],
  data: Float64Array.from(
    chunks.flatMap((chunk) => {
      const times = Float64Array.from(chunk, ([us]) => us);
      const values = Float64Array.from(chunk, ([, value]) => value);
      return [...chunkFeatures(times, values, DAY_START, DAY_END)];
    }),
  ),
});

/** A clustering whose centres are chunks themselves: such a chunk lies at a distance of nothing from its own. */
export function modelAround(chunks: readonly Chunk[], ids: number[]): { model: ClusterModel; creator: FeatureCreator } {
  const frame = frameOf(chunks);
  const creator = fitCreator(frame, {
    groups: GROUP_NAMES,
    scaling: 'signed-log',
    maxMissing: 0.5,
    limit: 3,
    balance: true,
  });
  const { columns, data } = transform(frame, creator);
  const centres = chunks.map((_, row) => [...data.subarray(row * columns.length, (row + 1) * columns.length)]);
  const model: ClusterModel = {
    algorithm: 'k-means',
    creator: 'the creator',
    columns: [...columns],
    centres,
    ids,
    nextId: Math.max(...ids) + 1,
    radius: chunks.map(() => 0.25),
    seen: chunks.map(() => 1),
    inertia: 0,
    iterations: 1,
    params: {},
    assignments: { uri: 'none', valueHash: '', sha256: '', rows: 0, bytes: 0, schemaHash: '' },
  };
  return { model, creator };
}

/** `2026-03-02T00:00:00.000250Z` of µs since 1970. */
export function isoMicros(us: number): string {
  const text = new Date(Math.floor(us / 1000)).toISOString();
  return `${text.slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`;
}

/** A chunk as callers send it. */
export const instanceOf = (chunk: Chunk) => ({
  day: DAY,
  tz: 'UTC',
  readings: chunk.map(([us, value]): [string, number] => [isoMicros(us), value]),
});

/** The features of a chunk by name, without those that are missing. */
export function namedFeatures(chunk: Chunk): Record<string, number> {
  const { data, columns } = frameOf([chunk]);
  return Object.fromEntries(columns.map((name, at) => [name, data[at]!] as const).filter(([, x]) => !Number.isNaN(x)));
}
