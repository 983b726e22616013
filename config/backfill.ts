import { z } from 'zod';
import { MillraceError } from './errors.js';
import { dayName, dayNumber, dayOf, dayStart } from './time-zone.js';

/** So many intervals are one backfill; a day each, they are 27 years. */
export const MOST_INTERVALS = 10_000;

export const EVERY = ['hour', 'day', 'week', 'month'] as const;
export const ONLY = ['missing', 'failed', 'all'] as const;

const moment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/, {
    error: 'a day as 2026-03-14, or a moment as 2026-03-14T06:00Z',
    abort: true,
  })
  .refine((text) => z.iso.date().safeParse(text.slice(0, 10)).success && !Number.isNaN(Date.parse(text)), {
    error: 'there is no such day',
  });

/** Runs of a pipeline for intervals side by side that are over. */
export const backfillSchema = z.strictObject({
  pipeline: z.string().min(1).describe('The pipeline to run.'),
  from: moment.describe('The first day, or the moment the first interval begins.'),
  to: moment.describe('The last day, or the moment the last interval ends.'),
  every: z.enum(EVERY).default('day').describe('How long each interval is.'),
  tz: z.string().default('UTC').describe('IANA time zone in which days, weeks and months begin.'),
  newestFirst: z.boolean().default(false).describe('Begin with the newest interval.'),
  maxActive: z.int().min(1).max(100).default(2).describe('So many runs go on at once.'),
  only: z
    .enum(ONLY)
    .default('missing')
    .describe(
      'missing: intervals that no run of the pipeline was done for; failed: those whose newest run failed; all.',
    ),
  params: z.record(z.string(), z.unknown()).default({}).describe('Params of the runs.'),
});

export type BackfillDeclaration = z.output<typeof backfillSchema>;

/** Names of backfills: they become part of run ids. */
export const BACKFILL_NAME = /^[a-z0-9][a-z0-9_-]{0,99}$/i;

/**
 * The intervals `[start, end)` of a backfill as ISO moments, oldest first. The first and the last may be shorter, where
 * a moment lies within an hour, week or month.
 * @throws MillraceError MR_BACKFILL when there are none, or too many
 */
export function intervalsOf({
  from,
  to,
  every,
  tz,
}: Pick<BackfillDeclaration, 'from' | 'to' | 'every' | 'tz'>): { start: string; end: string }[] {
  const first = momentOf(from, tz, 0);
  const last = momentOf(to, tz, 1);
  if (first >= last)
    throw new MillraceError('MR_BACKFILL', `the time from ${from} to ${to} is none`, {
      allowed: '"from" and "to" are days, both included, or moments, the later one behind',
    });
  const intervals: { start: string; end: string }[] = [];
  for (let start = first; start < last; ) {
    const end = Math.min(last, nextOf(start, every, tz));
    if (intervals.length === MOST_INTERVALS) {
      throw new MillraceError(
        'MR_BACKFILL',
        `from ${from} to ${to}, a ${every} each, are more than ${count(MOST_INTERVALS)} intervals`,
        {
          allowed: `at most ${count(MOST_INTERVALS)} in one backfill`,
          next: `take longer intervals (${EVERY.join(', ')}), or several backfills`,
        },
      );
    }
    intervals.push({ start: new Date(start).toISOString(), end: new Date(end).toISOString() });
    start = end;
  }
  return intervals;
}

/** ms since 1970. @param after so many days after a day that is named without a time of day */
function momentOf(text: string, tz: string, after: number): number {
  if (text.length === 10) return dayStart(dayNumber(text) + after, tz) / 1000;
  if (/(Z|[+-]\d{2}:\d{2})$/.test(text)) return Date.parse(text);
  const day = dayNumber(text.slice(0, 10));
  return dayStart(day, tz) / 1000 + (Date.parse(`${text}Z`) - day * DAY_MS);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When the hour, day, week or month ends in which a moment lies. */
function nextOf(moment: number, every: BackfillDeclaration['every'], tz: string): number {
  const day = dayOf(moment, tz);
  // Hours are told apart where clocks go back; zones that begin them at half past are few, and stay side by side too.
  if (every === 'hour') return Math.floor(moment / HOUR_MS + 1) * HOUR_MS;
  if (every === 'day') return dayStart(day + 1, tz) / 1000;
  // The first of January 1970 was a Thursday; weeks begin on Mondays.
  if (every === 'week') return dayStart(day - ((day + 3) % 7) + 7, tz) / 1000;
  const [year, month] = dayName(day).split('-').map(Number) as [number, number];
  return dayStart(Date.UTC(year, month, 1) / DAY_MS, tz) / 1000;
}

const count = (n: number) => n.toLocaleString('en-US');
