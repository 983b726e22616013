import { Piscina } from 'piscina';
import type { Workbooks } from '../activities/context.js';
import { MillraceError } from '../config/errors.js';
import type { Answer } from './workbook-tasks.js';

/** A workbook is parsed in one go, which may take half a minute: in a thread of its own, heartbeats go on meanwhile. */
export class ThreadWorkbooks implements Workbooks {
  readonly #pool = new Piscina({
    filename: new URL('./workbook-tasks.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 5000,
  });

  sheets(path: string, signal: AbortSignal): Promise<string[]> {
    return this.#run<string[]>('sheets', { path }, signal);
  }

  toCsv(path: string, sheet: string, target: string, signal: AbortSignal): Promise<void> {
    return this.#run<void>('toCsv', { path, sheet, target }, signal);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  /** A parser cannot be asked to stop: aborting ends its thread. */
  async #run<T>(name: string, task: object, signal: AbortSignal): Promise<T> {
    const answer = (await this.#pool.run(task, { name, signal })) as Answer<T>;
    if ('value' in answer) return answer.value;
    throw new MillraceError(answer.code, answer.message);
  }
}
