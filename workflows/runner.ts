import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { AnswerCall, AskCall } from '../activities/ask.js';
import type { FinishCall, Finished } from '../activities/finish.js';
import type { Firing } from '../activities/interval.js';
import type { NotifyCall, Tiding } from '../activities/notify.js';
import type { PauseCall } from '../activities/pause.js';
import type { ResolveCall, RunRequest } from '../activities/resolve.js';
import { STEP_QUEUES } from '../config/queues.js';
import { SEARCH_ATTRIBUTES } from '../config/search-attributes.js';
import type { Told } from '../dag/notice.js';
import type { Plan, RunStanding, StepStatus } from '../dag/plan.js';
import { tell } from './alert.js';
import { type Decided, Desk } from './desk.js';
import { explain } from './failure.js';
import { Gate, type RunningBatch } from './gate.js';
import { carryOut, keyword, type RunState, waiting } from './plan-runner.js';
import { HEARTBEAT_TIMEOUT, NOBODY_SERVES } from './step-activity.js';
import { beginAll } from './trigger.js';
import { watchDeadlines } from './watch.js';

/** The state of every step of a run. */
export const stateQuery = defineQuery<StepStatus[]>('state');
/** The same, with whether it is held, and what it asks. */
export const standingQuery = defineQuery<RunStanding>('standing');
/** Holds a run between its batches. */
export const pauseUpdate = defineUpdate<void>('pause');
export const resumeUpdate = defineUpdate<void>('resume');
/** Says what is to be done where the run asks; returns how many questions that answered. */
export const decideUpdate = defineUpdate<number, [Decided]>('decide');

const control = proxyActivities<{
  resolve(call: ResolveCall): Promise<Plan>;
  ask(call: AskCall): Promise<Told[]>;
  answer(call: AnswerCall): Promise<null>;
  notify(call: NotifyCall): Promise<Told[]>;
  finish(call: FinishCall): Promise<Finished | null>;
}>({
  taskQueue: STEP_QUEUES.resolve,
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  scheduleToStartTimeout: NOBODY_SERVES,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 s' },
});

/** Somebody waits for it: rather than for ever, it is told that it could not be done. */
const { pause } = proxyActivities<{ pause(call: PauseCall): Promise<RunningBatch[]> }>({
  taskQueue: STEP_QUEUES.resolve,
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '2 minutes',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumAttempts: 5 },
});

/**
 * Carries out a pipeline: resolves the request into a plan, then runs each step as soon as its inputs are there.
 * The plan is read from history, so editing a declaration changes no open run. Guarantees that the end of the run is
 * recorded, however it ends.
 */
export async function runPipeline(request: RunRequest): Promise<unknown> {
  const { workflowId, runId: temporalRunId, workflowType: pipeline, startTime } = workflowInfo();
  /** What is recorded of it. */
  let run = { runId: workflowId, pipeline, interval: null as string | null };
  let resolved = false;
  const say = (paused: boolean) => pause({ temporalRunId, runId: run.runId, paused });
  const state: RunState = {
    steps: [],
    gate: new Gate(() => say(true)),
    desk: new Desk({
      ask: async (nth, question) => tell(await control.ask({ temporalRunId, ...run, nth, question })),
      decided: (nth, decision) => control.answer({ runId: run.runId, nth, decision }),
    }),
  };
  setHandler(stateQuery, () => state.steps);
  setHandler(standingQuery, () => ({
    steps: state.steps,
    paused: state.gate.closed,
    questions: state.desk.questions(),
  }));
  setHandler(pauseUpdate, () => state.gate.close());
  setHandler(resumeUpdate, async () => {
    state.gate.open();
    await say(false);
  });
  setHandler(decideUpdate, (decided) => state.desk.decide(decided));
  upsertSearchAttributes([{ key: keyword(SEARCH_ATTRIBUTES.pipeline), value: pipeline }]);
  const finish = (end: Pick<FinishCall, 'state' | 'result' | 'error' | 'refused'>) =>
    CancellationScope.nonCancellable(async () => {
      const finished = await control.finish({ temporalRunId, ...run, ...end });
      if (finished === null) return;
      await tell(finished.told);
      await beginAll(finished.starts);
    });
  try {
    const plan = await control.resolve({ pipeline, workflowId, temporalRunId, request, firing: firing() });
    if (plan.interval !== null)
      upsertSearchAttributes([{ key: keyword(SEARCH_ATTRIBUTES.interval), value: plan.interval }]);
    resolved = true;
    state.steps = plan.steps.map(waiting);
    run = { ...run, runId: plan.run.runId, interval: plan.interval };
    const result = plan.nothing === undefined ? await underWatch(plan) : { nothing: plan.nothing };
    await condition(allHandlersFinished);
    await finish({ state: 'done', result, error: null });
    return result;
  } catch (error) {
    const step = state.steps.find((each) => each.state === 'failed')?.name ?? null;
    const end = { ...explain(error), step };
    const how = end.code === 'MR_CANCELLED' ? 'cancelled' : 'failed';
    const refused = resolved ? null : { workflowId, request, schedule: firing()?.schedule ?? null };
    await finish({ state: how, result: null, error: end, ...(refused && { refused }) });
    if (isCancellation(error)) throw error;
    throw ApplicationFailure.nonRetryable(end.message, end.code, { step });
  }

  /** Has its deadlines watched while it is carried out. */
  async function underWatch(plan: Plan): Promise<unknown> {
    const { watch } = plan;
    if (watch === undefined) return carryOut(plan, state);
    const scope = new CancellationScope();
    // What is recorded is told, also when the run ends meanwhile.
    const notice = (tiding: Pick<Tiding, 'kind' | 'step' | 'message'>) =>
      CancellationScope.nonCancellable(async () =>
        tell(await control.notify({ temporalRunId, tiding: { ...run, code: null, ...tiding } })),
      );
    // Whatever becomes of the watch, the run goes on.
    const watching = scope
      .run(() => watchDeadlines(plan, watch, state.steps, startTime.getTime(), notice))
      .catch(() => undefined);
    try {
      return await carryOut(plan, state);
    } finally {
      scope.cancel();
      await watching;
    }
  }
}

/** Which schedule started this run, and when it was to, as the server notes it. */
function firing(): Firing | null {
  const { typedSearchAttributes: noted } = workflowInfo();
  const schedule = noted.get(keyword('TemporalScheduledById'));
  const at = noted.get(defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME));
  return schedule === undefined || at === undefined ? null : { schedule, at: new Date(at).toISOString() };
}
