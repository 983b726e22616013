import { type RawBuilder, sql } from 'kysely';
import type { Database, Db } from './database.js';
import { outdatedVersions, type VersionName } from './outdated-versions.js';

/**
 * What an old run is needed for: it made a version that stays; one that goes on was made from it; its backfill is open
 * or young; the next interval of its schedule begins where its own ended.
 */
export type NeededFor = 'version' | 'rerun' | 'backfill' | 'schedule';

/** Runs that are old enough to go, and what some of them stay for. */
export interface OutdatedRuns {
  go: string[];
  needed: Record<NeededFor, number>;
}

/** Versions that are old enough to go, and how many of those stay. */
export interface OutdatedVersions {
  go: VersionName[];
  needed: number;
}

/** Runs that stay, with what they were pinned to and what their steps put out: what they need is named in there. */
export interface RootPage {
  runs: string[];
  values: unknown[];
}

const RUNS_AT_ONCE = 200;
/** One run may have a million rows: a few at a time, so that no transaction is long. */
const DELETED_AT_ONCE = 10;
const LINES_AT_ONCE = 10_000;

/** Finds and deletes what is older than it is to be kept. What goes on is never touched. */
export class Retention {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  /** Versions beyond the newest of each model that nothing needs. @param newest null: all stay */
  async versions(newest: number | null): Promise<OutdatedVersions> {
    return findVersions(this.database.db, newest);
  }

  async removeVersions(newest: number | null): Promise<OutdatedVersions> {
    return this.database.db.transaction().execute(async (tx) => {
      // Until it is over nobody becomes champion.
      await tx.selectFrom('models').select('name').forUpdate().execute();
      const found = await findVersions(tx, newest);
      for (const { model, version } of found.go)
        await tx.deleteFrom('model_versions').where('model', '=', model).where('version', '=', version).execute();
      return found;
    });
  }

  /**
   * Runs that ended before a moment and that nothing needs.
   * @param before null: all stay
   * @param versions those that go: they need no run
   */
  async runs(before: Date | null, versions: readonly VersionName[]): Promise<OutdatedRuns> {
    const needed = { version: 0, rerun: 0, backfill: 0, schedule: 0 };
    if (before === null) return { go: [], needed };
    const { rows } = await sql<{ id: string; needed: NeededFor | null }>`
      WITH RECURSIVE made_from AS (
        SELECT rerun_of AS id FROM runs WHERE state = 'running'
        UNION SELECT runs.rerun_of FROM runs JOIN made_from USING (id)),
      newest AS (
        SELECT DISTINCT ON (schedule) id FROM runs
        WHERE schedule IS NOT NULL AND interval_end IS NOT NULL ORDER BY schedule, interval_end DESC),
      version_runs AS (
        SELECT run_id AS id FROM model_versions WHERE (model, version) NOT IN (${tuples(versions)}))
      SELECT id, CASE
        WHEN id IN (SELECT id FROM version_runs) THEN 'version'
        WHEN id IN (SELECT id FROM made_from WHERE id IS NOT NULL) THEN 'rerun'
        WHEN EXISTS (
          SELECT FROM backfill_intervals i JOIN backfills b ON b.id = i.backfill
          WHERE b.pipeline = runs.pipeline AND i.start_at = interval_start AND i.end_at = interval_end
            AND runs.started_at >= b.created_at AND NOT ${overBefore(before)}) THEN 'backfill'
        WHEN id IN (SELECT id FROM newest) THEN 'schedule'
        END AS needed
      FROM runs WHERE ${endedBefore(before)} ORDER BY id`.execute(this.database.db);
    for (const row of rows) if (row.needed !== null) needed[row.needed]++;
    return { go: rows.filter((row) => row.needed === null).map(({ id }) => id), needed };
  }

  /** Deletes runs with all rows that are theirs. @param onDeleted is told how many are gone */
  async removeRuns(ids: readonly string[], onDeleted: (runs: number) => void): Promise<void> {
    for (let from = 0; from < ids.length; from += DELETED_AT_ONCE) {
      const some = ids.slice(from, from + DELETED_AT_ONCE);
      await this.database.db.deleteFrom('runs').where('id', 'in', some).where('state', '<>', 'running').execute();
      onDeleted(from + some.length);
    }
  }

  /** Backfills that were over before a moment: their runs go, and without them they would look as if never begun. */
  async countBackfills(before: Date | null): Promise<number> {
    if (before === null) return 0;
    return countOf(this.database.db, sql`backfills b WHERE ${overBefore(before)}`);
  }

  async removeBackfills(before: Date | null): Promise<number> {
    if (before === null) return 0;
    return deletedBy(this.database.db, sql`DELETE FROM backfills b WHERE ${overBefore(before)}`);
  }

  /** Log lines of some runs, and of those that ended before a moment. */
  async countLogLines(before: Date | null, runs: readonly string[]): Promise<number> {
    return countOf(this.database.db, sql`log_lines WHERE ${linesOf(before, runs)}`);
  }

  /** @param onDeleted is told how many are gone */
  async removeLogLines(
    before: Date | null,
    runs: readonly string[],
    onDeleted: (lines: number) => void,
  ): Promise<number> {
    for (let all = 0; ; ) {
      const deleted = await deletedBy(
        this.database.db,
        sql`DELETE FROM log_lines WHERE id IN (
          SELECT id FROM log_lines WHERE ${linesOf(before, runs)} LIMIT ${LINES_AT_ONCE})`,
      );
      all += deleted;
      onDeleted(all);
      if (deleted < LINES_AT_ONCE) return all;
    }
  }

  async countAudit(before: Date | null): Promise<number> {
    return before === null ? 0 : countOf(this.database.db, sql`audit WHERE at < ${before}`);
  }

  async removeAudit(before: Date | null): Promise<number> {
    return before === null ? 0 : deletedBy(this.database.db, sql`DELETE FROM audit WHERE at < ${before}`);
  }

  /** Notices of no run; those of a run go with it. */
  async countNotices(before: Date | null): Promise<number> {
    return before === null ? 0 : countOf(this.database.db, sql`notices WHERE run_id IS NULL AND at < ${before}`);
  }

  async removeNotices(before: Date | null): Promise<number> {
    if (before === null) return 0;
    return deletedBy(this.database.db, sql`DELETE FROM notices WHERE run_id IS NULL AND at < ${before}`);
  }

  /**
   * What the runs and versions that stay speak of, some runs at a time. What a run plans and what its batches leave out
   * is needed only while it goes on.
   */
  async *roots(gone: { runs: readonly string[]; versions: readonly VersionName[] }): AsyncGenerator<RootPage> {
    const { db } = this.database;
    const versions = await sql<{ artefact: unknown; creator: unknown }>`
      SELECT artefact, creator FROM model_versions WHERE (model, version) NOT IN (${tuples(gone.versions)})`.execute(
      db,
    );
    yield { runs: [], values: versions.rows };
    for (let after = ''; ; ) {
      const { rows: runs } = await sql<{ id: string; pins: unknown }>`
        SELECT id, pins FROM runs WHERE id > ${after} AND id <> ALL(${[...gone.runs]}::text[])
        ORDER BY id LIMIT ${RUNS_AT_ONCE}`.execute(db);
      if (runs.length === 0) return;
      const ids = runs.map(({ id }) => id);
      const { rows: outputs } = await sql<{ output: unknown }>`
        SELECT output FROM step_attempts JOIN runs ON runs.id = run_id
        WHERE run_id = ANY(${ids}::text[]) AND output IS NOT NULL
          AND (phase IN ('once', 'gather') OR runs.state = 'running')`.execute(db);
      yield { runs: ids, values: [...runs.map(({ pins }) => pins), ...outputs.map(({ output }) => output)] };
      after = ids.at(-1)!;
    }
  }

  /** The moment it is, by the clock that attempts are recorded with. */
  async clock(): Promise<Date> {
    const { rows } = await sql<{ now: Date }>`SELECT now() AS now`.execute(this.database.db);
    return rows[0]!.now;
  }

  /** Whether runs or attempts that began between two moments may still be about to say what they found. */
  async areLooking(from: Date, to: Date): Promise<boolean> {
    const { rows } = await sql<{ looking: boolean }>`
      SELECT EXISTS (
        SELECT FROM step_attempts
        WHERE state = 'running' AND phase <> 'batch' AND started_at BETWEEN ${from} AND ${to})
      OR EXISTS (
        SELECT FROM runs WHERE state = 'running' AND pins IS NULL AND started_at BETWEEN ${from} AND ${to})
      AS looking`.execute(this.database.db);
    return rows[0]!.looking;
  }
}

async function findVersions(db: Db, newest: number | null): Promise<OutdatedVersions> {
  if (newest === null) return { go: [], needed: 0 };
  const running = await db.selectFrom('runs').select('pins').where('state', '=', 'running').execute();
  // One that finds out just now which version it is to work with has not said so yet.
  if (running.some(({ pins }) => pins === null)) return { go: [], needed: 0 };
  return outdatedVersions(
    {
      versions: await db.selectFrom('model_versions').select(['model', 'version', 'parent']).execute(),
      champions: await db.selectFrom('models').select(['name', 'champion']).execute(),
      history: await db.selectFrom('championships').select(['model', 'version']).orderBy('since').execute(),
      pins: running.map(({ pins }) => pins),
    },
    newest,
  );
}

/** Of runs: that they are over, and were before a moment. */
const endedBefore = (before: Date): RawBuilder<unknown> =>
  sql`(runs.state <> 'running' AND coalesce(runs.ended_at, runs.started_at) < ${before})`;

/** The same of backfills. */
const overBefore = (before: Date): RawBuilder<unknown> =>
  sql`(b.state NOT IN ('running', 'paused') AND coalesce(b.ended_at, b.created_at) < ${before})`;

function linesOf(before: Date | null, runs: readonly string[]): RawBuilder<unknown> {
  const own = sql`run_id = ANY(${[...runs]}::text[])`;
  if (before === null) return own;
  return sql`(${own} OR run_id IN (SELECT id FROM runs WHERE ${endedBefore(before)}))`;
}

/** Versions as rows of a table. */
const tuples = (versions: readonly VersionName[]): RawBuilder<unknown> =>
  sql`SELECT * FROM unnest(
    ${versions.map(({ model }) => model)}::text[], ${versions.map(({ version }) => version)}::integer[])`;

async function countOf(db: Db, from: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ n: string }>`SELECT count(*) AS n FROM ${from}`.execute(db);
  return Number(rows[0]!.n);
}

async function deletedBy(db: Db, statement: RawBuilder<unknown>): Promise<number> {
  return Number((await statement.execute(db)).numAffectedRows ?? 0n);
}
