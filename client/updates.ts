import {
  ApplicationFailure,
  isGrpcDeadlineError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { isErrorCode, MillraceError } from '../config/errors.js';
import { ENDED } from '../config/updates.js';
import type { Millrace } from './millrace.js';

export interface Execution {
  workflowId: string;
  temporalRunId?: string;
}

/** A worker answers at once, or is down. */
const PATIENCE_MS = 60_000;
/** What Temporal calls an update that a workflow took and then ended; ours turn away what comes after their last step. */
const TOO_LATE: ReadonlySet<string | undefined | null> = new Set(['AcceptedUpdateCompletedWorkflow', ENDED]);

/**
 * Tells a workflow something, and waits until it has taken it. Returns false when the workflow goes on no more.
 * @throws MillraceError MR_SERVICE when nobody carries it out
 */
export async function tellWorkflow(millrace: Millrace, execution: Execution, update: string): Promise<boolean> {
  return (await askWorkflow<null>(millrace, execution, update)) !== undefined;
}

/**
 * The same, with what the workflow answers; undefined when it goes on no more.
 * @throws MillraceError MR_SERVICE when nobody carries it out; with a code of ours where the workflow refuses
 */
export async function askWorkflow<T>(
  millrace: Millrace,
  { workflowId, temporalRunId }: Execution,
  update: string,
  told: unknown = null,
): Promise<T | undefined> {
  const handle = millrace.client.workflow.getHandle(workflowId, temporalRunId);
  try {
    const answer = await millrace.connection.withDeadline(Date.now() + PATIENCE_MS, () =>
      handle.executeUpdate<T | undefined, [unknown]>(update, { args: [told] }),
    );
    // One that answers nothing took it all the same.
    return answer ?? (null as T);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error)) {
      throw new MillraceError('MR_SERVICE', `no worker took up that ${workflowId} is to ${update}`, {
        next: 'millrace doctor says whether one is there; it is done as soon as one is',
      });
    }
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const { cause } = error;
    if (cause instanceof ApplicationFailure) {
      if (TOO_LATE.has(cause.type)) return undefined;
      if (isErrorCode(cause.type)) throw new MillraceError(cause.type, `${workflowId}: ${cause.message}`);
    }
    throw new MillraceError('MR_SERVICE', `${workflowId} could not ${update}: ${cause?.message ?? error.message}`);
  }
}
