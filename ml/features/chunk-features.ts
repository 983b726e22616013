import { COVERAGE, coverage } from './coverage.js';
import { DISTRIBUTION, distribution } from './distribution.js';
import { DYNAMICS, dynamics } from './dynamics.js';
import { PROFILE, profile } from './profile.js';
import { prepare, type Readings } from './readings.js';
import { SHAPE, shape } from './shape.js';

type Compute = (readings: Readings, out: Float64Array, at: number) => void;

/** The groups of features and their names, in the order of the table's columns. */
export const FEATURE_GROUPS = {
  distribution: DISTRIBUTION,
  shape: SHAPE,
  dynamics: DYNAMICS,
  profile: PROFILE,
  coverage: COVERAGE,
} as const;

export type FeatureGroup = keyof typeof FEATURE_GROUPS;

const COMPUTE: Record<FeatureGroup, Compute> = { distribution, shape, dynamics, profile, coverage };

export const GROUP_NAMES = Object.keys(FEATURE_GROUPS) as FeatureGroup[];

/** All features, in the order of the table's columns. */
export const FEATURE_NAMES: readonly string[] = GROUP_NAMES.flatMap((group) => [...FEATURE_GROUPS[group]]);

/** Features in the unit of the sensor: they span orders of magnitude from one kind of sensor to another. */
export const IN_SENSOR_UNIT: ReadonlySet<string> = new Set([
  ...['mean', 'std', 'min', 'max', 'median', 'q05', 'q25', 'q75', 'q95', 'iqr', 'mad'],
  ...['abs_change', 'change_std', 'max_change', 'trend'],
]);

/** The group a feature belongs to. */
export function groupOf(feature: string): FeatureGroup | undefined {
  return GROUP_NAMES.find((group) => (FEATURE_GROUPS[group] as readonly string[]).includes(feature));
}

/** Chunks whose readings lie one behind the other. */
export interface FeatureTask {
  times: Float64Array;
  values: Float64Array;
  /** First reading of each chunk, and the end of the last one: `chunks + 1` positions. */
  offsets: Float64Array;
  /** µs since 1970. */
  dayStart: number;
  dayEnd: number;
}

export interface FeatureTaskResult {
  /** `chunks × features`, row-major; NaN is missing. */
  data: Float64Array;
}

/**
 * All features of one chunk.
 * @param times µs since 1970, ascending, at least one
 * @param values finite
 * @returns a value per name in FEATURE_NAMES; NaN where a feature is not defined
 */
export function chunkFeatures(
  times: Float64Array,
  values: Float64Array,
  dayStart: number,
  dayEnd: number,
): Float64Array {
  const out = new Float64Array(FEATURE_NAMES.length);
  computeInto(times, values, dayStart, dayEnd, out, 0);
  return out;
}

/** Features of many chunks of one day. */
export function computeFeatures({ times, values, offsets, dayStart, dayEnd }: FeatureTask): FeatureTaskResult {
  const chunks = offsets.length - 1;
  const width = FEATURE_NAMES.length;
  const data = new Float64Array(chunks * width);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const from = offsets[chunk]!;
    const to = offsets[chunk + 1]!;
    computeInto(times.subarray(from, to), values.subarray(from, to), dayStart, dayEnd, data, chunk * width);
  }
  return { data };
}

function computeInto(
  times: Float64Array,
  values: Float64Array,
  dayStart: number,
  dayEnd: number,
  out: Float64Array,
  at: number,
): void {
  const readings = prepare(times, values, dayStart, dayEnd);
  let column = at;
  for (const group of GROUP_NAMES) {
    COMPUTE[group](readings, out, column);
    column += FEATURE_GROUPS[group].length;
  }
  // Values near the limits of a double overflow: what cannot be computed is missing.
  for (let i = at; i < column; i++) {
    if (!Number.isFinite(out[i]!)) out[i] = Number.NaN;
  }
}
