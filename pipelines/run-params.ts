import { z } from 'zod';
import { durationText } from '../config/duration.js';

/** Params of every pipeline: how its runs are watched over. */
export const runParams = {
  onFailure: z
    .enum(['fail', 'skip', 'wait'])
    .default('fail')
    .describe(
      'What follows when something failed for good. fail: the run fails; skip: it goes on without the files and days that failed; wait: a person decides: runs retry, skip or abort.',
    ),
  deadline: durationText
    .nullable()
    .default(null)
    .describe(
      'How long after its beginning the run should be over, as 2 h. People are told before, when by earlier runs it will not be, and when it was not; it goes on. null: whenever.',
    ),
  stepDeadlines: z
    .record(z.string(), durationText)
    .default({})
    .describe('The same by step, from the beginning of the step: {"train": "20 min"}.'),
};
