import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunInfo } from '../../dag/plan.js';
import type { Database } from '../../store/tables/database.js';
import { type AttemptKey, Registry } from '../../store/tables/registry.js';
import { type TestPostgres, testPostgres } from '../support/database.js';

let postgres: TestPostgres;
let database: Database;
let registry: Registry;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  registry = new Registry(database);
});

const runOf = (workflowId: string, temporalRunId: string): RunInfo => ({
  runId: workflowId,
  workflowId,
  temporalRunId,
  pipeline: 'sensor-training',
});

const begin = (workflowId = 'nightly', temporalRunId = 'first') =>
  registry.beginRun(runOf(workflowId, temporalRunId), { k: 3 }, null);

async function rows<T extends object>(sql: string): Promise<T[]> {
  return (await database.pool.query<T>(sql)).rows;
}

describe('a run', () => {
  it('keeps what began it, what it was pinned to, and whether it is held', async () => {
    const began = { backfill: 'winter', rerunOf: 'nightly' };
    await registry.beginRun(runOf('again', 'second'), { k: 3 }, null, began);
    expect(await registry.pinsOf('again')).toEqual({ pipeline: 'sensor-training', params: { k: 3 }, pins: null });
    await registry.putPins('second', { parent: { version: 2 } });
    expect((await registry.pinsOf('again'))!.pins).toEqual({ parent: { version: 2 } });
    expect(await registry.pinsOf('never')).toBeNull();
    await registry.setPaused('second', true);
    const [held] = await rows("SELECT backfill, rerun_of, paused_at FROM runs WHERE id = 'again'");
    expect(held).toEqual({ backfill: 'winter', rerun_of: 'nightly', paused_at: expect.any(Date) });
    await registry.setPaused('second', false);
    expect(await rows("SELECT paused_at FROM runs WHERE id = 'again'")).toEqual([{ paused_at: null }]);
    await database.pool.query("DELETE FROM runs WHERE id = 'again'");
  });

  it('is recorded with its params and interval, under the id of its workflow', async () => {
    const interval = { start: '2026-05-01T00:00:00+02:00', end: '2026-05-02T00:00:00.123+02:00' };
    expect(await registry.beginRun(runOf('nightly', 'first'), { k: 3 }, interval, { schedule: 'night' })).toBe(
      'nightly',
    );
    expect(await rows('SELECT * FROM runs')).toEqual([
      {
        id: 'nightly',
        pipeline: 'sensor-training',
        workflow_id: 'nightly',
        temporal_run_id: 'first',
        state: 'running',
        params: { k: 3 },
        interval_start: new Date('2026-04-30T22:00:00Z'),
        interval_end: new Date('2026-05-01T22:00:00.123Z'),
        schedule: 'night',
        trigger: null,
        backfill: null,
        rerun_of: null,
        pins: null,
        paused_at: null,
        started_at: expect.any(Date),
        ended_at: null,
        result: null,
        error: null,
      },
    ]);
  });

  it('is recorded once per execution, however often it is begun', async () => {
    const begun = await Promise.all([begin(), begin(), begin()]);
    await registry.beginRun(runOf('nightly', 'first'), { k: 9 }, null);
    expect(begun).toEqual(['nightly', 'nightly', 'nightly']);
    expect(await rows('SELECT params FROM runs')).toEqual([{ params: { k: 3 } }]);
  });

  it('of a workflow id that ran before has a number', async () => {
    expect(await begin('nightly', 'first')).toBe('nightly');
    expect(await begin('nightly', 'second')).toBe('nightly.2');
    expect(await begin('nightly', 'third')).toBe('nightly.3');
    expect(await begin('nightly', 'second')).toBe('nightly.2');
  });

  it('has an id of its own also when workflows are called like numbered runs', async () => {
    const ids = [await begin('nightly', 'a'), await begin('nightly', 'b'), await begin('nightly.2', 'c')];
    expect(new Set(ids).size).toBe(3);
  });

  it('ends with its state and what it gave, found by its execution', async () => {
    await begin('nightly', 'first');
    await begin('nightly', 'second');
    await registry.endRun('second', { state: 'done', result: { chunks: 3 }, error: null });
    const error = { code: 'MR_NO_CHUNKS', message: 'none is left', step: 'chunk' };
    await registry.endRun('first', { state: 'failed', result: null, error });
    expect(await rows('SELECT id, state, result, error, ended_at IS NOT NULL AS ended FROM runs ORDER BY id')).toEqual([
      { id: 'nightly', state: 'failed', result: null, error, ended: true },
      { id: 'nightly.2', state: 'done', result: { chunks: 3 }, error: null, ended: true },
    ]);
  });
});

describe('texts that Postgres cannot hold', () => {
  // As the names of columns of a file that is no text.
  const error = { code: 'MR_COLUMN_MISSING', message: 'its columns: z\0e\0i\0t\0 "\\u0000"', step: 'read' };
  const kept = { ...error, message: 'its columns: z\uFFFDe\uFFFDi\uFFFDt\uFFFD "\\u0000"' };

  it('do not keep a run from ending', async () => {
    await begin('nightly', 'first');
    await registry.endRun('first', { state: 'failed', result: { name: 'a\0b' }, error });
    expect(await rows('SELECT state, result, error FROM runs')).toEqual([
      { state: 'failed', result: { name: 'a\uFFFDb' }, error: kept },
    ]);
  });

  it('do not keep an attempt from ending', async () => {
    await begin();
    const key = { runId: 'nightly', step: 'read', phase: 'batch', batch: 1, attempt: 1 } as const;
    await registry.beginAttempt(key, 'worker-1');
    await registry.endAttempt(key, { state: 'failed', measures: {}, error });
    expect(await registry.attempts('nightly')).toMatchObject([{ state: 'failed', error: kept }]);
  });
});

describe('intervals', () => {
  const record = (id: string, start: string, end: string, schedule: string | null) =>
    registry.beginRun(runOf(id, id), {}, { start, end }, { schedule });

  it('are found again by execution', async () => {
    await record('a', '2026-05-01T00:00:00+02:00', '2026-05-02T00:00:00Z', 'night');
    await begin('b', 'b');
    expect(await registry.intervalOfRun('a')).toEqual({
      start: '2026-04-30T22:00:00.000Z',
      end: '2026-05-02T00:00:00.000Z',
    });
    expect(await registry.intervalOfRun('b')).toBeNull();
    expect(await registry.intervalOfRun('c')).toBeNull();
  });

  it('of a schedule are asked for the newest before a moment, not at it', async () => {
    await record('a', '2026-05-01T00:00:00Z', '2026-05-02T00:00:00Z', 'night');
    await record('b', '2026-05-02T00:00:00Z', '2026-05-03T00:00:00Z', 'night');
    await record('c', '2026-05-02T00:00:00Z', '2026-05-02T12:00:00Z', 'noon');
    await record('d', '2026-05-02T00:00:00Z', '2026-05-02T13:00:00Z', null);
    const newest = (at: string, schedule = 'night') => registry.firingBefore(schedule, new Date(at));
    expect(await newest('2026-05-04T00:00:00Z')).toEqual(new Date('2026-05-03T00:00:00Z'));
    expect(await newest('2026-05-03T00:00:00.001Z')).toEqual(new Date('2026-05-03T00:00:00Z'));
    expect(await newest('2026-05-03T00:00:00Z')).toEqual(new Date('2026-05-02T00:00:00Z'));
    expect(await newest('2026-05-02T00:00:00Z')).toBeNull();
    expect(await newest('2026-05-04T00:00:00Z', 'dawn')).toBeNull();
  });
});

describe('attempts', () => {
  const key = (change: Partial<AttemptKey> = {}): AttemptKey => ({
    ...{ runId: 'nightly', step: 'read', phase: 'batch', batch: 1, attempt: 1 },
    ...change,
  });

  /** `step phase batch attempt: state`, for those of a run. */
  const states = async (run = 'nightly') =>
    (await registry.attempts(run))
      .map(({ step, phase, batch, attempt, state }) => `${step} ${phase} ${batch} ${attempt}: ${state}`)
      .sort();

  beforeEach(() => begin());

  it('begin, and end with what they measured', async () => {
    await registry.beginAttempt(key(), 'worker-1');
    expect(await registry.attempts('nightly')).toMatchObject([
      { step: 'read', state: 'running', worker: 'worker-1', ended_at: null, measures: {}, error: null },
    ]);
    await registry.endAttempt(key(), { state: 'done', measures: { rows: 4 }, error: null });
    const [ended] = await registry.attempts('nightly');
    expect(ended).toMatchObject({ state: 'done', measures: { rows: 4 }, error: null });
    expect(ended!.ended_at!.getTime()).toBeGreaterThanOrEqual(ended!.started_at.getTime());
  });

  it('keep what they put out, where that is said', async () => {
    await registry.beginAttempt(key(), 'worker-1');
    const output = { ref: { uri: 'tables/a\0b.parquet' }, sensors: 2 };
    await registry.endAttempt(key(), { state: 'done', measures: {}, error: null, output });
    await registry.beginAttempt(key({ batch: 2 }), 'worker-1');
    await registry.endAttempt(key({ batch: 2 }), { state: 'done', measures: {}, error: null, output: null });
    expect(await rows('SELECT output, output IS NULL AS none FROM step_attempts ORDER BY batch')).toEqual([
      { output: { ref: { uri: 'tables/a\uFFFDb.parquet' }, sensors: 2 }, none: false },
      { output: null, none: true },
    ]);
  });

  it('that never reported are lost when the next begins', async () => {
    await registry.beginAttempt(key({ attempt: 1 }), 'killed');
    await registry.beginAttempt(key({ attempt: 2 }), 'killed too');
    await registry.beginAttempt(key({ attempt: 3 }), 'worker-3');
    expect(await states()).toEqual(['read batch 1 1: lost', 'read batch 1 2: lost', 'read batch 1 3: running']);
    const [first] = await registry.attempts('nightly');
    expect(first!.ended_at).toBeInstanceOf(Date);
  });

  it('that ended keep their state when the next begins', async () => {
    const error = { code: 'MR_SERVICE', message: 'gone', step: null };
    await registry.beginAttempt(key(), 'worker-1');
    await registry.endAttempt(key(), { state: 'failed', measures: {}, error });
    await registry.beginAttempt(key({ attempt: 2 }), 'worker-1');
    expect(await states()).toEqual(['read batch 1 1: failed', 'read batch 1 2: running']);
    expect((await registry.attempts('nightly'))[0]).toMatchObject({ error });
  });

  it('of other runs, steps, phases and batches, and later ones, are not lost', async () => {
    await begin('hourly', 'other');
    await registry.beginAttempt(key({ runId: 'hourly' }), 'w');
    await registry.beginAttempt(key({ step: 'chunk' }), 'w');
    await registry.beginAttempt(key({ phase: 'gather' }), 'w');
    await registry.beginAttempt(key({ batch: 2 }), 'w');
    await registry.beginAttempt(key({ attempt: 3 }), 'w');
    await registry.beginAttempt(key({ attempt: 2 }), 'w');
    expect([...(await states()), ...(await states('hourly'))].filter((each) => !each.endsWith('running'))).toEqual([]);
    expect(await states()).toHaveLength(5);
  });

  it('begin again when the try to record them is repeated', async () => {
    await registry.beginAttempt(key(), 'worker-1');
    await registry.beginAttempt(key(), 'worker-2');
    expect(await registry.attempts('nightly')).toMatchObject([{ attempt: 1, state: 'running', worker: 'worker-2' }]);
  });
});

describe('rows of a run', () => {
  const prediction = (sensor: string, cluster: number) =>
    ['nightly', sensor, '2026-05-01', cluster, 0.5, false, 'sensors', 1] as const;
  const predictions = () => rows<object>('SELECT sensor, cluster FROM predictions ORDER BY run_id, sensor');

  beforeEach(() => begin());

  it('are replaced as a whole, and those of other runs stay', async () => {
    await begin('hourly', 'other');
    await registry.replacePredictions('hourly', [['hourly', 'a', '2026-05-01', 7, 0.5, true, 'sensors', 1]]);
    await registry.replacePredictions('nightly', [prediction('a', 1), prediction('b', 2)]);
    await registry.replacePredictions('nightly', [prediction('b', 3), prediction('c', 4)]);
    expect(await predictions()).toEqual([
      { sensor: 'a', cluster: 7 },
      { sensor: 'b', cluster: 3 },
      { sensor: 'c', cluster: 4 },
    ]);
    await registry.replacePredictions('nightly', []);
    expect(await predictions()).toEqual([{ sensor: 'a', cluster: 7 }]);
  });

  it('keep every character, day and number', async () => {
    const texts = [
      'tab\there',
      'line\nbreak',
      'return\rhere',
      'back\\slash',
      '\\N',
      '\\.',
      '\\t',
      'ä😀',
      '',
      ' ',
      'x"\'y',
    ];
    await registry.replaceQuarantine(
      'nightly',
      texts.map((text, at) => ['nightly', text, at, text, 'a reason', text]),
    );
    expect(await rows('SELECT file, record, sensor, raw FROM quarantine ORDER BY record')).toEqual(
      texts.map((text, at) => ({ file: text, record: String(at), sensor: text, raw: text })),
    );
    const moment = '2026-05-01T12:34:56.789Z';
    await registry.replaceChunks('nightly', [
      ['nightly', 'a', '2026-05-01', 144, moment, moment, 1e-7, 0.1 + 0.2, 'hash'],
    ]);
    expect(await rows('SELECT * FROM chunks')).toEqual([
      {
        run_id: 'nightly',
        sensor: 'a',
        day: '2026-05-01',
        readings: 144,
        first_at: new Date(moment),
        last_at: new Date(moment),
        largest_gap_s: 1e-7,
        share: 0.1 + 0.2,
        value_hash: 'hash',
      },
    ]);
  });

  it('tell null from text, and hold no NUL, which Postgres does not take', async () => {
    await registry.replaceQuarantine('nightly', [['nightly', 'f', 1, null, 'a\0b', null]]);
    expect(await rows('SELECT sensor, reason, raw FROM quarantine')).toEqual([
      { sensor: null, reason: 'a\uFFFDb', raw: null },
    ]);
  });

  it('are those of one, where two attempts bring theirs at once', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ['nightly', 'f', at, null, 'bad_time', 'x']);
    await Promise.all([1, 2, 3].map(() => registry.replaceQuarantine('nightly', many)));
    expect(await rows('SELECT count(*)::int FROM quarantine')).toEqual([{ count: 20_000 }]);
  });

  it('are many at once', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => prediction(`s${at}`, at));
    await registry.replacePredictions('nightly', many);
    expect(await rows('SELECT count(*)::int, sum(cluster)::int FROM predictions')).toEqual([
      { count: 20_000, sum: (20_000 * 19_999) / 2 },
    ]);
  });

  describe('are the old ones', () => {
    const MANY = 20_000;

    beforeEach(() => registry.replacePredictions('nightly', [prediction('a', 1)]));
    const remain = async () => expect(await predictions()).toEqual([{ sensor: 'a', cluster: 1 }]);

    it('when a value is none that the column takes', async () => {
      const wrong = ['nightly', 'b', 'not a day', 2, 0.5, false, 'sensors', 1] as const;
      await expect(registry.replacePredictions('nightly', [prediction('c', 3), wrong])).rejects.toThrow('not a day');
      await remain();
    });

    it('when the same chunk comes twice', async () => {
      const twice = [prediction('b', 2), prediction('b', 3)];
      await expect(registry.replacePredictions('nightly', twice)).rejects.toThrow(/duplicate key/);
      await remain();
    });

    it('when making the rows fails in the middle of the COPY', async () => {
      function* rowsThatBreak() {
        for (let at = 0; at < MANY; at++) yield prediction(`s${at}`, at);
        throw new Error('out of rows');
      }
      await expect(registry.replacePredictions('nightly', rowsThatBreak())).rejects.toThrow('out of rows');
      await remain();
    });

    it('when the server ends the connection in the middle of the COPY, and the next try has one that works', async () => {
      let backend = 0;
      database.pool.once('acquire', (client) => {
        backend = (client as unknown as { processID: number }).processID;
      });
      function* rowsUntilEnded() {
        for (let at = 0; at < MANY; at++) {
          if (at === MANY / 2) process.kill(backend, 'SIGTERM');
          yield prediction(`s${at}`, at);
        }
      }
      await expect(registry.replacePredictions('nightly', rowsUntilEnded())).rejects.toThrow();
      await remain();
      await registry.replacePredictions('nightly', [prediction('z', 9)]);
      expect(await predictions()).toEqual([{ sensor: 'z', cluster: 9 }]);
    });
  });
});

/** Ends the connection that waits for a lock, as a restart of the server ends all. */
async function endWaiting(): Promise<void> {
  for (;;) {
    const { rowCount } = await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rowCount !== 0) return;
  }
}

describe('a connection that the server ends', () => {
  /** Ends the connection of some work while it waits for what another connection holds. */
  async function endedAt(held: string, work: () => Promise<unknown>): Promise<void> {
    const other = await database.pool.connect();
    try {
      await other.query('BEGIN');
      await other.query(held);
      const failed = expect(work()).rejects.toThrow(/terminat/);
      await endWaiting();
      await failed;
    } finally {
      await other.query('ROLLBACK');
      other.release();
    }
  }

  it('fails the query that was on it, and no more', async () => {
    await begin();
    const finish = () => registry.endRun('first', { state: 'done', result: null, error: null });
    await endedAt("SELECT 1 FROM runs WHERE id = 'nightly' FOR UPDATE", finish);
    await finish();
    expect(await rows('SELECT state FROM runs')).toEqual([{ state: 'done' }]);
  });

  it('fails the transaction that was on it, and no more', async () => {
    await endedAt("SELECT pg_advisory_xact_lock(hashtext('nightly'))", begin);
    expect(await begin()).toBe('nightly');
  });
});

describe('metrics', () => {
  beforeEach(() => begin());

  it('are written over, and null where they are not finite', async () => {
    await registry.putMetrics('nightly', 'publish', { inertia: 1, silhouette: Number.NaN, gap: -Infinity });
    await registry.putMetrics('nightly', 'publish', { inertia: 2.5 });
    await registry.putMetrics('nightly', 'other', { inertia: 3 });
    await registry.putMetrics('nightly', 'publish', {});
    expect(await rows('SELECT step, name, value FROM metrics ORDER BY step, name')).toEqual([
      { step: 'other', name: 'inertia', value: 3 },
      { step: 'publish', name: 'gap', value: null },
      { step: 'publish', name: 'inertia', value: 2.5 },
      { step: 'publish', name: 'silhouette', value: null },
    ]);
  });
});
