import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { FinishCall } from '../activities/finish.js';
import type { Firing } from '../activities/interval.js';
import type { PauseCall } from '../activities/pause.js';
import type { ResolveCall, RunRequest } from '../activities/resolve.js';
import { STEP_QUEUES } from '../config/queues.js';
import { SEARCH_ATTRIBUTES } from '../config/search-attributes.js';
import type { MapPlan, Plan, PlanStep, StepCall, StepStatus } from '../dag/plan.js';
import { describeSteps } from './details.js';
import { Gate, type RunningBatch } from './gate.js';

/** The state of every step of a run. */
export const stateQuery = defineQuery<StepStatus[]>('state');
/** Holds a run between its batches. */
export const pauseUpdate = defineUpdate<void>('pause');
export const resumeUpdate = defineUpdate<void>('resume');

type Call = (input: unknown) => Promise<unknown>;

const HEARTBEAT_TIMEOUT = '10 seconds';
/** Runs of the plan that mend what the ones before found damaged; more would mean that the store keeps losing objects. */
const MAX_REPAIRS = 2;
const MENDED_BY_ITS_MAKER = ['MR_OBJECT_MISSING', 'MR_OBJECT_CORRUPT'];
/** A queue that nobody serves becomes an error, but a worker may be down for a night. */
const NOBODY_SERVES = '24 hours';

const control = proxyActivities<{
  resolve(call: ResolveCall): Promise<Plan>;
  finish(call: FinishCall): Promise<null>;
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
  const { workflowId, runId: temporalRunId, workflowType: pipeline } = workflowInfo();
  let steps: StepStatus[] = [];
  let runId = workflowId;
  let resolved = false;
  const say = (paused: boolean) => pause({ temporalRunId, runId, paused });
  const gate = new Gate(() => say(true));
  setHandler(stateQuery, () => steps);
  setHandler(pauseUpdate, () => gate.close());
  setHandler(resumeUpdate, async () => {
    gate.open();
    await say(false);
  });
  upsertSearchAttributes([{ key: keyword(SEARCH_ATTRIBUTES.pipeline), value: pipeline }]);
  const finish = (end: Omit<FinishCall, 'temporalRunId'>) =>
    CancellationScope.nonCancellable(() => control.finish({ temporalRunId, ...end }));
  try {
    const plan = await control.resolve({ pipeline, workflowId, temporalRunId, request, firing: firing() });
    if (plan.interval !== null)
      upsertSearchAttributes([{ key: keyword(SEARCH_ATTRIBUTES.interval), value: plan.interval }]);
    resolved = true;
    steps = plan.steps.map(waiting);
    runId = plan.run.runId;
    const result = plan.nothing === undefined ? await carryOut(plan, steps, gate) : { nothing: plan.nothing };
    await condition(allHandlersFinished);
    await finish({ state: 'done', result, error: null });
    return result;
  } catch (error) {
    const end = explain(error, steps);
    const state = end.code === 'MR_CANCELLED' ? 'cancelled' : 'failed';
    const refused = resolved ? null : { pipeline, workflowId, request, schedule: firing()?.schedule ?? null };
    await finish({ state, result: null, error: end, ...(refused && { refused }) });
    if (isCancellation(error)) throw error;
    throw ApplicationFailure.nonRetryable(end.message, end.code, { step: end.step });
  }
}

/**
 * Runs the plan. Where an object turns out to be gone or damaged, runs it again: all that is whole is kept, and what is
 * not is made anew by the steps before.
 */
async function carryOut(plan: Plan, steps: StepStatus[], gate: Gate): Promise<unknown> {
  for (let repairs = 0; ; repairs++) {
    try {
      return await new Runner(plan, steps, gate).run();
    } catch (error) {
      if (repairs === MAX_REPAIRS || !MENDED_BY_ITS_MAKER.includes(explain(error, steps).code)) throw error;
      for (const step of steps) Object.assign(step, waiting(step));
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

class Runner {
  readonly #outputs = new Map<string, Promise<unknown>>();

  constructor(
    private readonly plan: Plan,
    private readonly steps: StepStatus[],
    private readonly gate: Gate,
  ) {}

  /** Runs all steps; the first that fails cancels the others. */
  async run(): Promise<unknown> {
    return CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      // The plan may list steps in any order, so every promise exists before the first step looks for its inputs.
      const start = new Map<string, () => void>();
      for (const step of this.plan.steps) {
        const ready = new Promise<void>((resolve) => start.set(step.name, resolve));
        const output = ready.then(() => this.#step(step));
        output.catch(() => scope.cancel());
        this.#outputs.set(step.name, output);
      }
      for (const go of start.values()) go();
      await Promise.all(this.#outputs.values());
      return this.#outputs.get(this.plan.result);
    });
  }

  async #step(step: PlanStep): Promise<unknown> {
    const inputs: Record<string, unknown> = {};
    for (const [name, input] of Object.entries(step.inputs)) {
      inputs[name] = 'step' in input ? await this.#outputs.get(input.step) : input.value;
    }
    await this.gate.passed();
    const status = this.steps.find(({ name }) => name === step.name)!;
    this.#show(status, { state: 'running', startedAt: now() });
    try {
      const call = { run: this.plan.run, step: step.name, inputs, ...(step.fresh && { fresh: step.fresh }) };
      const output = step.mapped
        ? await this.#mapped(step, call, status)
        : await activity(step, step.activity, step.name)(call);
      this.#show(status, { state: 'done', endedAt: now() });
      this.#noteVersion(output);
      return output;
    } catch (error) {
      this.#show(status, { state: isCancellation(error) ? 'cancelled' : 'failed', endedAt: now() });
      throw error;
    }
  }

  async #mapped(step: PlanStep, call: StepCall, status: StepStatus) {
    const map = (await activity(step, `${step.activity}.plan`, `${step.name}: what is there already`)(call)) as MapPlan;
    const { worklist, batches, items, kept } = map;
    this.#show(status, { batches: batches.length, items, kept });
    await Promise.all(
      batches.map(async (slice, at) => {
        const summary = `${step.name} ${at + 1} of ${batches.length}`;
        const work = activity(step, step.activity, summary);
        const own = { ...call, worklist, slice, batch: at + 1, batches: batches.length };
        await this.gate.batch({ step: step.name, batch: at + 1 }, () => work(own));
        this.#show(status, { batchesDone: status.batchesDone + 1 });
      }),
    );
    return activity(
      step,
      `${step.activity}.gather`,
      `${step.name}: together`,
    )({ ...call, worklist, kept, made: items - kept });
  }

  #show(status: StepStatus, change: Partial<StepStatus>): void {
    Object.assign(status, change);
    setCurrentDetails(describeSteps(this.plan.title, this.steps));
  }

  /** A step that names a model version makes the run searchable by it. */
  #noteVersion(output: unknown): void {
    if (typeof output !== 'object' || output === null || !('model' in output) || !('version' in output)) return;
    const { model, version } = output;
    if (typeof model !== 'string') return;
    upsertSearchAttributes([{ key: keyword(SEARCH_ATTRIBUTES.modelVersion), value: `${model}@${String(version)}` }]);
  }
}

function activity(step: PlanStep, name: string, summary: string): Call {
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

function waiting({ name }: { name: string }): StepStatus {
  return { name, state: 'waiting', batches: 0, batchesDone: 0, items: 0, kept: 0, startedAt: null, endedAt: null };
}

function explain(error: unknown, steps: readonly StepStatus[]): { code: string; message: string; step: string | null } {
  const step = steps.find(({ state }) => state === 'failed')?.name ?? null;
  if (isCancellation(error)) return { code: 'MR_CANCELLED', message: 'the run was cancelled', step };
  const cause = error instanceof ActivityFailure && error.cause !== undefined ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'MR_RUN_FAILED', message: cause.message, step };
  return { code: 'MR_RUN_FAILED', message: cause instanceof Error ? cause.message : String(cause), step };
}

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const now = () => new Date().toISOString();
