import { type Workflow, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  continueAsNew,
  proxyActivities,
  setWorkflowOptions,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { HandOverCall, LookCall, Looked, Start } from '../activities/trigger.js';
import { STEP_QUEUES, WORKFLOW_QUEUE } from '../config/queues.js';

export interface TriggerRequest {
  name: string;
  everyMs: number;
}

/** A look is some five events: so many before the history is begun anew. */
const LOOKS_OF_ONE_HISTORY = 1000;

const control = proxyActivities<{
  'trigger.look'(call: LookCall): Promise<Looked>;
  'trigger.hand-over'(call: HandOverCall): Promise<null>;
}>({
  taskQueue: STEP_QUEUES.resolve,
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 s' },
});

// It goes on for ever: one that stayed on the build it began on would keep that build for ever.
// Workers without builds take no such word.
setWorkflowOptions(
  () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {}),
  trigger,
);

/** Looks at a source again and again, and runs a pipeline for what has arrived: one run per arrival, one after the other. */
export async function trigger(request: TriggerRequest): Promise<void> {
  const { name, everyMs } = request;
  for (let looks = 0; looks < LOOKS_OF_ONE_HISTORY; looks++) {
    const looked = await control['trigger.look']({ name });
    if (looked === null) {
      await sleep(everyMs);
      continue;
    }
    const run = await begin(looked.start);
    await control['trigger.hand-over']({ name, arrival: looked.arrival });
    // What arrives meanwhile is one arrival, when the run is over. How it ended stands with it.
    await run?.result().catch(() => undefined);
  }
  await continueAsNew<typeof trigger>(request);
}

/** Begins runs that go on by themselves. */
export async function beginAll(starts: readonly Start[]): Promise<void> {
  for (const start of starts) await begin(start);
}

/** Begins a run; null where it was begun before. */
async function begin({ pipeline, workflowId, request }: Start): Promise<ChildWorkflowHandle<Workflow> | null> {
  try {
    return await startChild(pipeline, {
      args: [request],
      workflowId,
      taskQueue: WORKFLOW_QUEUE,
      parentClosePolicy: 'ABANDON',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `trigger ${request.trigger}`,
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}
