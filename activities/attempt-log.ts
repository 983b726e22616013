import type { Logger } from 'pino';
import type { LogLevel, LogLine } from '../store/tables/log-lines.js';

/** What an attempt says: for the worker's own log, and for that of the run. */
export interface AttemptLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** More lines of one attempt are not for people; the worker's own log has them all. */
const MOST_LINES = 1000;
/** How far a long attempt is, is said so often. */
const PROGRESS_EVERY_MS = 10_000;

/** Hands what is said to the worker's log at once, and to that of the run some lines at a time. */
export class RunLog implements AttemptLog {
  #waiting: LogLine[] = [];
  #lines = 0;
  #writing: Promise<void> = Promise.resolve();
  #toldProgress = Date.now();
  #progress = '';

  constructor(
    private readonly log: Logger,
    private readonly write: (lines: LogLine[]) => Promise<void>,
  ) {}

  info(message: string, fields: Record<string, unknown> = {}): void {
    this.log.info(fields, message);
    this.#keep('info', message, fields);
  }

  warn(message: string, fields: Record<string, unknown> = {}): void {
    this.log.warn(fields, message);
    this.#keep('warn', message, fields);
  }

  error(message: string, fields: Record<string, unknown> = {}): void {
    this.log.error(fields, message);
    this.#keep('error', message, fields);
  }

  /** Says how far the attempt is, from time to time. */
  progress(done: number, total: number, unit: string): void {
    const text = `${Math.floor(done)} of ${total} ${unit}`;
    if (text === this.#progress || Date.now() - this.#toldProgress < PROGRESS_EVERY_MS) return;
    this.#progress = text;
    this.#toldProgress = Date.now();
    this.info(text);
  }

  /** Writes what was said since the last time. A log that cannot be written stops no work. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const lines = this.#waiting.splice(0);
      await this.write(lines).catch((error: unknown) =>
        this.log.warn({ lines: lines.length, error: String(error) }, 'lines of the log of the run were not written'),
      );
    });
    return this.#writing;
  }

  #keep(level: LogLevel, message: string, fields: Record<string, unknown>): void {
    this.#lines++;
    if (this.#lines > MOST_LINES) return;
    const last = this.#lines === MOST_LINES;
    const line = { at: new Date(), level, message, fields };
    this.#waiting.push(line);
    if (last)
      this.#waiting.push({ ...line, level: 'warn', message: `more lines stand in the worker's log`, fields: {} });
  }
}
