import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, proxyActivities, startChild } from '@temporalio/workflow';
import type { AlertCall } from '../activities/notify.js';
import { STEP_QUEUES, WORKFLOW_QUEUE } from '../config/queues.js';
import type { Told } from '../dag/notice.js';

export interface AlertRequest extends AlertCall {
  /** One that a person waits for is tried once. */
  once?: boolean;
}

const sending = { taskQueue: STEP_QUEUES.resolve, startToCloseTimeout: '1 minute' } as const;

/** Somebody may be away for the night; what is a day old helps nobody. */
const patient = proxyActivities<{ alert(call: AlertCall): Promise<null> }>({
  ...sending,
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '2 s', backoffCoefficient: 2, maximumInterval: '15 minutes' },
});

const once = proxyActivities<{ alert(call: AlertCall): Promise<null> }>({ ...sending, retry: { maximumAttempts: 1 } });

/** Tells one target of one thing, until it has taken it. */
export async function alert({ notice, target, once: single = false }: AlertRequest): Promise<void> {
  await (single ? once : patient).alert({ notice, target });
}

/** Has everybody told who is to know; that runs on by itself, and nobody is told twice. */
export async function tell(told: readonly Told[]): Promise<void> {
  for (const { notice, targets } of told) {
    for (const target of targets) {
      await startChild(alert, {
        args: [{ notice, target }],
        workflowId: `alert.${notice.id}.${target}`,
        taskQueue: WORKFLOW_QUEUE,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `${target}: ${notice.kind}`,
      }).catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      });
    }
  }
}
