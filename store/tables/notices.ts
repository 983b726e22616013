import type { Notice } from '../../dag/notice.js';
import type { Database } from './database.js';
import type { DeliveryState } from './schema.js';

/** Whether one target was told of a notice. */
export interface Delivery {
  target: string;
  state: DeliveryState;
  tries: number;
  error: string | null;
}

export interface RecordedNotice extends Omit<Notice, 'interval' | 'at'> {
  at: Date;
  deliveries: Delivery[];
}

/** What people were to be told, and whether they were. */
export class Notices {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  /** Records a notice for some targets; the same again changes nothing. */
  async add(notice: Notice, targets: readonly string[]): Promise<void> {
    const { interval: _, runId, ...rest } = notice;
    const { db } = this.database;
    await db
      .insertInto('notices')
      .values({ ...rest, run_id: runId, message: notice.message.replaceAll('\0', '\uFFFD'), at: new Date(notice.at) })
      .onConflict((oc) => oc.column('id').doNothing())
      .execute();
    if (targets.length === 0) return;
    await db
      .insertInto('deliveries')
      .values(targets.map((target) => ({ notice: notice.id, target, state: 'waiting' as const })))
      .onConflict((oc) => oc.columns(['notice', 'target']).doNothing())
      .execute();
  }

  /** Records that a target was told, or why it could not be. */
  async delivered(notice: string, target: string, error: string | null): Promise<void> {
    await this.database.db
      .updateTable('deliveries')
      .set((eb) => ({
        state: error === null ? ('delivered' as const) : ('failed' as const),
        tries: eb('tries', '+', 1),
        error: error?.replaceAll('\0', '\uFFFD') ?? null,
        changed_at: new Date(),
      }))
      .where('notice', '=', notice)
      .where('target', '=', target)
      .execute();
  }

  /** The newest first; of one run, or of all. */
  async list(limit: number, runId?: string): Promise<RecordedNotice[]> {
    let query = this.database.db.selectFrom('notices').selectAll().orderBy('at', 'desc').orderBy('id').limit(limit);
    if (runId !== undefined) query = query.where('run_id', '=', runId);
    const rows = await query.execute();
    if (rows.length === 0) return [];
    const deliveries = await this.database.db
      .selectFrom('deliveries')
      .select(['notice', 'target', 'state', 'tries', 'error'])
      .where(
        'notice',
        'in',
        rows.map(({ id }) => id),
      )
      .orderBy('target')
      .execute();
    return rows.map(({ run_id, ...rest }) => ({
      ...rest,
      runId: run_id,
      deliveries: deliveries.filter(({ notice }) => notice === rest.id).map(({ notice: _, ...delivery }) => delivery),
    }));
  }
}
