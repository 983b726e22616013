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
  const { median, largest } = intervalsOf(times);
  out[at + 1] = median / 1e6;
  out[at + 2] = Math.min(1, (n * median) / dayLengthUs);
  out[at + 3] = largest / 1e6;
}

/** Median and largest of the intervals between ascending times (at least two), in their unit. */
export function intervalsOf(times: Float64Array): { median: number; largest: number } {
  const intervals = new Float64Array(times.length - 1);
  let largest = 0;
  let candidate = 0;
  let lead = 0;
  for (let i = 1; i < times.length; i++) {
    const interval = times[i]! - times[i - 1]!;
    intervals[i - 1] = interval;
    if (interval > largest) largest = interval;
    if (lead === 0) candidate = interval;
    lead += interval === candidate ? 1 : -1;
  }
  // Most sensors keep one pace: an interval that makes up more than half of all (Boyer and Moore 1981) is the median.
  let same = 0;
  for (let i = 0; i < intervals.length; i++) if (intervals[i] === candidate) same++;
  const median = 2 * same > intervals.length ? candidate : quantile(intervals.sort(), 0.5);
  return { median, largest };
}
