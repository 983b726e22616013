import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';

/** A batch that is under way. */
export interface RunningBatch {
  step: string;
  batch: number;
}

/**
 * Holds a run between its batches. Those that a worker has begun end; those that only wait in a queue are taken out of
 * it, and put back when the run goes on.
 */
export class Gate {
  #closed = false;
  readonly #waiting = new Map<string, CancellationScope>();

  constructor(private readonly runningBatches: () => Promise<RunningBatch[]>) {}

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const batches = await this.runningBatches().catch((error: unknown) => {
      this.#closed = false;
      throw error;
    });
    const running = new Set(batches.map(keyOf));
    // It may have been opened again meanwhile.
    if (!this.#closed) return;
    // One that begins just now is cancelled too, and done again.
    for (const [key, scope] of this.#waiting) if (!running.has(key)) scope.cancel();
  }

  get closed(): boolean {
    return this.#closed;
  }

  open(): void {
    this.#closed = false;
  }

  /** Waits until the run may go on. */
  async passed(): Promise<void> {
    if (this.#closed) await condition(() => !this.#closed);
  }

  /** Works on a batch; again, when it was taken out of its queue. */
  async batch<T>(batch: RunningBatch, work: () => Promise<T>): Promise<T> {
    const key = keyOf(batch);
    const run = CancellationScope.current();
    for (;;) {
      await this.passed();
      const scope = new CancellationScope();
      this.#waiting.set(key, scope);
      try {
        return await scope.run(work);
      } catch (error) {
        if (!isCancellation(error) || !scope.consideredCancelled || run.consideredCancelled) throw error;
      } finally {
        this.#waiting.delete(key);
      }
    }
  }
}

const keyOf = ({ step, batch }: RunningBatch) => `${step} ${batch}`;
