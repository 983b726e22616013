import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { CancellationScope, isCancellation, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from '../config/search-attributes.js';
import { type Decision, MENDED_BY_ITS_MAKER, OF_THE_MACHINE, type Question } from '../dag/failure.js';
import type { BatchCall, BatchEnd, MapPlan, Plan, PlanStep, Slice, StepCall, StepStatus } from '../dag/plan.js';
import type { Desk } from './desk.js';
import { describeSteps } from './details.js';
import { explain } from './failure.js';
import type { Gate } from './gate.js';
import { stepActivity } from './step-activity.js';

/** Times a plan is run that mend what the ones before found damaged; more would mean that the store keeps losing objects. */
const MAX_REPAIRS = 2;
/** Where the worker dies of an item, it is found by halves; more of them mean that something else is wrong. */
const MAX_HALVINGS = 200;

/** What a run is held by, asked by and seen by while its plan is carried out. */
export interface RunState {
  steps: StepStatus[];
  gate: Gate;
  desk: Desk;
}

type Where = Pick<Question, 'step' | 'phase' | 'batch'>;

/**
 * Runs the plan. Where an object turns out to be gone or damaged, runs it again: all that is whole is kept, and what is
 * not is made anew by the steps before.
 */
export async function carryOut(plan: Plan, state: RunState): Promise<unknown> {
  const rounds = new Map<string, number>();
  for (let repairs = 0; ; repairs++) {
    const mends = repairs < MAX_REPAIRS;
    try {
      return await new PlanRunner(plan, state, rounds, mends).run();
    } catch (error) {
      if (!mends || !MENDED_BY_ITS_MAKER.includes(explain(error).code)) throw error;
      for (const step of state.steps) Object.assign(step, waiting(step));
    }
  }
}

class PlanRunner {
  readonly #outputs = new Map<string, Promise<unknown>>();
  #halvings = 0;
  /** Steps of which something was left out, be it only for a while. */
  readonly #parted = new Set<string>();

  constructor(
    private readonly plan: Plan,
    private readonly state: RunState,
    /** How often each piece of work was handed out. */
    private readonly rounds: Map<string, number>,
    /** Whether the plan is run again for what is damaged. */
    private readonly mends: boolean,
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
    await this.state.gate.passed();
    const status = this.state.steps.find(({ name }) => name === step.name)!;
    this.#show(status, { state: 'running', startedAt: now() });
    try {
      const call = { run: this.plan.run, step: step.name, inputs, ...(step.fresh && { fresh: step.fresh }) };
      const output = step.mapped
        ? await this.#mapped(step, call, status)
        : await this.#whole(step, 'once', step.activity, step.name, call, status);
      this.#show(status, { state: 'done', endedAt: now() });
      this.#noteVersion(output);
      return output;
    } catch (error) {
      this.#show(status, { state: isCancellation(error) ? 'cancelled' : 'failed', endedAt: now() });
      throw error;
    }
  }

  async #mapped(step: PlanStep, call: StepCall, status: StepStatus) {
    const first = `${step.name}: what is there already`;
    const map = (await this.#whole(step, 'plan', `${step.activity}.plan`, first, call, status)) as MapPlan;
    const { worklist, batches, items, kept } = map;
    this.#show(status, { batches: batches.length, items, kept });
    const ends = await Promise.all(
      batches.map(async (slice, at) => {
        const own = { ...call, worklist, slice, batch: at + 1, batches: batches.length };
        const end = await this.#batch(step, own, status);
        const failed = end.reduce((sum, each) => sum + each.failed, status.failed);
        this.#show(status, { batchesDone: status.batchesDone + 1, failed });
        return end;
      }),
    );
    const failed = ends.flat().map(({ uri, sha256 }) => ({ uri, sha256 }));
    const made = items - kept - status.failed;
    const input = { ...call, worklist, kept, made, ...(this.#parted.has(step.name) && { failed }) };
    return this.#whole(step, 'gather', `${step.activity}.gather`, `${step.name}: together`, input, status);
  }

  /** Work that cannot be parted. */
  #whole(
    step: PlanStep,
    phase: Where['phase'],
    activity: string,
    summary: string,
    call: StepCall,
    status: StepStatus,
  ): Promise<unknown> {
    const where = { step: step.name, phase, batch: 0 };
    const work = stepActivity(step, activity, summary);
    return this.#persist(where, status, () => work(this.#inRound(where, call)));
  }

  /** A batch; of one that failed for good, what did not is done. Returns what was left out. */
  #batch(step: PlanStep, call: BatchCall, status: StepStatus): Promise<NonNullable<BatchEnd>[]> {
    const where = { step: step.name, phase: 'batch' as const, batch: call.batch };
    const summary = `${step.name} ${call.batch} of ${call.batches}`;
    const once = (own: BatchCall, how: string) => {
      const work = stepActivity(step, step.activity, `${summary}${how}`);
      return this.state.gate.batch({ step: step.name, batch: call.batch }, () => work(this.#inRound(where, own)));
    };
    const parted = async (slice: Slice): Promise<NonNullable<BatchEnd>[]> => {
      const own = { ...call, slice };
      try {
        const end = (await once({ ...own, leave: 'each' }, ', one by one')) as BatchEnd;
        return end === null ? [] : [end];
      } catch (error) {
        const { code, message } = explain(error);
        if (isCancellation(error) || this.#mendable(code) || OF_THE_MACHINE.includes(code)) throw error;
        if (slice.to - slice.from === 1) {
          const end = (await once({ ...own, leave: { code, message } }, ', left out')) as BatchEnd;
          return end === null ? [] : [end];
        }
        if (++this.#halvings > MAX_HALVINGS) throw error;
        const middle = Math.floor((slice.from + slice.to) / 2);
        return [...(await parted({ from: slice.from, to: middle })), ...(await parted({ from: middle, to: slice.to }))];
      }
    };
    return this.#persist(where, status, async (part) => {
      if (part) {
        this.#parted.add(step.name);
        return parted(call.slice);
      }
      await once(call, '');
      return [];
    });
  }

  /** Does work until it is done; when it failed for good, as the run is told, or as a person decides. */
  async #persist<T>(where: Where, status: StepStatus, work: (part: boolean) => Promise<T>): Promise<T> {
    for (let part = false; ; ) {
      try {
        return await work(part);
      } catch (error) {
        if (isCancellation(error)) throw error;
        const { code, message } = explain(error);
        const canSkip: boolean = where.phase === 'batch' && !part && !OF_THE_MACHINE.includes(code);
        const decision: Decision = this.#mendable(code)
          ? 'abort'
          : await this.#decision({ ...where, code, message, can: canSkip ? ALL : RETRY_OR_ABORT }, status);
        if (decision === 'abort') throw error;
        part = decision === 'skip';
      }
    }
  }

  async #decision(question: Question, status: StepStatus): Promise<Decision> {
    const { onFailure = 'fail' } = this.plan;
    if (onFailure === 'skip' && question.can.includes('skip')) return 'skip';
    if (onFailure !== 'wait') return 'abort';
    this.#show(status, { state: 'asks' });
    try {
      return await this.state.desk.ask(question);
    } finally {
      if (!this.state.desk.asks(question.step)) this.#show(status, { state: 'running' });
    }
  }

  #mendable(code: string): boolean {
    return this.mends && MENDED_BY_ITS_MAKER.includes(code);
  }

  #inRound<C extends StepCall>({ step, phase, batch }: Where, call: C): C {
    const key = `${step} ${phase} ${batch}`;
    const round = this.rounds.get(key) ?? 0;
    this.rounds.set(key, round + 1);
    return round === 0 ? call : { ...call, round };
  }

  #show(status: StepStatus, change: Partial<StepStatus>): void {
    Object.assign(status, change);
    setCurrentDetails(describeSteps(this.plan.title, this.state.steps));
  }

  /** A step that names a model version makes the run searchable by it. */
  #noteVersion(output: unknown): void {
    if (typeof output !== 'object' || output === null || !('model' in output) || !('version' in output)) return;
    const { model, version } = output;
    if (typeof model !== 'string') return;
    upsertSearchAttributes([{ key: keyword(SEARCH_ATTRIBUTES.modelVersion), value: `${model}@${String(version)}` }]);
  }
}

const ALL: Decision[] = ['retry', 'skip', 'abort'];
const RETRY_OR_ABORT: Decision[] = ['retry', 'abort'];

/** A step that was not begun. */
export function waiting({ name }: { name: string }): StepStatus {
  return {
    name,
    state: 'waiting',
    batches: 0,
    batchesDone: 0,
    items: 0,
    kept: 0,
    failed: 0,
    startedAt: null,
    endedAt: null,
  };
}

export const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const now = () => new Date().toISOString();
