import { z } from 'zod';

/** Params of every pipeline: how its runs are watched over. */
export const runParams = {
  onFailure: z
    .enum(['fail', 'skip', 'wait'])
    .default('fail')
    .describe(
      'What follows when something failed for good. fail: the run fails; skip: it goes on without the files and days that failed; wait: a person decides: runs retry, skip or abort.',
    ),
};
