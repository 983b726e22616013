import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../store/tables/database.js';
import { LogLines } from '../../store/tables/log-lines.js';
import { ModelRegistry } from '../../store/tables/model-registry.js';
import { Registry, type StartedBy } from '../../store/tables/registry.js';
import { Retention, type RootPage } from '../../store/tables/retention.js';
import { type TestPostgres, testPostgres } from '../support/database.js';

const DAY_MS = 86_400_000;

let postgres: TestPostgres;
let database: Database;
let registry: Registry;
let models: ModelRegistry;
let retention: Retention;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  registry = new Registry(database);
  models = new ModelRegistry(database);
  retention = new Retention(database);
});

const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);
const before = daysAgo(90);

interface Facts extends StartedBy {
  state?: 'running' | 'done' | 'failed';
  /** How long ago it began and ended. */
  days?: number;
  interval?: { start: string; end: string };
  pins?: Record<string, unknown>;
}

async function run(id: string, { state = 'done', days = 100, interval, pins, ...by }: Facts = {}): Promise<void> {
  const info = { runId: id, workflowId: id, temporalRunId: id, pipeline: 'sensor-training' };
  await registry.beginRun(info, {}, interval ?? null, by);
  if (pins !== undefined) await registry.putPins(id, pins);
  if (state !== 'running') await registry.endRun(id, { state, result: null, error: null });
  const ended = state === 'running' ? null : daysAgo(days);
  await database.pool.query('UPDATE runs SET started_at = $2, ended_at = $3 WHERE id = $1', [id, daysAgo(days), ended]);
}

/** Registers the next version, which a run of its own made. */
async function version(parent: number | null, promote: boolean, model = 'sensors'): Promise<number> {
  const runId = `${model}-${(await models.names()).find(({ name }) => name === model)?.versions.length ?? 0}`;
  await run(runId);
  const ref = (uri: string) => ({ uri, valueHash: uri, sha256: uri, rows: 1, bytes: 1, schemaHash: '' });
  const made = await models.publish(
    {
      ...{ model, runId, parent, params: {}, lineage: {}, metrics: {}, trainedTo: null },
      artefact: ref(`models/${runId}.json`),
      creator: ref(`creators/${runId}.json`),
    },
    { promote, reason: '', champion: null, always: true },
  );
  return made.version;
}

const versionsGone = async (newest: number | null) =>
  (await retention.versions(newest)).go.map(({ model, version }) => `${model}@${version}`).sort();
const runsGone = async (moment: Date | null = before) => (await retention.runs(moment, [])).go;

describe('runs', () => {
  it('go when they ended before a moment, however they ended', async () => {
    await run('old');
    await run('failed', { state: 'failed' });
    await run('young', { days: 80 });
    await run('goes on', { state: 'running' });
    expect(await runsGone()).toEqual(['failed', 'old']);
    expect(await runsGone(null)).toEqual([]);
  });

  it('stay that a run that goes on was made from, and what those were made from', async () => {
    await run('first');
    await run('second', { rerunOf: 'first' });
    await run('third', { rerunOf: 'second', state: 'running' });
    await run('beside', { rerunOf: 'first' });
    expect(await runsGone()).toEqual(['beside']);
    expect((await retention.runs(before, [])).needed).toEqual({ version: 0, rerun: 2, backfill: 0, schedule: 0 });
  });

  it('stay that made a version, unless it goes too', async () => {
    await version(null, true);
    await run('other');
    expect(await runsGone()).toEqual(['other']);
    expect((await retention.runs(before, [{ model: 'sensors', version: 1 }])).go).toEqual(['other', 'sensors-0']);
  });

  it('stay of which the next of their schedule is to begin at the end', async () => {
    const interval = (day: number) => ({ start: `2026-01-0${day}T00:00:00Z`, end: `2026-01-0${day + 1}T00:00:00Z` });
    await run('night 1', { schedule: 'night', interval: interval(1) });
    await run('night 2', { schedule: 'night', interval: interval(2) });
    await run('noon', { schedule: 'noon', interval: interval(1) });
    expect(await runsGone()).toEqual(['night 1']);
  });

  it('stay with a backfill that is open or young, and go with one that is over', async () => {
    const interval = { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' };
    await database.pool.query(
      `INSERT INTO backfills (id, pipeline, declaration, state, created_at) VALUES ('winter', 'sensor-training', '{}', 'paused', $1)`,
      [daysAgo(120)],
    );
    await database.pool.query(`INSERT INTO backfill_intervals VALUES ('winter', 1, $1, $2)`, [
      interval.start,
      interval.end,
    ]);
    await run('of it', { interval });
    await run('before it', { interval, days: 130 });
    expect(await runsGone()).toEqual(['before it']);
    expect(await retention.countBackfills(before)).toBe(0);
    const ends = (days: number) =>
      database.pool.query(`UPDATE backfills SET state = 'done', ended_at = $1`, [daysAgo(days)]);
    await ends(10);
    expect(await runsGone()).toEqual(['before it']);
    await ends(95);
    expect(await runsGone()).toEqual(['before it', 'of it']);
    expect(await retention.countBackfills(before)).toBe(1);
    expect(await retention.removeBackfills(before)).toBe(1);
  });

  it('take all their rows with them', async () => {
    for (let n = 0; n < 25; n++) await run(`old ${n}`);
    await run('young', { days: 1 });
    const key = { runId: 'old 3', step: 'read', phase: 'batch', batch: 1, attempt: 1 } as const;
    await registry.beginAttempt(key, 'worker');
    await registry.putMetrics('old 3', 'train', { inertia: 1 });
    const { go } = await retention.runs(before, []);
    const told: number[] = [];
    await retention.removeRuns(go, (n) => told.push(n));
    expect(told).toEqual([10, 20, 25]);
    const { rows } = await database.pool.query(
      'SELECT (SELECT array_agg(id) FROM runs) AS runs, (SELECT count(*) FROM step_attempts) AS attempts, (SELECT count(*) FROM metrics) AS metrics',
    );
    expect(rows).toEqual([{ runs: ['young'], attempts: '0', metrics: '0' }]);
  });
});

describe('log lines', () => {
  it('go of runs that ended before a moment, and of runs that go', async () => {
    const logs = new LogLines(database);
    for (const [id, facts] of Object.entries({
      old: {},
      young: { days: 1 },
      'goes on': { state: 'running' },
    } as const)) {
      await run(id, facts);
      const line = { at: daysAgo(200), level: 'info' as const, message: 'x', fields: {} };
      await logs.write({ runId: id, step: 'read', phase: 'once', batch: 0, attempt: 1 }, [line, line]);
    }
    expect(await retention.countLogLines(before, [])).toBe(2);
    expect(await retention.countLogLines(null, ['young'])).toBe(2);
    expect(await retention.countLogLines(before, ['young', 'old'])).toBe(4);
    expect(await retention.removeLogLines(before, [], () => undefined)).toBe(2);
    expect(await retention.countLogLines(daysAgo(0), [])).toBe(2);
    expect((await logs.list('goes on', {}, 10)).length).toBe(2);
  });
});

describe('audit entries and notices of no run', () => {
  it('go when they are older', async () => {
    await run('old');
    await database.pool.query(
      `INSERT INTO audit (at, address, act, target, status) VALUES ($1, '', '', '', 200), (now(), '', '', '', 200)`,
      [daysAgo(400)],
    );
    await database.pool.query(
      `INSERT INTO notices (id, run_id, kind, pipeline, message, at)
       VALUES ('a', NULL, 'test', '', '', $1), ('b', 'old', 'failed', '', '', $1), ('c', NULL, 'test', '', '', now())`,
      [daysAgo(400)],
    );
    const year = daysAgo(365);
    expect([await retention.countAudit(year), await retention.countNotices(year)]).toEqual([1, 1]);
    expect([await retention.removeAudit(year), await retention.removeNotices(year)]).toEqual([1, 1]);
    expect([await retention.countAudit(year), await retention.countNotices(year)]).toEqual([0, 0]);
    expect([await retention.removeAudit(null), await retention.removeNotices(null)]).toEqual([0, 0]);
    expect((await database.pool.query('SELECT id FROM notices ORDER BY id')).rows).toEqual([{ id: 'b' }, { id: 'c' }]);
  });
});

describe('model versions', () => {
  it('go beyond the newest of each model', async () => {
    for (let n = 1; n <= 4; n++) await version(null, false);
    await version(null, false, 'pumps');
    expect(await versionsGone(2)).toEqual(['sensors@1', 'sensors@2']);
    expect(await versionsGone(4)).toEqual([]);
    expect(await versionsGone(null)).toEqual([]);
  });

  it('stay that a champion was continued from, and the one that a rollback leads to', async () => {
    await version(null, true);
    await version(1, false);
    await version(1, true);
    await version(null, true);
    for (let n = 5; n <= 7; n++) await version(null, false);
    // 4 is champion; 3 was it before, and was continued from 1.
    expect(await versionsGone(1)).toEqual(['sensors@2', 'sensors@5', 'sensors@6']);
    expect((await retention.versions(1)).needed).toBe(3);
    await retention.removeVersions(1);
    expect(await models.names()).toEqual([{ name: 'sensors', versions: [1, 3, 4, 7], champion: 4 }]);
    expect(await models.rollback('sensors', 'back')).toEqual({ from: 4, to: 3 });
    expect(await version(7, false)).toBe(8);
  });

  it('stay that runs that go on are pinned to, and all of them while one is not pinned yet', async () => {
    for (let n = 1; n <= 4; n++) await version(n === 2 ? 1 : null, false);
    await run('goes on', { state: 'running', pins: { parent: { model: 'sensors', version: 2 }, champion: null } });
    expect(await versionsGone(1)).toEqual(['sensors@3']);
    await run('begins', { state: 'running' });
    expect(await versionsGone(1)).toEqual([]);
  });
});

describe('what the rest speaks of', () => {
  async function roots(gone: Parameters<Retention['roots']>[0]): Promise<RootPage> {
    const all: RootPage = { runs: [], values: [] };
    for await (const page of retention.roots(gone)) {
      all.runs.push(...page.runs);
      all.values.push(...page.values);
    }
    return all;
  }

  it('is what it was pinned to and what its steps put out; plans only while a run goes on', async () => {
    for (const id of ['goes', 'is over', 'goes on']) {
      await run(id, { state: id === 'goes on' ? 'running' : 'done', pins: { of: id } });
      for (const phase of ['plan', 'gather'] as const) {
        const key = { runId: id, step: 'read', phase, batch: 0, attempt: 1 };
        await registry.beginAttempt(key, 'worker');
        await registry.endAttempt(key, { state: 'done', measures: {}, error: null, output: { [phase]: id } });
      }
    }
    const { runs, values } = await roots({ runs: ['goes'], versions: [] });
    expect(runs).toEqual(['goes on', 'is over']);
    expect(values).toHaveLength(5);
    expect(values).toEqual(
      expect.arrayContaining([
        { of: 'is over' },
        { of: 'goes on' },
        { gather: 'is over' },
        { gather: 'goes on' },
        { plan: 'goes on' },
      ]),
    );
  });

  it('is what versions are made of, and of many runs nothing is missing', async () => {
    await version(null, true);
    await version(null, false);
    await database.pool.query(
      `INSERT INTO runs (id, pipeline, workflow_id, temporal_run_id, state, params)
       SELECT 'many ' || n, 'p', 'w', 'many ' || n, 'done', '{}' FROM generate_series(1, 450) n`,
    );
    const { runs, values } = await roots({ runs: ['many 7'], versions: [{ model: 'sensors', version: 1 }] });
    expect(new Set(runs).size).toBe(451);
    expect(values).toContainEqual({
      artefact: expect.objectContaining({ uri: 'models/sensors-1.json' }),
      creator: expect.objectContaining({ uri: 'creators/sensors-1.json' }),
    });
    expect(JSON.stringify(values)).not.toContain('models/sensors-0.json');
  });
});

it('knows who may be about to say what they found', async () => {
  const now = () => retention.clock();
  const from = await now();
  await run('resolved', { state: 'running', pins: {}, days: 0 });
  expect(await retention.areLooking(from, await now())).toBe(false);
  const key = { runId: 'resolved', step: 'train', phase: 'once', batch: 0, attempt: 1 } as const;
  await registry.beginAttempt(key, 'worker');
  expect(await retention.areLooking(from, await now())).toBe(true);
  expect(await retention.areLooking(await now(), await now())).toBe(false);
  await registry.endAttempt(key, { state: 'done', measures: {}, error: null });
  expect(await retention.areLooking(from, await now())).toBe(false);
});
