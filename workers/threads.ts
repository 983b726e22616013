import { Piscina } from 'piscina';
import type { Parallel, Tasks } from '../ml/parallel.js';

/** Runs the pure functions of `ml/` in worker threads, so that the process keeps its heartbeats. */
export class ThreadPool implements Parallel {
  readonly #pool: Piscina;

  constructor(readonly width: number) {
    this.#pool = new Piscina({
      filename: new URL('./thread-tasks.js', import.meta.url).href,
      minThreads: width,
      maxThreads: width,
      idleTimeout: 30_000,
    });
  }

  /** A loop cannot be asked to stop: aborting ends its thread, and another takes its place. */
  run<T extends keyof Tasks>(task: T, input: Tasks[T]['input'], signal?: AbortSignal): Promise<Tasks[T]['output']> {
    return this.#pool.run(input, { name: task, ...(signal && { signal }) }) as Promise<Tasks[T]['output']>;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
