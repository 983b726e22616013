import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepMigrationsOffDisk } from '../../config/env.js';
import { migrate } from '../../store/tables/migrate.js';
import { ModelRegistry } from '../../store/tables/model-registry.js';
import { Registry } from '../../store/tables/registry.js';
import { type TestPostgres, testPostgres } from '../support/database.js';

const MIGRATIONS = fileURLToPath(new URL('../../store/tables/migrations', import.meta.url));

let postgres: TestPostgres;
/** All there are, in order. */
let names: string[];

beforeAll(async () => {
  postgres = await testPostgres();
  names = (await readdir(MIGRATIONS)).map((file) => file.replace(/\.sql$/, '')).sort();
});
afterAll(() => postgres.close());

/** Goes some migrations up or down, as an older or newer Millrace would have left the database. */
async function step(pool: pg.Pool, direction: 'up' | 'down', count: number): Promise<void> {
  keepMigrationsOffDisk();
  const { runner } = await import('node-pg-migrate');
  const dbClient = await pool.connect();
  try {
    await runner({ dbClient, dir: MIGRATIONS, direction, count, migrationsTable: 'migrations', log: () => undefined });
  } finally {
    dbClient.release();
  }
}

/** Columns, constraints and indexes, as text. */
async function schema(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(`
    SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT format('%s: %s', conrelid::regclass, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    ORDER BY 1`);
  return rows.map(({ line }) => line);
}

it('makes all tables in an empty database, and says which migrations it ran', async () => {
  const { pool } = await postgres.empty();
  expect(await migrate(pool)).toEqual(names);
  const { rows } = await pool.query<{ tables: string[] }>(
    "SELECT array_agg(tablename::text ORDER BY tablename) AS tables FROM pg_tables WHERE schemaname = 'public'",
  );
  expect(rows[0]!.tables).toEqual([
    'audit',
    'backfill_intervals',
    'backfills',
    'championships',
    'chunk_values',
    'chunks',
    'deliveries',
    'failed_items',
    'log_lines',
    'metrics',
    'migrations',
    'model_versions',
    'models',
    'notices',
    'predictions',
    'quarantine',
    'questions',
    'runs',
    'source_files',
    'step_attempts',
    'tokens',
    'trigger_files',
    'triggers',
  ]);
});

it('does nothing the second time', async () => {
  const { pool } = await postgres.empty();
  await migrate(pool);
  const before = await schema(pool);
  expect(await migrate(pool)).toEqual([]);
  expect(await schema(pool)).toEqual(before);
});

it('runs each migration once when several processes start at once', async () => {
  const { pool } = await postgres.empty();
  const ran = await Promise.all([migrate(pool), migrate(pool), migrate(pool)]);
  expect(ran.flat()).toEqual(names);
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM migrations ORDER BY id');
  expect(rows.map(({ name }) => name)).toEqual(names);
});

it('takes nothing half: what fails leaves the database as it was', async () => {
  const { pool } = await postgres.empty();
  await step(pool, 'up', 1);
  // In the way of the second migration, after it has changed other tables.
  await pool.query('CREATE TABLE tokens (name text)');
  const before = await schema(pool);
  await expect(migrate(pool)).rejects.toThrow(/already exists/);
  expect(await schema(pool)).toEqual(before);
  await pool.query('DROP TABLE tokens');
  expect(await migrate(pool)).toEqual(names.slice(1));
});

it('leads from the first schema to the same as from none', async () => {
  const [first, fresh] = [await postgres.empty(), await postgres.empty()];
  await step(first.pool, 'up', 1);
  expect(await migrate(first.pool)).toEqual(names.slice(1));
  await migrate(fresh.pool);
  expect(await schema(first.pool)).toEqual(await schema(fresh.pool));
});

it('keeps runs, versions and champions of the first schema, and who was champion', async () => {
  const database = await postgres.empty();
  const { pool } = database;
  await step(pool, 'up', 1);
  await pool.query(`
    INSERT INTO runs (id, pipeline, workflow_id, temporal_run_id, state, params) VALUES
      ('run-1', 'sensor-training', 'run-1', 't1', 'done', '{"k": 3}'),
      ('run-2', 'sensor-training', 'run-2', 't2', 'done', '{"k": 3}'),
      ('run-3', 'sensor-training', 'run-3', 't3', 'done', '{"k": 4}');
    INSERT INTO models (name, created_at) VALUES ('sensors', '2025-01-02T03:04:05Z'), ('pumps', '2025-02-03T00:00:00Z');
    INSERT INTO model_versions (model, version, run_id, artefact, creator, params, lineage, metrics)
      SELECT model, version, run_id, '{"uri": "models/a.json"}', '{"uri": "creators/a.json"}', '{}', '{}', '{}'
        FROM (VALUES ('sensors', 1, 'run-1'), ('sensors', 2, 'run-2'), ('pumps', 1, 'run-3')) AS v (model, version, run_id);
    UPDATE models SET champion = 2 WHERE name = 'sensors'`);
  expect(await migrate(pool)).toEqual(names.slice(1));

  const models = new ModelRegistry(database);
  expect(await models.names()).toEqual([
    { name: 'pumps', versions: [1], champion: null },
    { name: 'sensors', versions: [1, 2], champion: 2 },
  ]);
  expect(await models.find('sensors', null)).toMatchObject({
    version: 2,
    runId: 'run-2',
    artefact: { uri: 'models/a.json' },
    trainedTo: null,
  });
  const { rows } = await pool.query('SELECT * FROM championships');
  expect(rows).toEqual([
    {
      model: 'sensors',
      version: 2,
      since: new Date('2025-01-02T03:04:05Z'),
      reason: 'champion before reasons were recorded',
    },
  ]);

  // And goes on from there.
  await expect(models.rollback('sensors', 'back')).rejects.toMatchObject({ code: 'MR_MODEL_MISSING' });
  expect(await models.promote('sensors', 1, 'by hand')).toBe(2);
  expect(await models.rollback('sensors', 'back')).toEqual({ from: 1, to: 2 });
  expect(await new Registry(database).intervalOfRun('t1')).toBeNull();
  expect(await new Registry(database).firingBefore('night', new Date())).toBeNull();
});

it('can be taken back, migration by migration, to nothing', async () => {
  const { pool } = await postgres.empty();
  await step(pool, 'up', 1);
  const first = await schema(pool);
  await migrate(pool);
  await step(pool, 'down', names.length - 1);
  expect(await schema(pool)).toEqual(first);
  await step(pool, 'down', 1);
  expect((await schema(pool)).filter((line) => !line.includes('migrations'))).toEqual([]);
});
