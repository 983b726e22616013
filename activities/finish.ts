import { z } from 'zod';
import type { RunError, RunState } from '../store/tables/schema.js';
import type { Stores } from './context.js';
import { type RunRequest, requestSchema } from './resolve.js';

export interface FinishCall {
  temporalRunId: string;
  state: RunState;
  result: unknown;
  error: RunError | null;
  /** Of a run that ended before it was resolved, and so was not recorded perhaps: what it was called with. */
  refused?: { pipeline: string; workflowId: string; request: RunRequest; schedule: string | null };
}

/** Records how a run ended; also of one that was refused, for whoever looks why it did nothing. */
export function createFinish(stores: Stores) {
  return async ({ temporalRunId, state, result, error, refused }: FinishCall): Promise<null> => {
    const end = { state, result, error };
    if (!(await stores.registry.endRun(temporalRunId, end)) && refused !== undefined) {
      const { pipeline, workflowId, schedule } = refused;
      const { params, interval, backfill, rerun } = legible(refused.request);
      const run = { runId: workflowId, workflowId, temporalRunId, pipeline };
      await stores.registry.beginRun(run, params, interval, { schedule, backfill, rerunOf: rerun?.of ?? null });
      await stores.registry.endRun(temporalRunId, end);
    }
    return null;
  };
}

/** Of a request that anybody may have written, what can be recorded. */
function legible(request: unknown) {
  const { params, interval, backfill, rerun } = requestSchema.shape;
  const asked = z.record(z.string(), z.unknown()).safeParse(request).data ?? {};
  return {
    params: params.safeParse(asked.params).data ?? {},
    interval: interval.safeParse(asked.interval).data ?? null,
    backfill: backfill.safeParse(asked.backfill).data ?? null,
    rerun: rerun.safeParse(asked.rerun).data ?? null,
  };
}
