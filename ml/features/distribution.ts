import { quantile, type Readings } from './readings.js';

export const DISTRIBUTION = [
  'mean',
  'std',
  'min',
  'max',
  'median',
  'q05',
  'q25',
  'q75',
  'q95',
  'iqr',
  'mad',
  'skewness',
  'kurtosis',
] as const;

/**
 * Where the values lie and how they spread. `std` has ddof 0, quantiles are type 7, `mad` is the unscaled median
 * absolute deviation from the median, `skewness` and `kurtosis` (excess) are the biased moments; the last two are
 * missing for a constant chunk.
 */
export function distribution({ centred, sorted, mean, std }: Readings, out: Float64Array, at: number): void {
  const n = sorted.length;
  const median = quantile(sorted, 0.5);
  const q25 = quantile(sorted, 0.25);
  const q75 = quantile(sorted, 0.75);
  let cubes = 0;
  let fourths = 0;
  for (let i = 0; i < n; i++) {
    const z = centred[i]! / std;
    cubes += z * z * z;
    fourths += z * z * z * z;
  }
  out[at] = mean;
  out[at + 1] = std;
  out[at + 2] = sorted[0]!;
  out[at + 3] = sorted[n - 1]!;
  out[at + 4] = median;
  out[at + 5] = quantile(sorted, 0.05);
  out[at + 6] = q25;
  out[at + 7] = q75;
  out[at + 8] = quantile(sorted, 0.95);
  out[at + 9] = q75 - q25;
  out[at + 10] = medianDeviation(sorted, median);
  out[at + 11] = std === 0 ? Number.NaN : cubes / n;
  out[at + 12] = std === 0 ? Number.NaN : fourths / n - 3;
}

/**
 * Median of |x - median| without sorting again: distances to the left and to the right of the median are ascending
 * already, so they are merged up to the middle.
 */
function medianDeviation(sorted: Float64Array, median: number): number {
  const n = sorted.length;
  let right = 0;
  let above = n;
  while (right < above) {
    const middle = (right + above) >> 1;
    if (sorted[middle]! < median) right = middle + 1;
    else above = middle;
  }
  let left = right - 1;
  let lower = 0;
  let upper = 0;
  for (let i = 0; i <= n >> 1; i++) {
    const fromLeft = left >= 0 ? median - sorted[left]! : Infinity;
    const fromRight = right < n ? sorted[right]! - median : Infinity;
    lower = upper;
    if (fromLeft < fromRight) {
      upper = fromLeft;
      left--;
    } else {
      upper = fromRight;
      right++;
    }
  }
  return n % 2 === 1 ? upper : (lower + upper) / 2;
}
