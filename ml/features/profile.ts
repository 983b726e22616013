import type { Readings } from './readings.js';

export const PROFILE = [
  'quarter_1',
  'quarter_2',
  'quarter_3',
  'quarter_4',
  'day_cos',
  'day_sin',
  'day_r2',
  'profile_range',
] as const;

const SLOTS = 24;

/** A wave a day cannot be told from a trend in readings that span less than this part of the day. */
const LEAST_SPAN = 0.5;

/**
 * The shape of the day, free of level and scale: mean of each quarter of the day as (mean - overall) / std, missing
 * where a quarter has no readings; the least-squares fit of one wave a day, its cosine and sine parts / std and its
 * r², missing where the readings span less than half of the day; range of the means of 24 slots / std. A constant chunk has a flat profile: zeros.
 */
export function profile(readings: Readings, out: Float64Array, at: number): void {
  const { centred, positions, std } = readings;
  const sums = new Float64Array(SLOTS);
  const counts = new Float64Array(SLOTS);
  const perQuarter = SLOTS / 4;
  for (let i = 0; i < centred.length; i++) {
    const slot = Math.min(SLOTS - 1, Math.floor(positions[i]! * SLOTS));
    sums[slot]! += centred[i]!;
    counts[slot]!++;
  }
  for (let quarter = 0; quarter < 4; quarter++) {
    let sum = 0;
    let count = 0;
    for (let slot = quarter * perQuarter; slot < (quarter + 1) * perQuarter; slot++) {
      sum += sums[slot]!;
      count += counts[slot]!;
    }
    out[at + quarter] = count === 0 ? Number.NaN : std === 0 ? 0 : sum / count / std;
  }
  const wave = fitWave(readings);
  out[at + 4] = wave.cos;
  out[at + 5] = wave.sin;
  out[at + 6] = wave.r2;
  let low = Infinity;
  let high = -Infinity;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (counts[slot] === 0) continue;
    const slotMean = sums[slot]! / counts[slot]!;
    if (slotMean < low) low = slotMean;
    if (slotMean > high) high = slotMean;
  }
  out[at + 7] = std === 0 ? 0 : (high - low) / std;
}

/** One wave a day at given positions, as orthogonal columns: cos, and what of sin is not cos. */
interface Wave {
  positions: Float64Array;
  cos: Float64Array;
  sin: Float64Array;
  /** Squared lengths of the two, and how much of cos is in sin. */
  cosCos: number;
  sinSin: number;
  sinCos: number;
  /** Whether the two can be told apart. */
  sound: boolean;
}

/** Sensors that are read together have the same positions: their wave is made once. */
let last: Wave | undefined;

function waveAt(positions: Float64Array): Wave {
  if (last !== undefined && equal(last.positions, positions)) return last;
  const n = positions.length;
  const cos = new Float64Array(n);
  const sin = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const angle = 2 * Math.PI * positions[i]!;
    cos[i] = Math.cos(angle);
    sin[i] = Math.sin(angle);
  }
  center(cos);
  center(sin);
  const cosCos = dot(cos, cos);
  const sinCos = cosCos === 0 ? 0 : dot(sin, cos) / cosCos;
  const before = dot(sin, sin);
  for (let i = 0; i < n; i++) sin[i]! -= sinCos * cos[i]!;
  const sinSin = dot(sin, sin);
  const sound = cosCos >= 1e-20 * n && sinSin >= 1e-20 * Math.max(before, n);
  last = { positions, cos, sin, cosCos, sinSin, sinCos, sound };
  return last;
}

function equal(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Least squares of value - mean on 1, cos 2πp and sin 2πp by QR (modified Gram-Schmidt), which gaps do not disturb. */
function fitWave({ centred, positions, std }: Readings): { cos: number; sin: number; r2: number } {
  const n = centred.length;
  const missing = { cos: Number.NaN, sin: Number.NaN, r2: Number.NaN };
  if (n < 3 || positions[n - 1]! - positions[0]! < LEAST_SPAN) return missing;
  if (std === 0) return { cos: 0, sin: 0, r2: 0 };
  const wave = waveAt(positions);
  if (!wave.sound) return missing;
  const y = centred.slice();
  center(y);
  const total = dot(y, y);
  const onCos = dot(y, wave.cos) / wave.cosCos;
  for (let i = 0; i < n; i++) y[i]! -= onCos * wave.cos[i]!;
  const sin = dot(y, wave.sin) / wave.sinSin;
  for (let i = 0; i < n; i++) y[i]! -= sin * wave.sin[i]!;
  return { cos: (onCos - sin * wave.sinCos) / std, sin: sin / std, r2: 1 - dot(y, y) / total };
}

function center(values: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) values[i]! -= mean;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
