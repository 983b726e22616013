import { z } from 'zod';
import { duration } from './duration.js';

export const OVERLAPS = ['buffer-all', 'buffer-one', 'skip', 'allow-all', 'cancel-other', 'terminate-other'] as const;

/** When a pipeline is to run by itself, and with what. */
export const scheduleSchema = z
  .strictObject({
    pipeline: z.string().min(1).describe('The pipeline to run.'),
    cron: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe('Times as cron expressions of five fields, in the zone `tz`.'),
    every: duration.optional().describe('Or: one run in each of these, counted from 1970.'),
    offset: duration.optional().describe('With `every`: how much later than the full interval.'),
    tz: z.string().default('UTC').describe('IANA time zone of the cron expressions.'),
    jitter: duration.optional().describe('Each run begins up to so much later, to spread load.'),
    overlap: z
      .enum(OVERLAPS)
      .default('buffer-all')
      .describe('What happens when the run before goes on: buffer-all runs one after the other and loses none.'),
    catchup: duration
      .default(86_400_000)
      .describe('How late a run may begin after the Temporal server was down; what is later is not run.'),
    pauseOnFailure: z.boolean().default(false).describe('Pause the schedule when a run fails.'),
    params: z.record(z.string(), z.unknown()).default({}).describe('Params over those of the pipeline.'),
  })
  .refine(({ cron, every }) => (cron === undefined) !== (every === undefined), {
    error: 'give either "cron" or "every"',
  })
  .refine(({ every, offset }) => offset === undefined || (every !== undefined && offset < every), {
    error: '"offset" goes with "every" and is smaller',
  })
  .refine(({ every }) => every === undefined || every >= 1000, { error: '"every" is at least 1 s' })
  .refine(({ catchup }) => catchup >= 10_000, { error: '"catchup" is at least 10 s' });

export type ScheduleDeclaration = z.output<typeof scheduleSchema>;

/** Names of schedules: they become part of run ids. */
export const SCHEDULE_NAME = /^[a-z0-9][a-z0-9_-]{0,99}$/i;
