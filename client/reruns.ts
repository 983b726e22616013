import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { readChunkFilter } from '../config/chunk-filter.js';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import { untilOver } from './ending.js';
import type { Millrace, StartedRun } from './millrace.js';
import { hasEnded, runIdOf } from './run-ids.js';
import { showRun } from './runs.js';

export interface RerunOptions {
  /** The first step that is made anew, with all that follow from it. Without it, what did not change is not. */
  from?: string | undefined;
  /** Chunks that are made anew, as `day=2026-03-01..2026-03-05,sensor=pump-*`; or `failed`: what it lacks is made, of the files as they are now. */
  chunks?: string | undefined;
  /** Params that are to be otherwise. */
  params?: Record<string, unknown>;
}

/**
 * Starts a run again as a new one that is linked to it: for the same interval, with the same params but for those that
 * are given. With `from`, it reads what the other one read, and continues the model that the other one continued.
 * @throws MillraceError MR_RUN_UNKNOWN, MR_RUN_STATE while it goes on, MR_PARAM
 */
export async function rerunRun(millrace: Millrace, id: string, options: RerunOptions = {}): Promise<StartedRun> {
  const { pipeline, workflowId, state, failed, interval, params: before } = await showRun(millrace, id);
  const goesOn = () =>
    new MillraceError('MR_RUN_STATE', `the run ${id}, or another of its workflow, goes on`, {
      next: `wait for its end, or cancel it: millrace runs cancel ${id}`,
    });
  if (state === 'running') throw goesOn();
  const { graph, parse } = millrace.pipelines.named(pipeline);
  const { from = null, chunks = null, params: changed = {} } = options;
  const names = graph.steps.map(({ name }) => name);
  if (from !== null && !names.includes(from)) {
    throw new MillraceError('MR_PARAM', `${pipeline} has no step "${from}".${didYouMean(from, names)}`, {
      allowed: `steps: ${names.join(', ')}`,
    });
  }
  if (chunks !== null) {
    if (from !== null) throw new MillraceError('MR_PARAM', 'there are "from" and "chunks"', { allowed: 'one of them' });
    readChunkFilter(chunks);
    if (chunks === 'failed' && state === 'done' && failed === 0)
      throw new MillraceError('MR_RUN_STATE', `nothing of the run ${id} failed`, {
        next: `millrace runs rerun ${id} makes what changed since`,
      });
  }
  const params = { ...before, ...changed };
  parse(params);
  const begin = () =>
    millrace.client.workflow.start(pipeline, {
      taskQueue: WORKFLOW_QUEUE,
      workflowId,
      args: [{ params, interval, rerun: { of: id, from, chunks } }],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: graph.title,
    });
  try {
    const { firstExecutionRunId } = await begin().catch(async (error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const { runId } = await millrace.client.workflow.getHandle(workflowId).describe();
      if (!(await hasEnded(millrace.database, runId))) throw error;
      await untilOver(millrace, workflowId, runId);
      return begin();
    });
    return { workflowId, runId: await runIdOf(millrace.database, workflowId, firstExecutionRunId), joined: false };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw goesOn();
    throw error;
  }
}
