import { type RawBuilder, sql } from 'kysely';
import type { BackfillDeclaration } from '../../config/backfill.js';
import { MillraceError } from '../../config/errors.js';
import type { Database } from './database.js';
import { jsonText } from './json.js';
import type { BackfillState, RunError, RunState } from './schema.js';

export interface BackfillRow {
  id: string;
  declaration: BackfillDeclaration;
  state: BackfillState;
  createdAt: Date;
  endedAt: Date | null;
}

export interface BackfillInterval {
  nth: number;
  start: string;
  end: string;
}

/** How an interval stands, by the newest of its runs. */
export interface IntervalState extends BackfillInterval {
  state: RunState | 'waiting';
  run: string | null;
  seconds: number | null;
  error: RunError | null;
}

/** States of runs that are not done and go on no more. */
const FAILED = sql`('failed', 'lost', 'cancelled')`;
const INTERVALS_AT_ONCE = 1000;

/** Backfills and their intervals. */
export class Backfills {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  /** Those of some intervals of a pipeline that are due: of which no run was done, or whose newest run failed. */
  async due<I extends { start: string; end: string }>(
    pipeline: string,
    only: BackfillDeclaration['only'],
    intervals: readonly I[],
  ): Promise<I[]> {
    if (only === 'all' || intervals.length === 0) return [...intervals];
    const { rows } = await sql<{ start: Date; end: Date; done: boolean; state: RunState }>`
      SELECT interval_start AS start, interval_end AS "end", bool_or(state = 'done') AS done,
             (array_agg(state ORDER BY started_at DESC))[1] AS state
      FROM runs
      WHERE pipeline = ${pipeline} AND interval_start >= ${intervals[0]!.start} AND interval_end <= ${intervals.at(-1)!.end}
      GROUP BY 1, 2`.execute(this.database.db);
    const there = new Map(rows.map((row) => [`${row.start.toISOString()}/${row.end.toISOString()}`, row]));
    return intervals.filter(({ start, end }) => {
      const found = there.get(`${start}/${end}`);
      if (only === 'missing') return !found?.done;
      return found !== undefined && ['failed', 'lost', 'cancelled'].includes(found.state);
    });
  }

  /** @throws MillraceError MR_BACKFILL when there is one of that name */
  async create(
    id: string,
    declaration: BackfillDeclaration,
    intervals: readonly { start: string; end: string }[],
  ): Promise<void> {
    await this.database.db.transaction().execute(async (tx) => {
      const made = await tx
        .insertInto('backfills')
        .values({ id, pipeline: declaration.pipeline, declaration: jsonText(declaration), state: 'running' })
        .onConflict((oc) => oc.doNothing())
        .executeTakeFirst();
      if (made.numInsertedOrUpdatedRows === 0n) {
        throw new MillraceError('MR_BACKFILL', `there is a backfill "${id}" already`, {
          next: `choose another name, or look at it: millrace backfill show ${id}`,
        });
      }
      const rows = intervals.map(({ start, end }, at) => ({
        backfill: id,
        nth: at + 1,
        start_at: new Date(start),
        end_at: new Date(end),
      }));
      for (let from = 0; from < rows.length; from += INTERVALS_AT_ONCE)
        await tx
          .insertInto('backfill_intervals')
          .values(rows.slice(from, from + INTERVALS_AT_ONCE))
          .execute();
    });
  }

  async delete(id: string): Promise<void> {
    await this.database.db.deleteFrom('backfills').where('id', '=', id).execute();
  }

  async setState(id: string, state: BackfillState): Promise<void> {
    const ended = state === 'running' || state === 'paused' ? null : new Date();
    await this.database.db.updateTable('backfills').set({ state, ended_at: ended }).where('id', '=', id).execute();
  }

  /** The newest first. */
  async list(limit: number): Promise<BackfillRow[]> {
    const rows = await this.database.db
      .selectFrom('backfills')
      .selectAll()
      .orderBy('created_at', 'desc')
      .limit(limit)
      .execute();
    return rows.map(rowOf);
  }

  async find(id: string): Promise<BackfillRow | null> {
    const row = await this.database.db.selectFrom('backfills').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : rowOf(row);
  }

  /** How many intervals of some backfills stand how. */
  async counts(ids: readonly string[]): Promise<Map<string, Record<string, number>>> {
    const counts = new Map<string, Record<string, number>>(ids.map((id) => [id, {}]));
    if (ids.length === 0) return counts;
    const { rows } = await sql<{ id: string; state: string; n: number }>`
      SELECT i.backfill AS id, coalesce(r.state, 'waiting') AS state, count(*)::int AS n
      FROM ${intervalsWithRuns} WHERE i.backfill IN (${sql.join([...ids])}) GROUP BY 1, 2`.execute(this.database.db);
    for (const { id, state, n } of rows) counts.get(id)![state] = n;
    return counts;
  }

  async intervals(id: string): Promise<IntervalState[]> {
    const { rows } = await sql<{
      nth: number;
      start: Date;
      end: Date;
      state: RunState | null;
      run: string | null;
      seconds: number | null;
      error: RunError | null;
    }>`
      SELECT i.nth, i.start_at AS start, i.end_at AS "end", r.state, r.id AS run, r.error,
             extract(epoch FROM r.ended_at - r.started_at)::float8 AS seconds
      FROM ${intervalsWithRuns} WHERE i.backfill = ${id} ORDER BY i.nth`.execute(this.database.db);
    return rows.map(({ start, end, state, ...rest }) => ({
      ...rest,
      state: state ?? 'waiting',
      start: start.toISOString(),
      end: end.toISOString(),
    }));
  }

  /** The next intervals of a pass behind `after`: those that were never begun, or those that failed. */
  async next(call: {
    id: string;
    pass: 'waiting' | 'failed';
    newestFirst: boolean;
    after: number | null;
    limit: number;
  }): Promise<BackfillInterval[]> {
    const { id, pass, newestFirst, after, limit } = call;
    const wanted = pass === 'waiting' ? sql`r.id IS NULL` : sql`r.state IN ${FAILED}`;
    const behind = after === null ? sql`true` : newestFirst ? sql`i.nth < ${after}` : sql`i.nth > ${after}`;
    const { rows } = await sql<{ nth: number; start: Date; end: Date }>`
      SELECT i.nth, i.start_at AS start, i.end_at AS "end" FROM ${intervalsWithRuns}
      WHERE i.backfill = ${id} AND ${wanted} AND ${behind}
      ORDER BY i.nth ${newestFirst ? sql`DESC` : sql`ASC`} LIMIT ${limit}`.execute(this.database.db);
    return rows.map(({ nth, start, end }) => ({ nth, start: start.toISOString(), end: end.toISOString() }));
  }
}

/** Runs count that began after the backfill was made, whoever began them. */
const intervalsWithRuns: RawBuilder<unknown> = sql`
  backfill_intervals i JOIN backfills b ON b.id = i.backfill LEFT JOIN LATERAL (
    SELECT id, state, started_at, ended_at, error FROM runs
    WHERE pipeline = b.pipeline AND interval_start = i.start_at AND interval_end = i.end_at
      AND (started_at >= b.created_at OR state = 'running')
    ORDER BY started_at DESC LIMIT 1) r ON true`;

function rowOf(row: {
  id: string;
  declaration: BackfillDeclaration;
  state: BackfillState;
  created_at: Date;
  ended_at: Date | null;
}): BackfillRow {
  const { id, declaration, state, created_at: createdAt, ended_at: endedAt } = row;
  return { id, declaration, state, createdAt, endedAt };
}
