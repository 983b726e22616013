import { quantile, type Readings } from './readings.js';

export const COVERAGE = [
  'count',
  'median_interval',
  'share_present',
  'largest_gap',
  'first_position',
  'last_position',
] as const;

/**
 * How much of the day was recorded: readings; median and longest interval between readings in seconds; readings by
 * those a full day would have at the median interval, at most 1; position of the first and last reading in the day.
 * Intervals are missing where there is one reading only.
 */
export function coverage({ times, positions, dayLengthUs }: Readings, out: Float64Array, at: number): void {
  const n = times.length;
  out[at] = n;
  out[at + 4] = positions[0]!;
  out[at + 5] = positions[n - 1]!;
  if (n < 2) {
    out.fill(Number.NaN, at + 1, at + 4);
    return;
  }
  const intervals = new Float64Array(n - 1);
  for (let i = 1; i < n; i++) intervals[i - 1] = times[i]! - times[i - 1]!;
  intervals.sort();
  const median = quantile(intervals, 0.5);
  out[at + 1] = median / 1e6;
  out[at + 2] = Math.min(1, (n * median) / dayLengthUs);
  out[at + 3] = intervals[n - 2]! / 1e6;
}
