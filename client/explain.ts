import { randomUUID } from 'node:crypto';
import type { Explanation } from '../activities/explain.js';
import { MillraceError } from '../config/errors.js';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import type { Millrace, StartOptions } from './millrace.js';

export type { Explanation, Limit, StepExplanation } from '../activities/explain.js';

/**
 * Says what a run would be, before anything runs: its source is counted, and each step planned on what is kept.
 * @throws MillraceError as the run would, where its params or its source are wrong
 */
export async function explainRun(
  millrace: Millrace,
  pipeline: string,
  { params = {}, interval }: Pick<StartOptions, 'params' | 'interval'>,
): Promise<Explanation> {
  millrace.pipelines.named(pipeline).parse(params);
  const workflowId = `explain.${pipeline}.${randomUUID()}`;
  await millrace.client.workflow.start('explain', {
    taskQueue: WORKFLOW_QUEUE,
    workflowId,
    args: [{ pipeline, request: { params, interval } }],
    staticSummary: `what a run of ${pipeline} would be`,
  });
  return millrace.result<Explanation>(workflowId);
}

/** What of it goes beyond its limit, or null. */
export function overLimit({ pipeline, limits }: Pick<Explanation, 'pipeline' | 'limits'>): MillraceError | null {
  const over = limits.filter(({ is, most }) => is > most);
  if (over.length === 0) return null;
  const text = over.map(({ what, is, most }) => `${Math.round(is)} ${what}, where ${most} are allowed`).join('; ');
  return new MillraceError('MR_LIMIT', `a run of ${pipeline} would break: ${text}`, {
    next: 'run it for fewer days or files at once, for example as a backfill',
  });
}
