import { sql } from 'kysely';
import { MillraceError } from '../../config/errors.js';
import type { TriggerDeclaration } from '../../config/trigger.js';
import type { Database } from './database.js';
import { jsonText } from './json.js';

export interface TriggerRow {
  name: string;
  declaration: TriggerDeclaration;
  paused: boolean;
  createdAt: Date;
  /** When its source was looked at last, and what was wrong then. */
  lookedAt: Date | null;
  error: string | null;
}

/** A file as it was seen. */
export interface SeenFile {
  path: string;
  /** Changes with its content. */
  print: string;
  modifiedMs: number;
  /** Since when it is as it is. */
  seenMs: number;
  /** What it is to be handed over with. */
  arrival: string | null;
  handedOver: boolean;
}

/** How the files of a source stand. */
export interface FileCounts {
  handedOver: number;
  waiting: number;
  /** The newest change that was handed over. */
  watermark: Date | null;
}

const ROWS_AT_ONCE = 1000;

/** What starts pipelines by itself, beside schedules. */
export class Triggers {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  /** @throws MillraceError MR_TRIGGER when there is one of that name */
  async create(name: string, declaration: TriggerDeclaration): Promise<void> {
    const { pipeline, after } = declaration;
    const { numInsertedOrUpdatedRows } = await this.database.db
      .insertInto('triggers')
      .values({ name, pipeline, after, declaration: jsonText(declaration) })
      .onConflict((oc) => oc.column('name').doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 1n) return;
    throw new MillraceError('MR_TRIGGER', `there is a trigger "${name}" already`, {
      next: `choose another name, or delete it: millrace triggers delete ${name}`,
    });
  }

  async delete(name: string): Promise<void> {
    await this.database.db.deleteFrom('triggers').where('name', '=', name).execute();
  }

  /** By name; those after a pipeline only, where one is given. */
  async list(after?: string): Promise<TriggerRow[]> {
    let query = this.database.db.selectFrom('triggers').selectAll().orderBy('name');
    if (after !== undefined) query = query.where('after', '=', after);
    return (await query.execute()).map(({ pipeline: _, after: __, created_at, looked_at, ...rest }) => ({
      ...rest,
      createdAt: created_at,
      lookedAt: looked_at,
    }));
  }

  async find(name: string): Promise<TriggerRow | null> {
    return (await this.list()).find((row) => row.name === name) ?? null;
  }

  async setPaused(name: string, paused: boolean): Promise<void> {
    await this.database.db.updateTable('triggers').set({ paused }).where('name', '=', name).execute();
  }

  /** Records that its source was looked at, and what was wrong. */
  async looked(name: string, error: string | null): Promise<void> {
    const at = { looked_at: new Date(), error: error?.replaceAll('\0', '\uFFFD') ?? null };
    await this.database.db.updateTable('triggers').set(at).where('name', '=', name).execute();
  }

  /** All files of its source as they were seen last. */
  async files(name: string): Promise<Map<string, SeenFile>> {
    const rows = await this.database.db.selectFrom('trigger_files').selectAll().where('trigger', '=', name).execute();
    return new Map(
      rows.map(({ path, print, modified_at, seen_at, arrival, handed_over }) => [
        path,
        {
          path,
          print,
          modifiedMs: modified_at.getTime(),
          seenMs: seen_at.getTime(),
          arrival,
          handedOver: handed_over,
        },
      ]),
    );
  }

  /** Records files as they are seen now. */
  async saw(name: string, files: readonly SeenFile[]): Promise<void> {
    for (let from = 0; from < files.length; from += ROWS_AT_ONCE) {
      await this.database.db
        .insertInto('trigger_files')
        .values(
          files.slice(from, from + ROWS_AT_ONCE).map(({ path, print, modifiedMs, seenMs, arrival, handedOver }) => ({
            trigger: name,
            path,
            print,
            modified_at: new Date(modifiedMs),
            seen_at: new Date(seenMs),
            arrival,
            handed_over: handedOver,
          })),
        )
        .onConflict((oc) =>
          oc.columns(['trigger', 'path']).doUpdateSet((eb) => ({
            print: eb.ref('excluded.print'),
            modified_at: eb.ref('excluded.modified_at'),
            seen_at: eb.ref('excluded.seen_at'),
            arrival: eb.ref('excluded.arrival'),
            handed_over: eb.ref('excluded.handed_over'),
          })),
        )
        .execute();
    }
  }

  /** Records that a run was started for an arrival. */
  async handOver(name: string, arrival: string): Promise<void> {
    await this.database.db
      .updateTable('trigger_files')
      .set({ handed_over: true })
      .where('trigger', '=', name)
      .where('arrival', '=', arrival)
      .execute();
  }

  async counts(name: string): Promise<FileCounts> {
    const { rows } = await sql<FileCounts>`
      SELECT count(*) FILTER (WHERE handed_over)::int AS "handedOver", count(*) FILTER (WHERE NOT handed_over)::int AS waiting,
             max(modified_at) FILTER (WHERE handed_over) AS watermark
      FROM trigger_files WHERE trigger = ${name}`.execute(this.database.db);
    return rows[0]!;
  }
}
