import type { Database } from './database.js';
import { jsonText } from './json.js';
import type { AttemptKey } from './registry.js';

export type LogLevel = 'info' | 'warn' | 'error';

/** What an attempt said. */
export interface LogLine {
  at: Date;
  level: LogLevel;
  message: string;
  fields: Record<string, unknown>;
}

export interface RecordedLine extends LogLine, Omit<AttemptKey, 'runId'> {
  id: number;
}

export interface LogFilter {
  /** Lines behind this one. */
  after?: number | undefined;
  step?: string | undefined;
  batch?: number | undefined;
  attempt?: number | undefined;
}

/** The log of runs. */
export class LogLines {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  async write({ runId, step, phase, batch, attempt }: AttemptKey, lines: readonly LogLine[]): Promise<void> {
    if (lines.length === 0) return;
    await this.database.db
      .insertInto('log_lines')
      .values(
        lines.map(({ at, level, message, fields }) => ({
          run_id: runId,
          step,
          phase,
          batch,
          attempt,
          at,
          level,
          message: message.replaceAll('\0', '\uFFFD'),
          fields: jsonText(fields),
        })),
      )
      .execute();
  }

  /** In the order in which they were written. */
  async list(runId: string, { after = 0, step, batch, attempt }: LogFilter, limit: number): Promise<RecordedLine[]> {
    let query = this.database.db
      .selectFrom('log_lines')
      .selectAll()
      .where('run_id', '=', runId)
      .where('id', '>', String(after));
    if (step !== undefined) query = query.where('step', '=', step);
    if (batch !== undefined) query = query.where('batch', '=', batch);
    if (attempt !== undefined) query = query.where('attempt', '=', attempt);
    const rows = await query.orderBy('id').limit(limit).execute();
    return rows.map(({ run_id: _, id, ...rest }) => ({ ...rest, id: Number(id) }));
  }
}
