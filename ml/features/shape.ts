import { quantile, type Readings } from './readings.js';

export const SHAPE = [
  'distinct_share',
  'zero_share',
  'mode_share',
  'entropy',
  'outlier_share',
  'quantile_skew',
  'variation',
] as const;

const BINS = 10;

/**
 * How the values are made up: shares of distinct values, zeros and the most frequent value; entropy in nats of ten
 * equal bins from min to max; share beyond 1.5 interquartile ranges of the quartiles; Bowley's skewness
 * (q75 + q25 - 2 median) / iqr, missing when iqr is 0; std / |mean|, missing when the mean is 0.
 */
export function shape({ values, sorted, mean, std }: Readings, out: Float64Array, at: number): void {
  const n = sorted.length;
  let distinct = 0;
  let mode = 0;
  let run = 0;
  let zeros = 0;
  for (let i = 0; i < n; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) run++;
    else {
      run = 1;
      distinct++;
    }
    if (run > mode) mode = run;
    if (sorted[i] === 0) zeros++;
  }
  const q25 = quantile(sorted, 0.25);
  const q75 = quantile(sorted, 0.75);
  const iqr = q75 - q25;
  const low = q25 - 1.5 * iqr;
  const high = q75 + 1.5 * iqr;
  let outliers = 0;
  for (let i = 0; i < n && sorted[i]! < low; i++) outliers++;
  for (let i = n - 1; i >= 0 && sorted[i]! > high; i--) outliers++;

  out[at] = distinct / n;
  out[at + 1] = zeros / n;
  out[at + 2] = mode / n;
  out[at + 3] = entropy(values, sorted[0]!, sorted[n - 1]!);
  out[at + 4] = outliers / n;
  out[at + 5] = iqr === 0 ? Number.NaN : (q75 + q25 - 2 * quantile(sorted, 0.5)) / iqr;
  out[at + 6] = mean === 0 ? Number.NaN : std / Math.abs(mean);
}

/** Bins as `numpy.histogram` draws them: equal width, closed on the left, the last one on both sides. */
function entropy(values: Float64Array, min: number, max: number): number {
  if (min === max) return 0;
  const counts = new Float64Array(BINS);
  const width = max - min;
  const edge = (bin: number) => (bin === BINS ? max : min + bin * (width / BINS));
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    let bin = Math.min(BINS - 1, Math.floor(((value - min) / width) * BINS));
    // Rounding may put a value that lies on an edge into the neighbour.
    if (value < edge(bin)) bin--;
    else if (bin < BINS - 1 && value >= edge(bin + 1)) bin++;
    counts[bin]!++;
  }
  let sum = 0;
  for (const count of counts) {
    if (count > 0) sum -= (count / values.length) * Math.log(count / values.length);
  }
  return sum;
}
