import { proxyActivities } from '@temporalio/workflow';
import type { PlanStep } from '../dag/plan.js';

export type Call = (input: unknown) => Promise<unknown>;

export const HEARTBEAT_TIMEOUT = '10 seconds';
/** A queue that nobody serves becomes an error, but a worker may be down for a night. */
export const NOBODY_SERVES = '24 hours';

/** An activity of a step, on its queue and with its retries. */
export function stepActivity(step: PlanStep, name: string, summary: string): Call {
  const { retry } = step;
  const activities = proxyActivities<Record<string, Call>>({
    taskQueue: step.queue,
    startToCloseTimeout: `${step.timeoutSeconds} s`,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    scheduleToStartTimeout: NOBODY_SERVES,
    retry: {
      maximumAttempts: retry.maxAttempts,
      initialInterval: `${retry.initialSeconds} s`,
      backoffCoefficient: retry.backoff,
      maximumInterval: `${retry.maxSeconds} s`,
    },
    summary,
  });
  return activities[name]!;
}
