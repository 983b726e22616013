import { createHash, timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';
import { MillraceError } from '../../config/errors.js';
import type { RunInfo } from '../../dag/plan.js';
import type { Ref } from '../../dag/ref.js';
import { type Database, replaceRows } from './database.js';
import type { RunError, RunState } from './schema.js';

export interface AttemptKey {
  runId: string;
  step: string;
  phase: 'once' | 'plan' | 'batch' | 'gather';
  batch: number;
  attempt: number;
}

export interface ModelVersion {
  model: string;
  version: number;
  runId: string;
  parent: number | null;
  artefact: Ref;
  creator: Ref;
  params: Record<string, unknown>;
  lineage: Record<string, unknown>;
  metrics: Record<string, unknown>;
}

type Row = readonly (string | number | boolean | null)[];

/** Runs, attempts, models and what they produced: what is shown and served. It can be rebuilt from the store. */
export class Registry {
  constructor(private readonly database: Database) {}

  /** Records a run when it begins; once per execution, whatever is retried. Returns its id. */
  async beginRun(
    run: RunInfo,
    params: Record<string, unknown>,
    interval: { start: string; end: string } | null,
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
      const id = earlier.n === '0' ? run.workflowId : `${run.workflowId}.${Number(earlier.n) + 1}`;
      await tx
        .insertInto('runs')
        .values({
          id,
          pipeline: run.pipeline,
          workflow_id: run.workflowId,
          temporal_run_id: run.temporalRunId,
          state: 'running',
          params: JSON.stringify(params),
          interval_start: interval === null ? null : new Date(interval.start),
          interval_end: interval === null ? null : new Date(interval.end),
        })
        .execute();
      return id;
    });
  }

  async endRun(
    temporalRunId: string,
    end: { state: RunState; result: unknown; error: RunError | null },
  ): Promise<void> {
    await this.database.db
      .updateTable('runs')
      .set({
        state: end.state,
        ended_at: new Date(),
        result: end.result === null ? null : JSON.stringify(end.result),
        error: end.error === null ? null : JSON.stringify(end.error),
      })
      .where('temporal_run_id', '=', temporalRunId)
      .execute();
  }

  /** Records that an attempt begins. Earlier attempts that never reported were killed: they are marked lost. */
  async beginAttempt({ runId, step, phase, batch, attempt }: AttemptKey, worker: string): Promise<void> {
    await sql`
      WITH lost AS (
        UPDATE step_attempts SET state = 'lost', ended_at = now()
        WHERE run_id = ${runId} AND step = ${step} AND phase = ${phase} AND batch = ${batch} AND attempt < ${attempt} AND state = 'running')
      INSERT INTO step_attempts (run_id, step, phase, batch, attempt, state, worker)
      VALUES (${runId}, ${step}, ${phase}, ${batch}, ${attempt}, 'running', ${worker})
      ON CONFLICT (run_id, step, phase, batch, attempt) DO UPDATE SET state = 'running', worker = ${worker}, started_at = now()
    `.execute(this.database.db);
  }

  async endAttempt(
    { runId, step, phase, batch, attempt }: AttemptKey,
    end: { state: RunState; measures: Record<string, number>; error: RunError | null },
  ): Promise<void> {
    await this.database.db
      .updateTable('step_attempts')
      .set({
        state: end.state,
        ended_at: new Date(),
        measures: JSON.stringify(end.measures),
        error: end.error === null ? null : JSON.stringify(end.error),
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

  /** The champion of a model, or the version asked for; null when the model has none. */
  async findModel(model: string, version: number | null): Promise<ModelVersion | null> {
    const { db } = this.database;
    const row = await db
      .selectFrom('model_versions')
      .innerJoin('models', 'models.name', 'model_versions.model')
      .selectAll('model_versions')
      .where('model', '=', model)
      .where((eb) => eb('version', '=', version ?? eb.ref('models.champion')))
      .executeTakeFirst();
    return row === undefined ? null : toVersion(row);
  }

  /** Names and versions there are, for messages. */
  async modelNames(): Promise<{ name: string; versions: number[]; champion: number | null }[]> {
    const rows = await this.database.db
      .selectFrom('models')
      .leftJoin('model_versions', 'model', 'name')
      .select(['name', 'champion', 'version'])
      .orderBy('name')
      .orderBy('version')
      .execute();
    const models = new Map<string, { name: string; versions: number[]; champion: number | null }>();
    for (const { name, champion, version } of rows) {
      const model = models.get(name) ?? { name, versions: [], champion };
      if (version !== null) model.versions.push(version);
      models.set(name, model);
    }
    return [...models.values()];
  }

  /** Registers a version, once per run. The first becomes champion; later ones when `promote` says so. */
  async publishModel(
    version: Omit<ModelVersion, 'version'>,
    promote: boolean,
  ): Promise<{ version: number; champion: boolean }> {
    return this.database.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('models')
        .values({ name: version.model, champion: null })
        .onConflict((oc) => oc.doNothing())
        .execute();
      const model = await tx
        .selectFrom('models')
        .selectAll()
        .where('name', '=', version.model)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const own = await tx
        .selectFrom('model_versions')
        .select('version')
        .where((eb) => eb.and({ model: version.model, run_id: version.runId }))
        .executeTakeFirst();
      if (own !== undefined) return { version: own.version, champion: model.champion === own.version };
      const last = await tx
        .selectFrom('model_versions')
        .select((eb) => eb.fn.max('version').as('version'))
        .where('model', '=', version.model)
        .executeTakeFirst();
      const next = (last?.version ?? 0) + 1;
      await tx
        .insertInto('model_versions')
        .values({
          model: version.model,
          version: next,
          run_id: version.runId,
          parent: version.parent,
          artefact: JSON.stringify(version.artefact),
          creator: JSON.stringify(version.creator),
          params: JSON.stringify(version.params),
          lineage: JSON.stringify(version.lineage),
          metrics: JSON.stringify(version.metrics),
        })
        .execute();
      const champion = promote || model.champion === null;
      if (champion) await tx.updateTable('models').set({ champion: next }).where('name', '=', version.model).execute();
      return { version: next, champion };
    });
  }

  /** @throws MillraceError MR_MODEL_MISSING */
  async promote(model: string, version: number): Promise<void> {
    if ((await this.findModel(model, version)) === null) throw await this.missingModel(model, version);
    await this.database.db.updateTable('models').set({ champion: version }).where('name', '=', model).execute();
  }

  /** Whether a token is one of those that were made; compared by hash, in constant time. */
  async knowsToken(token: string): Promise<boolean> {
    const wanted = createHash('sha256').update(token).digest();
    const all = await this.database.db.selectFrom('tokens').select(['name', 'sha256', 'last_used_at']).execute();
    const found = all.filter(({ sha256 }) => timingSafeEqual(sha256, wanted))[0];
    if (found === undefined) return false;
    // To the hour is enough to see which are in use, and spares a write per request.
    if (found.last_used_at === null || Date.now() - found.last_used_at.getTime() > 3_600_000) {
      await this.database.db
        .updateTable('tokens')
        .set({ last_used_at: new Date() })
        .where('name', '=', found.name)
        .execute();
    }
    return true;
  }

  async missingModel(model: string, version: number | null): Promise<MillraceError> {
    const models = await this.modelNames();
    const own = models.find(({ name }) => name === model);
    const found =
      version === null ? `there is no model "${model}"` : `there is no version ${version} of the model "${model}"`;
    const there = models.map(({ name, versions }) => `${name} (versions ${versions.join(', ')})`).join('; ');
    return new MillraceError('MR_MODEL_MISSING', found, {
      allowed:
        own !== undefined
          ? `its versions: ${own.versions.join(', ')}`
          : there === ''
            ? 'no model was trained yet'
            : `models: ${there}`,
      next: there === '' ? 'train one: millrace run sensor-training --set source=…' : 'millrace models list shows all',
    });
  }
}

function toVersion(row: {
  model: string;
  version: number;
  run_id: string;
  parent: number | null;
  artefact: Ref;
  creator: Ref;
  params: Record<string, unknown>;
  lineage: Record<string, unknown>;
  metrics: Record<string, unknown>;
}): ModelVersion {
  const { run_id: runId, ...rest } = row;
  return { ...rest, runId };
}
