import { sql } from 'kysely';
import type { RunInfo } from '../../dag/plan.js';
import { type Database, type Db, replaceRows } from './database.js';
import { jsonText } from './json.js';
import type { RunError, RunState } from './schema.js';

export interface AttemptKey {
  runId: string;
  step: string;
  phase: 'once' | 'plan' | 'batch' | 'gather';
  batch: number;
  attempt: number;
}

/** What a run was begun by, beside a person. */
export interface StartedBy {
  schedule?: string | null;
  backfill?: string | null;
  trigger?: string | null;
  /** The run that it was made from. */
  rerunOf?: string | null;
}

type Row = readonly (string | number | boolean | null)[];

/** Runs, attempts and what they produced: what is shown and served. It can be rebuilt from the store. */
export class Registry {
  constructor(private readonly database: Database) {}

  /** Records a run when it begins; once per execution, whatever is retried. Returns its id. */
  async beginRun(
    run: RunInfo,
    params: Record<string, unknown>,
    interval: { start: string; end: string } | null,
    { schedule = null, backfill = null, trigger = null, rerunOf = null }: StartedBy = {},
  ): Promise<string> {
    const { db } = this.database;
    return db.transaction().execute(async (tx) => {
      await sql`SELECT pg_advisory_xact_lock(hashtext(${run.workflowId}))`.execute(tx);
      const existing = await tx
        .selectFrom('runs')
        .select('id')
        .where('temporal_run_id', '=', run.temporalRunId)
        .executeTakeFirst();
      if (existing !== undefined) return existing.id;
      const earlier = await tx
        .selectFrom('runs')
        .select((eb) => eb.fn.countAll<string>().as('n'))
        .where('workflow_id', '=', run.workflowId)
        .executeTakeFirstOrThrow();
      const id = await nthRunId(tx, run.workflowId, Number(earlier.n) + 1);
      await tx
        .insertInto('runs')
        .values({
          id,
          pipeline: run.pipeline,
          workflow_id: run.workflowId,
          temporal_run_id: run.temporalRunId,
          state: 'running',
          params: jsonText(params),
          interval_start: interval === null ? null : new Date(interval.start),
          interval_end: interval === null ? null : new Date(interval.end),
          schedule,
          backfill,
          trigger,
          rerun_of: rerunOf,
        })
        .execute();
      return id;
    });
  }

  /** Records that a run is held between its batches, or goes on. */
  async setPaused(temporalRunId: string, paused: boolean): Promise<void> {
    await this.database.db
      .updateTable('runs')
      .set({ paused_at: paused ? new Date() : null })
      .where('temporal_run_id', '=', temporalRunId)
      .execute();
  }

  /** The batches of a run that workers are at. */
  async runningBatches(runId: string): Promise<{ step: string; batch: number }[]> {
    return this.database.db
      .selectFrom('step_attempts')
      .select(['step', 'batch'])
      .where((eb) => eb.and({ run_id: runId, phase: 'batch', state: 'running' }))
      .execute();
  }

  /** Keeps what a run was pinned to. */
  async putPins(temporalRunId: string, pins: Record<string, unknown>): Promise<void> {
    await this.database.db
      .updateTable('runs')
      .set({ pins: jsonText(pins) })
      .where('temporal_run_id', '=', temporalRunId)
      .execute();
  }

  /** What a run was pinned to, and with which params; null where there is no such run. */
  async pinsOf(
    runId: string,
  ): Promise<{ pipeline: string; params: Record<string, unknown>; pins: Record<string, unknown> | null } | null> {
    const row = await this.database.db
      .selectFrom('runs')
      .select(['pipeline', 'params', 'pins'])
      .where('id', '=', runId)
      .executeTakeFirst();
    return row ?? null;
  }

  /** The interval with which an execution was recorded, or null. */
  async intervalOfRun(temporalRunId: string): Promise<{ start: string; end: string } | null> {
    const row = await this.database.db
      .selectFrom('runs')
      .select(['interval_start', 'interval_end'])
      .where('temporal_run_id', '=', temporalRunId)
      .executeTakeFirst();
    if (row?.interval_start == null || row.interval_end === null) return null;
    return { start: row.interval_start.toISOString(), end: row.interval_end.toISOString() };
  }

  /** When the newest interval of a schedule before `end` ended; null when there is none. */
  async firingBefore(schedule: string, end: Date): Promise<Date | null> {
    const row = await this.database.db
      .selectFrom('runs')
      .select((eb) => eb.fn.max('interval_end').as('end'))
      .where('schedule', '=', schedule)
      .where('interval_end', '<', end)
      .executeTakeFirst();
    return row?.end ?? null;
  }

  /** Whether a later firing of a schedule has the time before `end` in its interval: it was resolved first. */
  async isCovered(schedule: string, end: Date): Promise<boolean> {
    const row = await this.database.db
      .selectFrom('runs')
      .select('id')
      .where('schedule', '=', schedule)
      .where('interval_start', '<', end)
      .where('interval_end', '>', end)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Records how a run ended. Returns whether it was recorded when it began. */
  async endRun(
    temporalRunId: string,
    end: { state: RunState; result: unknown; error: RunError | null },
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.database.db
      .updateTable('runs')
      .set({
        state: end.state,
        ended_at: new Date(),
        result: end.result === null ? null : jsonText(end.result),
        error: end.error === null ? null : jsonText(end.error),
      })
      .where('temporal_run_id', '=', temporalRunId)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  /**
   * Records that an attempt begins, and returns its number: where the work was handed out in rounds before, numbers go
   * on. Earlier attempts that never reported were killed: they are marked lost.
   */
  async beginAttempt({ runId, step, phase, batch, attempt }: AttemptKey, worker: string, round = 0): Promise<number> {
    const { rows } = await sql<{ attempt: number }>`
      WITH same AS (
        SELECT attempt, round, state FROM step_attempts
        WHERE run_id = ${runId} AND step = ${step} AND phase = ${phase} AND batch = ${batch}),
      own AS (SELECT coalesce(max(attempt) FILTER (WHERE round < ${round}), 0) + ${attempt}::int AS attempt FROM same),
      lost AS (
        UPDATE step_attempts SET state = 'lost', ended_at = now()
        WHERE run_id = ${runId} AND step = ${step} AND phase = ${phase} AND batch = ${batch}
          AND attempt < (SELECT attempt FROM own) AND state = 'running')
      INSERT INTO step_attempts (run_id, step, phase, batch, attempt, round, state, worker)
      SELECT ${runId}, ${step}, ${phase}, ${batch}, attempt, ${round}, 'running', ${worker} FROM own
      ON CONFLICT (run_id, step, phase, batch, attempt) DO UPDATE SET state = 'running', worker = ${worker}, started_at = now()
      RETURNING attempt
    `.execute(this.database.db);
    return rows[0]!.attempt;
  }

  /** @param end.output what is to be known of what it put out, once the run is over; null: nothing */
  async endAttempt(
    { runId, step, phase, batch, attempt }: AttemptKey,
    end: { state: RunState; measures: Record<string, number>; error: RunError | null; output?: unknown },
  ): Promise<void> {
    const { output = null } = end;
    await this.database.db
      .updateTable('step_attempts')
      .set({
        state: end.state,
        ended_at: new Date(),
        measures: JSON.stringify(end.measures),
        error: end.error === null ? null : jsonText(end.error),
        output: output === null ? null : jsonText(output),
      })
      .where((eb) => eb.and({ run_id: runId, step, phase, batch, attempt }))
      .execute();
  }

  async attempts(runId: string) {
    return this.database.db
      .selectFrom('step_attempts')
      .selectAll()
      .where('run_id', '=', runId)
      .orderBy('started_at')
      .execute();
  }

  async replaceChunks(runId: string, rows: Iterable<Row>): Promise<void> {
    const columns = [
      'run_id',
      'sensor',
      'day',
      'readings',
      'first_at',
      'last_at',
      'largest_gap_s',
      'share',
      'value_hash',
    ];
    await replaceRows(this.database.pool, 'chunks', columns, runId, rows);
  }

  async replaceSourceFiles(runId: string, rows: Iterable<Row>): Promise<void> {
    const columns = ['run_id', 'path', 'sha256', 'bytes', 'readings', 'days'];
    await replaceRows(this.database.pool, 'source_files', columns, runId, rows);
  }

  async replaceQuarantine(runId: string, rows: Iterable<Row>): Promise<void> {
    await replaceRows(
      this.database.pool,
      'quarantine',
      ['run_id', 'file', 'record', 'sensor', 'reason', 'raw'],
      runId,
      rows,
    );
  }

  async replacePredictions(runId: string, rows: Iterable<Row>): Promise<void> {
    const columns = ['run_id', 'sensor', 'day', 'cluster', 'distance', 'novel', 'model', 'version'];
    await replaceRows(this.database.pool, 'predictions', columns, runId, rows);
  }

  /** Numbers by chunk and name; a number that is not finite has no row. */
  async replaceChunkValues(runId: string, rows: Iterable<Row>): Promise<void> {
    const columns = ['run_id', 'sensor', 'day', 'name', 'value'];
    await replaceRows(this.database.pool, 'chunk_values', columns, runId, rows);
  }

  /** Writes the numbers of a step; a number that is not finite is stored as NULL. */
  async putMetrics(runId: string, step: string, values: Record<string, number>): Promise<void> {
    const rows = Object.entries(values).map(([name, value]) => ({
      run_id: runId,
      step,
      name,
      value: Number.isFinite(value) ? value : null,
    }));
    if (rows.length === 0) return;
    await this.database.db
      .insertInto('metrics')
      .values(rows)
      .onConflict((oc) =>
        oc.columns(['run_id', 'step', 'name']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
      )
      .execute();
  }
}

/** The name of a workflow's nth execution; a workflow of another name may have taken it. */
export async function nthRunId(db: Db, workflowId: string, nth: number): Promise<string> {
  for (let n = nth; ; n++) {
    const id = n === 1 ? workflowId : `${workflowId}.${n}`;
    const taken = await db.selectFrom('runs').select('id').where('id', '=', id).executeTakeFirst();
    if (taken === undefined) return id;
  }
}
