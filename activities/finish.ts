import { z } from 'zod';
import type { Told } from '../dag/notice.js';
import type { RunError, RunState } from '../store/tables/schema.js';
import type { Stores } from './context.js';
import { notified, type Tiding } from './notify.js';
import { type RunRequest, requestSchema } from './resolve.js';
import { type Start, startsAfter } from './trigger.js';

export interface FinishCall {
  temporalRunId: string;
  runId: string;
  pipeline: string;
  interval: string | null;
  state: RunState;
  result: unknown;
  error: RunError | null;
  /** Of a run that ended before it was resolved, and so was not recorded perhaps: what it was called with. */
  refused?: { workflowId: string; request: RunRequest; schedule: string | null };
}

/** What follows from an end: who is told, and what is run after it. */
export interface Finished {
  told: Told[];
  starts: Start[];
}

/** Records how a run ended; also of one that was refused, for whoever looks why it did nothing. */
export function createFinish(stores: Stores) {
  return async (call: FinishCall): Promise<Finished> => {
    const { temporalRunId, pipeline, state, result, error, refused } = call;
    const end = { state, result, error };
    if (!(await stores.registry.endRun(temporalRunId, end)) && refused !== undefined) {
      const { workflowId, schedule } = refused;
      const { params, interval, backfill, trigger, rerun } = legible(refused.request);
      const run = { runId: workflowId, workflowId, temporalRunId, pipeline };
      await stores.registry.beginRun(run, params, interval, {
        schedule,
        backfill,
        trigger,
        rerunOf: rerun?.of ?? null,
      });
      await stores.registry.endRun(temporalRunId, end);
    }
    const tiding = await tidingOf(stores, call);
    return {
      told: tiding === null ? [] : await notified(stores, [temporalRunId, tiding.kind], tiding),
      starts: published(call) ? await startsAfter(stores, call) : [],
    };
  };
}

/** What others may follow on: a run that did what it was for. */
const published = ({ state, result }: FinishCall) =>
  state === 'done' && !(typeof result === 'object' && result !== null && 'nothing' in result);

/** What there is to say of an end. */
async function tidingOf(
  stores: Stores,
  { runId, pipeline, interval, state, error }: FinishCall,
): Promise<Tiding | null> {
  const run = { runId, pipeline, interval };
  if (state === 'failed' && error !== null) return { kind: 'failed', ...run, ...error };
  if (state !== 'done') return null;
  const left = await stores.failures.count(runId);
  const well = { ...run, step: null, code: null };
  if (left === 0) return { kind: 'done', ...well, message: `${runId} is done` };
  const [first] = await stores.failures.list(runId, 1);
  const more = left === 1 ? '' : `, and ${left - 1} more`;
  return { kind: 'left-out', ...well, message: `left out: ${first?.item}${more}`, code: first?.code ?? null };
}

/** Of a request that anybody may have written, what can be recorded. */
function legible(request: unknown) {
  const { params, interval, backfill, trigger, rerun } = requestSchema.shape;
  const asked = z.record(z.string(), z.unknown()).safeParse(request).data ?? {};
  return {
    params: params.safeParse(asked.params).data ?? {},
    interval: interval.safeParse(asked.interval).data ?? null,
    backfill: backfill.safeParse(asked.backfill).data ?? null,
    trigger: trigger.safeParse(asked.trigger).data ?? null,
    rerun: rerun.safeParse(asked.rerun).data ?? null,
  };
}
