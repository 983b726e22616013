import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineUpdate,
  executeChild,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { BackfillInterval, NextCall, StateCall } from '../activities/backfill.js';
import { STEP_QUEUES, WORKFLOW_QUEUE } from '../config/queues.js';
import { ENDED } from '../config/updates.js';

export interface BackfillRequest {
  id: string;
  pipeline: string;
  params: Record<string, unknown>;
  newestFirst: boolean;
  maxActive: number;
  /** First those that were never begun, or at once those that failed. */
  pass: NextCall['pass'];
  /** Where a workflow before, whose history became long, had come to. */
  carried?: { paused: boolean; begun: number; failed: number; after: number | null; again: boolean };
}

/** No new run begins; those that go on end. */
export const pauseUpdate = defineUpdate<void>('pause');
export const resumeUpdate = defineUpdate<void>('resume');
/** Runs those that failed once more, when all others were begun. */
export const retryUpdate = defineUpdate<void>('retry');

/** Below runs that a person or a schedule starts, which have 3: their batches come first. */
const PRIORITY = 5;
const PAGE = 100;
/** So many runs are begun before the history is begun anew: each of them is some ten events. */
const RUNS_OF_ONE_HISTORY = 500;

const control = proxyActivities<{
  'backfill.next'(call: NextCall): Promise<BackfillInterval[]>;
  'backfill.state'(call: StateCall): Promise<null>;
}>({
  taskQueue: STEP_QUEUES.resolve,
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 s' },
});

/** Runs a pipeline for the intervals of a backfill, some at a time and with low priority. A run that fails stops no other. */
export async function backfill(request: BackfillRequest): Promise<{ begun: number; failed: number }> {
  const work = new Backfill(request);
  setHandler(pauseUpdate, () => work.pause(true));
  setHandler(resumeUpdate, () => work.pause(false));
  setHandler(retryUpdate, () => work.retry());
  try {
    do {
      const next = await work.run();
      await condition(allHandlersFinished);
      if (next !== null) await continueAsNew<typeof backfill>(next);
    } while (!work.close());
    await work.end('ended');
    return { begun: work.begun, failed: work.failed };
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => work.cancelled());
    throw error;
  }
}

class Backfill {
  begun: number;
  failed: number;
  #closed = false;
  #paused: boolean;
  #again: boolean;
  #pass: NextCall['pass'];
  #after: number | null;
  readonly #active = new Map<string, Promise<void>>();

  constructor(private readonly request: BackfillRequest) {
    const { carried } = request;
    this.begun = carried?.begun ?? 0;
    this.failed = carried?.failed ?? 0;
    this.#paused = carried?.paused ?? false;
    this.#again = carried?.again ?? false;
    this.#after = carried?.after ?? null;
    this.#pass = request.pass;
  }

  /** From here on nobody can tell it anything more. Returns false when somebody just did. */
  close(): boolean {
    this.#closed = !this.#again;
    return this.#closed;
  }

  #takesNoMore(): void {
    if (this.#closed) throw ApplicationFailure.nonRetryable('the backfill has just ended', ENDED);
  }

  async pause(paused: boolean): Promise<void> {
    this.#takesNoMore();
    if (paused === this.#paused) return;
    this.#paused = paused;
    await control['backfill.state']({ id: this.request.id, state: paused ? 'paused' : 'running' });
  }

  retry(): void {
    this.#takesNoMore();
    this.#again = true;
  }

  /** Its runs are cancelled with it; they record their ends themselves. */
  async cancelled(): Promise<void> {
    await Promise.all(this.#active.values());
    await this.end('cancelled');
  }

  end(state: StateCall['state']): Promise<null> {
    return control['backfill.state']({ id: this.request.id, state });
  }

  /** Begins runs until all are over. Returns what is to go on with in a new history, or null. */
  async run(): Promise<BackfillRequest | null> {
    const { id, newestFirst, maxActive } = this.request;
    for (let n = 0; ; ) {
      const page = await control['backfill.next']({
        id,
        pass: this.#pass,
        newestFirst,
        after: this.#after,
        limit: PAGE,
      });
      for (const interval of page) {
        await condition(() => !this.#paused && this.#active.size < maxActive);
        if (++n > RUNS_OF_ONE_HISTORY) return this.#further();
        this.#begin(interval);
        this.#after = interval.nth;
      }
      if (page.length === PAGE) continue;
      await condition(() => this.#active.size === 0);
      if (!this.#again) return null;
      this.#again = false;
      this.#pass = 'failed';
      this.#after = null;
      this.failed = 0;
    }
  }

  async #further(): Promise<BackfillRequest> {
    await condition(() => this.#active.size === 0);
    const { begun, failed } = this;
    const carried = { paused: this.#paused, begun, failed, after: this.#after, again: this.#again };
    return { ...this.request, pass: this.#pass, carried };
  }

  #begin({ start, end }: BackfillInterval): void {
    const { id, pipeline, params } = this.request;
    const name = `${start}/${end}`;
    this.begun++;
    const run = executeChild(pipeline, {
      args: [{ params, interval: { start, end }, backfill: id }],
      workflowId: `${pipeline}.${start}_${end}`,
      taskQueue: WORKFLOW_QUEUE,
      priority: { priorityKey: PRIORITY },
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `backfill ${id}`,
    });
    const over = run.then(
      () => undefined,
      (error: unknown) => {
        // Another run is at the interval already. How this one failed stands with it.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) this.failed++;
      },
    );
    this.#active.set(name, over);
    this.#show();
    void over.then(() => {
      this.#active.delete(name);
      this.#show();
    });
  }

  #show(): void {
    const state = this.#paused ? 'paused, ' : '';
    setCurrentDetails(`${state}${this.begun} begun, ${this.#active.size} going on, ${this.failed} failed`);
  }
}
