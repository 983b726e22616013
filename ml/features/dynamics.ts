import type { Readings } from './readings.js';

export const DYNAMICS = [
  'abs_change',
  'change_std',
  'max_change',
  'roughness',
  'acf_1',
  'acf_5',
  'acf_15',
  'acf_60',
  'turning_share',
  'crossing_share',
  'stuck_share',
  'longest_stuck',
  'trend',
  'trend_r2',
] as const;

const LAGS = [1, 5, 15, 60] as const;

/**
 * How the values move from reading to reading: mean, std (ddof 0) and maximum of the changes; `roughness` = std of the
 * changes / std; autocorrelation at lags counted in readings, with the biased denominator n; shares of turning points,
 * of crossings of the mean and of changes that are 0; longest run of one value / n; least-squares slope per day and
 * its r². What is not defined (too few readings, a constant chunk) is missing.
 */
export function dynamics(readings: Readings, out: Float64Array, at: number): void {
  const { values, centred, std } = readings;
  const n = values.length;
  let absolute = 0;
  let largest = 0;
  let turning = 0;
  let crossing = 0;
  let stuck = 0;
  let run = 1;
  let longest = 1;
  for (let i = 1; i < n; i++) {
    const change = values[i]! - values[i - 1]!;
    const size = Math.abs(change);
    absolute += size;
    if (size > largest) largest = size;
    if (change === 0) {
      stuck++;
      if (++run > longest) longest = run;
    } else run = 1;
    if (centred[i]! > 0 !== centred[i - 1]! > 0) crossing++;
    if (i > 1 && change * (values[i - 1]! - values[i - 2]!) < 0) turning++;
  }
  const changes = n - 1;
  const meanChange = n < 2 ? Number.NaN : (values[n - 1]! - values[0]!) / changes;
  let squares = 0;
  for (let i = 1; i < n; i++) squares += (values[i]! - values[i - 1]! - meanChange) ** 2;
  const changeStd = n < 2 ? Number.NaN : Math.sqrt(squares / changes);

  out[at] = n < 2 ? Number.NaN : absolute / changes;
  out[at + 1] = changeStd;
  out[at + 2] = n < 2 ? Number.NaN : largest;
  out[at + 3] = std === 0 ? Number.NaN : changeStd / std;
  LAGS.forEach((lag, i) => {
    out[at + 4 + i] = autocorrelation(readings, lag);
  });
  out[at + 8] = n < 3 ? Number.NaN : turning / (n - 2);
  out[at + 9] = n < 2 ? Number.NaN : crossing / changes;
  out[at + 10] = n < 2 ? Number.NaN : stuck / changes;
  out[at + 11] = longest / n;
  const { slope, r2 } = trend(readings);
  out[at + 12] = slope;
  out[at + 13] = r2;
}

function autocorrelation({ centred, std }: Readings, lag: number): number {
  const n = centred.length;
  if (n <= lag || std === 0) return Number.NaN;
  let sum = 0;
  for (let i = lag; i < n; i++) sum += centred[i]! * centred[i - lag]!;
  return sum / (std * std * n);
}

function trend({ centred, positions, std }: Readings): { slope: number; r2: number } {
  const n = centred.length;
  if (n < 2) return { slope: Number.NaN, r2: Number.NaN };
  let middle = 0;
  for (let i = 0; i < n; i++) middle += positions[i]!;
  middle /= n;
  let spread = 0;
  let together = 0;
  for (let i = 0; i < n; i++) {
    const p = positions[i]! - middle;
    spread += p * p;
    together += p * centred[i]!;
  }
  return { slope: together / spread, r2: std === 0 ? Number.NaN : (together * together) / (spread * std * std * n) };
}
