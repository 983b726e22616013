/** One chunk as the feature groups see it: readings in time order, and what several groups need. */
export interface Readings {
  /** µs since 1970, ascending. */
  times: Float64Array;
  values: Float64Array;
  /** Values less their mean, taken from the first value on, so that a large offset costs no digits. */
  centred: Float64Array;
  /** Values in ascending order. */
  sorted: Float64Array;
  /** Where in the day each reading lies: 0 at its start, below 1 at its end. */
  positions: Float64Array;
  dayLengthUs: number;
  mean: number;
  /** Population standard deviation (ddof 0); exactly 0 for a constant chunk, NaN where squares overflow. */
  std: number;
}

export function prepare(times: Float64Array, values: Float64Array, dayStart: number, dayEnd: number): Readings {
  const n = values.length;
  const dayLengthUs = dayEnd - dayStart;
  const sorted = values.slice().sort();
  const positions = new Float64Array(n);
  for (let i = 0; i < n; i++) positions[i] = (times[i]! - dayStart) / dayLengthUs;
  const origin = values[0]!;
  const centred = new Float64Array(n);
  for (let i = 0; i < n; i++) centred[i] = values[i]! - origin;
  // Rounding would leave a trace of spread in a constant chunk.
  const offset = sorted[0] === sorted[n - 1] ? 0 : meanOf(centred);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    centred[i]! -= offset;
    squares += centred[i]! ** 2;
  }
  const std = Number.isFinite(squares) ? Math.sqrt(squares / n) : Number.NaN;
  return { times, values, centred, sorted, positions, dayLengthUs, mean: origin + offset, std };
}

/** Mean, with one step of correction. */
export function meanOf(values: Float64Array): number {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  const mean = sum / n;
  let rest = 0;
  for (let i = 0; i < n; i++) rest += values[i]! - mean;
  return mean + rest / n;
}

/** Quantile of ascending values by linear interpolation: type 7 of Hyndman and Fan, NumPy's default. */
export function quantile(sorted: Float64Array, q: number): number {
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const weight = at - below;
  // From the nearer end, as NumPy does, so that the result does not leave the interval.
  return weight < 0.5 ? low + (high - low) * weight : high - (high - low) * (1 - weight);
}
