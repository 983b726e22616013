import type { Database } from './database.js';

/** A change that somebody asked for, and what came of it. */
export interface AuditEntry {
  /** Name of the token; null: nobody needed one, on loopback. */
  caller: string | null;
  address: string;
  /** `POST /api/v1/runs/:id/cancel`. */
  act: string;
  /** The same with its names. */
  target: string;
  /** HTTP status of the answer. */
  status: number;
}

export interface RecordedEntry extends AuditEntry {
  id: number;
  at: Date;
}

/** Who changed what. */
export class Audit {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  async write(entry: AuditEntry): Promise<void> {
    await this.database.db.insertInto('audit').values(entry).execute();
  }

  /** The newest first. @param before only older ones than this */
  async list(limit: number, before?: number): Promise<RecordedEntry[]> {
    let query = this.database.db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit);
    if (before !== undefined) query = query.where('id', '<', String(before));
    return (await query.execute()).map((row) => ({ ...row, id: Number(row.id) }));
  }
}
