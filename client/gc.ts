import type { GcReport } from '../activities/gc.js';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import type { Millrace } from './millrace.js';

export type { GcReport } from '../activities/gc.js';

/**
 * Lets go of what is older than the policy of the workers' `millrace.yaml` says, or only says what would go. Whoever
 * asks while that goes on joins it.
 * @throws MillraceError MR_CONFIG when the policy cannot be used
 */
export async function collectGarbage(millrace: Millrace, options: { delete: boolean }): Promise<GcReport> {
  const workflowId = options.delete ? 'gc' : 'gc-dry-run';
  await millrace.client.workflow.start('gc', {
    taskQueue: WORKFLOW_QUEUE,
    workflowId,
    args: [options],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: options.delete ? 'let go of what is old' : 'what would go',
  });
  return millrace.result<GcReport>(workflowId);
}
