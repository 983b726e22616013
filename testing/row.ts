import { rowOf as row } from '../activities/own.js';
import type { OwnStep } from '../pipelines/own-step.js';

/** Readings of a day, as a test makes them up. */
export interface Given {
  values: readonly number[];
  /** ISO times, as many as values. Left out: the values lie evenly over the day, the first at its beginning. */
  times?: readonly string[];
  /** YYYY-MM-DD, a day in UTC; default 2026-01-01. */
  day?: string;
  /** Default `sensor`. */
  sensor?: string;
}

const DAY_US = 86_400e6;
const microseconds = (iso: string) => Date.parse(iso) * 1000;

/**
 * The numbers that a step makes of one chunk, without any service.
 * @param step made by `chunkStep`
 * @throws MillraceError MR_STEP as a run would
 */
export function rowOf(
  { activity: name, work }: Pick<OwnStep<never, unknown>, 'activity' | 'work'>,
  { values, times, day = '2026-01-01', sensor = 'sensor' }: Given,
  params: Record<string, unknown> = {},
): Record<string, number> {
  if (!('of' in work)) throw new TypeError(`${name} makes no rows of chunks: test it with testPipeline`);
  const start = microseconds(`${day}T00:00:00Z`);
  const at = times?.map(microseconds) ?? values.map((_, nth) => start + (nth * DAY_US) / values.length);
  const chunk = {
    sensor,
    day,
    start,
    end: start + DAY_US,
    times: Float64Array.from(at),
    values: Float64Array.from(values),
  };
  const numbers = row(name, work, chunk, params);
  return Object.fromEntries(work.columns.map((column, nth) => [column, numbers[nth]!]));
}
