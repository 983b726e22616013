import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Millrace } from './millrace.js';

/** Waits until an execution that is about to end has; how is none of the caller's concern. */
export async function untilOver({ client }: Millrace, workflowId: string, temporalRunId?: string): Promise<void> {
  await client.workflow
    .getHandle(workflowId, temporalRunId, { followRuns: false })
    .result()
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError)) throw error;
    });
}
