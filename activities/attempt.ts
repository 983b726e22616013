import { hostname } from 'node:os';
import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ERRORS, MillraceError } from '../config/errors.js';
import { machineError } from '../config/machine-errors.js';
import type { BatchCall, StepCall } from '../dag/plan.js';
import type { RunError } from '../store/tables/schema.js';
import { RunLog } from './attempt-log.js';
import type { Attempt, Stores } from './context.js';

export type Work<C, O> = (call: C, attempt: Attempt) => Promise<O>;
export type Phase = 'once' | 'plan' | 'batch' | 'gather';

const HEARTBEAT_MS = 1000;
/** This process, as attempts name it. One that is started again in a container has the same name. */
export const WORKER = { name: `${hostname()}:${process.pid}`, since: new Date(performance.timeOrigin) };

/**
 * Makes a Temporal activity of a step's work: it heartbeats while the work runs, cancels it, records the attempt with
 * its measures and turns errors into failures.
 */
export function activity<C extends StepCall<unknown>, O>(
  stores: Stores,
  phase: Phase,
  work: Work<C, O>,
): (call: C) => Promise<O> {
  return async (call) => {
    const batch = phase === 'batch' ? (call as unknown as BatchCall).batch : 0;
    const measures: Record<string, number> = {};
    const ended = stores.meters.begin({ pipeline: call.run.pipeline, step: call.step, phase });
    const tried = { runId: call.run.runId, step: call.step, phase, batch, attempt: activityInfo().attempt };
    const number = await stores.registry.beginAttempt(tried, WORKER.name, call.round).catch((error: unknown) => {
      ended('failed');
      throw toFailure(error);
    });
    const key = { ...tried, attempt: number };
    const own = stores.log.child({
      run: key.runId,
      step: key.step,
      phase,
      ...(batch > 0 && { batch }),
      attempt: number,
    });
    const log = new RunLog(own, (lines) => stores.logs.write(key, lines));
    const began = performance.now();
    const seconds = () => Math.round(performance.now() - began) / 1000;
    try {
      const output = await beating(log, measures, (attempt) => work(call, attempt));
      await stores.registry.endAttempt(key, { state: 'done', measures, error: null, output: recorded(phase, output) });
      ended('done');
      log.info('done', { seconds: seconds(), ...measures });
      return output;
    } catch (thrown) {
      const error = machineError(thrown) ?? thrown;
      const cancelled = Context.current().cancellationSignal.aborted;
      const report = {
        state: cancelled ? ('cancelled' as const) : ('failed' as const),
        measures,
        error: describe(error, call.step),
      };
      await stores.registry
        .endAttempt(key, report)
        .catch((failure: unknown) => own.warn({ err: failure }, 'the attempt was not recorded'));
      ended(report.state);
      if (cancelled) log.info('cancelled', { seconds: seconds() });
      else log.error('failed', { seconds: seconds(), code: report.error.code, error: report.error.message });
      throw cancelled ? new CancelledFailure('cancelled') : toFailure(error);
    } finally {
      await log.flush();
    }
  };
}

/**
 * What is recorded of an output: where that lies which the run needs. Of a plan that is its worklist, and not the
 * batches, of which there may be many; of a batch, what it left out.
 */
function recorded(phase: Phase, output: unknown): unknown {
  if (phase !== 'plan') return output;
  if (typeof output !== 'object' || output === null || !('worklist' in output)) return null;
  const [uri, sha256] = String(output.worklist).split('#');
  return { uri, sha256 };
}

/** The same for activities that belong to no step: no attempt is recorded. */
export function plainActivity<C, O>(stores: Stores, work: Work<C, O>): (call: C) => Promise<O> {
  return async (call) => {
    try {
      return await beating(new RunLog(stores.log, async () => undefined), {}, (attempt) => work(call, attempt));
    } catch (thrown) {
      const error = machineError(thrown) ?? thrown;
      const { activityType, attempt, workflowExecution } = activityInfo();
      const { code, message } = describe(error, activityType);
      stores.log.warn(
        { run: workflowExecution?.workflowId, step: activityType, attempt, code, error: message },
        'failed',
      );
      throw Context.current().cancellationSignal.aborted ? new CancelledFailure('cancelled') : toFailure(error);
    }
  };
}

async function beating<O>(
  log: RunLog,
  measures: Record<string, number>,
  work: (attempt: Attempt) => Promise<O>,
): Promise<O> {
  const context = Context.current();
  let progress: { done: number; total: number; unit: string } | undefined;
  const weigh = () => {
    measures.rssMiB = Math.max(measures.rssMiB ?? 0, Math.round(process.memoryUsage.rss() / 2 ** 20));
  };
  // Work that is done sooner needs no heartbeat, and each one costs a round trip.
  const timer = setInterval(() => {
    context.heartbeat(progress);
    weigh();
    void log.flush();
  }, HEARTBEAT_MS);
  try {
    return await work({
      signal: context.cancellationSignal,
      last: context.info.attempt === context.info.retryPolicy?.maximumAttempts,
      log,
      progress: (done, total, unit) => {
        progress = { done, total, unit };
        log.progress(done, total, unit);
      },
      measure: (name, value) => {
        measures[name] = value;
      },
    });
  } finally {
    weigh();
    clearInterval(timer);
  }
}

/** What a retry can mend is left retryable; what it cannot fails at once, with its code. */
export function toFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof MillraceError) {
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: !ERRORS[error.code].retry,
    });
  }
  const cause = error instanceof Error ? error : new Error(String(error));
  return ApplicationFailure.create({ message: cause.message, type: cause.name, nonRetryable: false, cause });
}

function describe(error: unknown, step: string): RunError {
  if (error instanceof MillraceError) return { code: error.code, message: error.message, step };
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { code: name, message, step };
}
