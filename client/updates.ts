import {
  isGrpcDeadlineError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { MillraceError } from '../config/errors.js';
import type { Millrace } from './millrace.js';

/** A worker answers at once, or is down. */
const PATIENCE_MS = 60_000;

/**
 * Tells a workflow that goes on something, and waits until it has taken it.
 * @throws WorkflowNotFoundError when it goes on no more; MillraceError MR_SERVICE when nobody carries it out
 */
export async function tellWorkflow(
  millrace: Millrace,
  { workflowId, temporalRunId }: { workflowId: string; temporalRunId?: string },
  update: string,
): Promise<void> {
  const handle = millrace.client.workflow.getHandle(workflowId, temporalRunId);
  try {
    await millrace.connection.withDeadline(Date.now() + PATIENCE_MS, () => handle.executeUpdate(update));
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error)) {
      throw new MillraceError('MR_SERVICE', `no worker took up that ${workflowId} is to ${update}`, {
        next: 'millrace doctor says whether one is there; it is done as soon as one is',
      });
    }
    if (error instanceof WorkflowUpdateFailedError)
      throw new MillraceError(
        'MR_SERVICE',
        `${workflowId} could not ${update}: ${error.cause?.message ?? error.message}`,
      );
    throw error;
  }
}
