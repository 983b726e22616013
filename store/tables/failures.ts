import { sql } from 'kysely';
import type { Decision, FailedItem, Question } from '../../dag/failure.js';
import type { Database } from './database.js';

/** A question of a run, and what was decided. */
export interface RecordedQuestion extends Question {
  nth: number;
  askedAt: Date;
  decision: Decision | null;
  decidedAt: Date | null;
}

/** A file or day that a run went on without. */
export type RecordedItem = Omit<FailedItem, 'at'> & { step: string };

const ROWS_AT_ONCE = 1000;

/** What failed for good in runs that went on, and what they asked. */
export class Failures {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  /** Records what a run goes on without; the same again changes nothing. */
  async add(runId: string, step: string, items: readonly FailedItem[]): Promise<void> {
    for (let from = 0; from < items.length; from += ROWS_AT_ONCE) {
      await this.database.db
        .insertInto('failed_items')
        .values(
          items.slice(from, from + ROWS_AT_ONCE).map(({ at: _, ...item }) => ({
            ...item,
            message: item.message.replaceAll('\0', '\uFFFD'),
            run_id: runId,
            step,
          })),
        )
        .onConflict((oc) => oc.columns(['run_id', 'step', 'item']).doNothing())
        .execute();
    }
  }

  /** What a run goes on without after all: of what was left out first, some may have been done since. */
  async replace(runId: string, step: string, items: readonly FailedItem[]): Promise<void> {
    await this.forget(runId, step);
    await this.add(runId, step, items);
  }

  /** Forgets what failed in a step of a run, which is begun anew. */
  async forget(runId: string, step: string): Promise<void> {
    await this.database.db.deleteFrom('failed_items').where('run_id', '=', runId).where('step', '=', step).execute();
  }

  /** In the order of their names. */
  async list(runId: string, limit: number): Promise<RecordedItem[]> {
    const rows = await this.database.db
      .selectFrom('failed_items')
      .select(['step', 'item', sql<string | null>`day::text`.as('day'), 'readings', 'code', 'message'])
      .where('run_id', '=', runId)
      .orderBy('step')
      .orderBy('item')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ ...row, readings: row.readings === null ? null : Number(row.readings) }));
  }

  async count(runId: string): Promise<number> {
    const { n } = await this.database.db
      .selectFrom('failed_items')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .where('run_id', '=', runId)
      .executeTakeFirstOrThrow();
    return Number(n);
  }

  /** Records what a run asks; the same question again changes nothing. */
  async ask(runId: string, nth: number, { step, phase, batch, code, message, can }: Question): Promise<void> {
    await this.database.db
      .insertInto('questions')
      .values({
        run_id: runId,
        nth,
        step,
        phase,
        batch,
        code,
        message: message.replaceAll('\0', '\uFFFD'),
        can,
      })
      .onConflict((oc) => oc.columns(['run_id', 'nth']).doNothing())
      .execute();
  }

  async decided(runId: string, nth: number, decision: Decision): Promise<void> {
    await this.database.db
      .updateTable('questions')
      .set({ decision, decided_at: new Date() })
      .where('run_id', '=', runId)
      .where('nth', '=', nth)
      .execute();
  }

  /** All that a run asked, in order. */
  async questions(runId: string): Promise<RecordedQuestion[]> {
    const rows = await this.database.db
      .selectFrom('questions')
      .selectAll()
      .where('run_id', '=', runId)
      .orderBy('nth')
      .execute();
    return rows.map(({ run_id: _, asked_at, decided_at, ...rest }) => ({
      ...rest,
      askedAt: asked_at,
      decidedAt: decided_at,
    }));
  }
}
