import { proxyActivities } from '@temporalio/workflow';
import type { ExplainCall, Explanation } from '../activities/explain.js';
import { STEP_QUEUES } from '../config/queues.js';
import { HEARTBEAT_TIMEOUT } from './step-activity.js';

/** Somebody waits for it: it is tried a few times, and then they are told. */
const activities = proxyActivities<{ explain(call: ExplainCall): Promise<Explanation> }>({
  taskQueue: STEP_QUEUES.read,
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  scheduleToStartTimeout: '5 minutes',
  retry: { maximumAttempts: 3, initialInterval: '500 ms' },
});

/** Says what a run would be. */
export const explain = (call: ExplainCall): Promise<Explanation> => activities.explain(call);
