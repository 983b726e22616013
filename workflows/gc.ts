import { proxyActivities } from '@temporalio/workflow';
import type { GcCall, GcReport } from '../activities/gc.js';
import { STEP_QUEUES } from '../config/queues.js';
import { HEARTBEAT_TIMEOUT, NOBODY_SERVES } from './step-activity.js';

const { gc: letGo } = proxyActivities<{ gc(call: GcCall): Promise<GcReport> }>({
  taskQueue: STEP_QUEUES.resolve,
  startToCloseTimeout: '1 day',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  scheduleToStartTimeout: NOBODY_SERVES,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 s', maximumAttempts: 5 },
});

/** Lets go of what is older than the policy says, or says what would go. Begun anew after a failure, it goes on. */
export const gc = (call: GcCall): Promise<GcReport> => letGo(call);
