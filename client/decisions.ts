import { MillraceError } from '../config/errors.js';
import type { Decision } from '../dag/failure.js';
import type { Millrace } from './millrace.js';
import { showRun } from './runs.js';
import { askWorkflow } from './updates.js';

export type { Decision } from '../dag/failure.js';

export const DECISIONS = ['retry', 'skip', 'abort'] as const satisfies readonly Decision[];

/** Which of the questions of a run are meant; without any, all that are open. */
export interface Meant {
  step?: string | undefined;
  batch?: number | undefined;
}

/**
 * Says what is to be done where a run asks: do it again, go on without what failed, or let the run fail.
 * Returns how many questions that answered.
 * @throws MillraceError MR_RUN_UNKNOWN; MR_RUN_STATE when it asks nothing of that kind, also since somebody was faster
 */
export async function decideRun(
  millrace: Millrace,
  id: string,
  decision: Decision,
  { step, batch }: Meant = {},
): Promise<number> {
  const { workflowId, temporalRunId, state } = await showRun(millrace, id);
  const decided = { decision, step: step ?? null, batch: batch ?? null };
  const answered =
    state === 'running'
      ? await askWorkflow<number>(millrace, { workflowId, temporalRunId }, 'decide', decided)
      : undefined;
  if (answered !== undefined) return answered;
  throw new MillraceError('MR_RUN_STATE', `the run ${id} goes on no more: there is nothing to decide`, {
    next: `millrace runs show ${id} says how it ended; millrace runs rerun ${id} makes what is missing`,
  });
}
