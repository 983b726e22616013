import {
  ApplicationFailure,
  isGrpcDeadlineError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { MillraceError } from '../config/errors.js';
import { ENDED } from '../config/updates.js';
import type { Millrace } from './millrace.js';

/** A worker answers at once, or is down. */
const PATIENCE_MS = 60_000;
/** What Temporal calls an update that a workflow took and then ended; ours turn away what comes after their last step. */
const TOO_LATE: ReadonlySet<string | undefined | null> = new Set(['AcceptedUpdateCompletedWorkflow', ENDED]);

/**
 * Tells a workflow something, and waits until it has taken it. Returns false when the workflow goes on no more.
 * @throws MillraceError MR_SERVICE when nobody carries it out
 */
export async function tellWorkflow(
  millrace: Millrace,
  { workflowId, temporalRunId }: { workflowId: string; temporalRunId?: string },
  update: string,
): Promise<boolean> {
  const handle = millrace.client.workflow.getHandle(workflowId, temporalRunId);
  try {
    await millrace.connection.withDeadline(Date.now() + PATIENCE_MS, () => handle.executeUpdate(update));
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error)) {
      throw new MillraceError('MR_SERVICE', `no worker took up that ${workflowId} is to ${update}`, {
        next: 'millrace doctor says whether one is there; it is done as soon as one is',
      });
    }
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const { cause } = error;
    if (cause instanceof ApplicationFailure && TOO_LATE.has(cause.type)) return false;
    throw new MillraceError('MR_SERVICE', `${workflowId} could not ${update}: ${cause?.message ?? error.message}`);
  }
}
