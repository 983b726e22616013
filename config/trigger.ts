import { z } from 'zod';
import { duration } from './duration.js';

/** What a pipeline is started by: files that arrive in its source, or another pipeline that has published. */
export const triggerSchema = z
  .strictObject({
    pipeline: z.string().min(1).describe('The pipeline to run.'),
    after: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('Whenever a run of this pipeline is done, for the same interval. null: when files arrive.'),
    settle: duration
      .default(60_000)
      .describe('Files that changed within this time are still being written; they are waited for.'),
    every: duration.default(30_000).describe('How often the source is looked at.'),
    params: z.record(z.string(), z.unknown()).default({}).describe('Params of the runs; "source" is what is watched.'),
  })
  .refine(({ every }) => every >= 1000, { error: '"every" is at least 1 s' });

export type TriggerDeclaration = z.output<typeof triggerSchema>;

/** Names of triggers: they become part of run ids. */
export const TRIGGER_NAME = /^[a-z0-9][a-z0-9_-]{0,99}$/i;
