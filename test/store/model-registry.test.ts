import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ref } from '../../dag/ref.js';
import type { Database } from '../../store/tables/database.js';
import { CHAMPION_CHANNEL, ModelRegistry, type PromotionDecision } from '../../store/tables/model-registry.js';
import { Registry } from '../../store/tables/registry.js';
import { type TestPostgres, testPostgres } from '../support/database.js';

let postgres: TestPostgres;
let database: Database;
let models: ModelRegistry;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  models = new ModelRegistry(database);
});

const ref = (name: string): Ref => ({
  uri: `models/${name}.json`,
  valueHash: name,
  sha256: name,
  rows: 1,
  bytes: 2,
  schemaHash: 'schema',
});

const ALWAYS: PromotionDecision = {
  promote: true,
  reason: 'it was trained to become champion',
  champion: null,
  always: true,
};
const NEVER: PromotionDecision = { ...ALWAYS, promote: false, reason: 'promotion was not asked for' };
/** What a comparison with a version decides. */
const better = (champion: number): PromotionDecision => ({
  promote: true,
  reason: `it is better than ${champion}`,
  champion,
  always: false,
});

let runs = 0;

/** Registers a version, of a run of its own unless one is named. */
async function publish(decision: PromotionDecision, runId = `run-${++runs}`, model = 'sensors') {
  const run = { runId, workflowId: runId, temporalRunId: runId, pipeline: 'sensor-training' };
  await new Registry(database).beginRun(run, {}, null);
  const about = { params: { k: 3 }, lineage: { source: '/plant' }, metrics: { inertia: 1 } };
  return models.publish(
    { model, runId, parent: null, artefact: ref('model'), creator: ref('creator'), ...about, trainedTo: '2026-05-01' },
    decision,
  );
}

const championOf = async (model = 'sensors') => (await models.find(model, null))?.version ?? null;

/** Versions in the order they were crowned, and why. */
async function championships(): Promise<string[]> {
  const { rows } = await database.pool.query<{ version: number; reason: string }>(
    'SELECT version, reason FROM championships ORDER BY since',
  );
  return rows.map(({ version, reason }) => `${version}: ${reason}`);
}

describe('a version that is published', () => {
  it('is the first of its model, and can be found with all that it was published with', async () => {
    expect(await publish(ALWAYS, 'run-a')).toEqual({ version: 1, champion: true, reason: ALWAYS.reason });
    expect(await models.find('sensors', 1)).toMatchObject({
      model: 'sensors',
      version: 1,
      runId: 'run-a',
      parent: null,
      artefact: ref('model'),
      creator: ref('creator'),
      params: { k: 3 },
      lineage: { source: '/plant' },
      metrics: { inertia: 1 },
      trainedTo: '2026-05-01',
    });
  });

  it('has the number after the newest, of its own model', async () => {
    await publish(ALWAYS);
    await publish(NEVER);
    expect((await publish(ALWAYS, 'other', 'pumps')).version).toBe(1);
    expect((await publish(NEVER)).version).toBe(3);
    expect(await models.names()).toEqual([
      { name: 'pumps', versions: [1], champion: 1 },
      { name: 'sensors', versions: [1, 2, 3], champion: 1 },
    ]);
  });

  it('is registered once per run, whatever the second try decides', async () => {
    const first = await publish(NEVER, 'run-a');
    expect(await publish(ALWAYS, 'run-a')).toEqual(first);
    expect(await models.names()).toEqual([{ name: 'sensors', versions: [1], champion: null }]);
    expect(await championships()).toEqual([]);
  });

  it('tells a second try whether it is champion now', async () => {
    await publish(ALWAYS, 'run-a');
    await publish(ALWAYS, 'run-b');
    expect(await publish(ALWAYS, 'run-a')).toEqual({ version: 1, champion: false, reason: ALWAYS.reason });
    expect(await publish(ALWAYS, 'run-b')).toEqual({ version: 2, champion: true, reason: ALWAYS.reason });
    expect(await championships()).toHaveLength(2);
  });

  it('does not become champion when the decision is against it, and the reason is kept', async () => {
    await publish(ALWAYS);
    expect(await publish(NEVER)).toEqual({ version: 2, champion: false, reason: NEVER.reason });
    expect(await championOf()).toBe(1);
    const { rows } = await database.pool.query('SELECT decision FROM model_versions WHERE version = 2');
    expect(rows).toEqual([{ decision: NEVER }]);
  });

  it('becomes champion when it won against the one there is', async () => {
    await publish(ALWAYS);
    expect(await publish(better(1))).toMatchObject({ version: 2, champion: true });
    expect(await championOf()).toBe(2);
    expect(await championships()).toEqual([`1: ${ALWAYS.reason}`, '2: it is better than 1']);
  });

  it('leaves the champion, when that changed since the comparison, and says so', async () => {
    await publish(ALWAYS);
    await publish(better(1));
    const reason = 'the champion became version 2 meanwhile; this one was compared with version 1';
    expect(await publish(better(1), 'late')).toEqual({ version: 3, champion: false, reason });
    expect(await championOf()).toBe(2);
    const { rows } = await database.pool.query('SELECT decision FROM model_versions WHERE version = 3');
    expect(rows).toEqual([{ decision: { ...better(1), promote: false, reason } }]);
    expect(await publish(better(1), 'late')).toEqual({ version: 3, champion: false, reason });
  });

  it('becomes champion all the same where no comparison was asked for', async () => {
    await publish(ALWAYS);
    await publish(ALWAYS);
    expect(await publish({ ...ALWAYS, champion: 1 })).toMatchObject({ version: 3, champion: true });
  });

  it('has a number of its own when many are published at once, and one of them wins', async () => {
    await publish(ALWAYS);
    const published = await Promise.all(Array.from({ length: 6 }, () => publish(better(1))));
    expect(published.map(({ version }) => version).sort()).toEqual([2, 3, 4, 5, 6, 7]);
    const winners = published.filter(({ champion }) => champion);
    expect(winners).toHaveLength(1);
    expect(await championOf()).toBe(winners[0]!.version);
    expect(await championships()).toHaveLength(2);
  });

  it('is not there when its run is not', async () => {
    const about = { params: {}, lineage: {}, metrics: {}, trainedTo: null };
    const version = { model: 'ghost', runId: 'no run', parent: null, artefact: ref('a'), creator: ref('b'), ...about };
    await expect(models.publish(version, ALWAYS)).rejects.toThrow(/foreign key/);
    expect(await models.names()).toEqual([]);
  });
});

describe('a model', () => {
  it('may have no champion', async () => {
    await publish(NEVER);
    expect(await models.find('sensors', null)).toBeNull();
    expect(await models.find('sensors', 1)).toMatchObject({ version: 1 });
  });

  it('or a version that is not there is null', async () => {
    await publish(ALWAYS);
    expect(await models.find('sensors', 2)).toBeNull();
    expect(await models.find('pumps', null)).toBeNull();
    expect(await models.find('pumps', 1)).toBeNull();
  });

  it('that is missing is explained by those there are', async () => {
    expect((await models.missing('sensors', null)).message).toMatch(
      /there is no model "sensors"\n.*no model was trained/,
    );
    await publish(ALWAYS);
    await publish(NEVER);
    expect((await models.missing('sensors', 9)).message).toMatch(
      /there is no version 9 of the model "sensors"\n.*its versions: 1, 2/,
    );
    expect((await models.missing('pumps', null)).message).toMatch(
      /there is no model "pumps"\n.*models: sensors \(versions 1, 2\)/,
    );
  });
});

describe('promotion', () => {
  it('makes a version champion, tells the one before, and is written down', async () => {
    await publish(ALWAYS);
    await publish(NEVER);
    expect(await models.promote('sensors', 2, 'by hand')).toBe(1);
    expect(await championOf()).toBe(2);
    expect(await championships()).toEqual([`1: ${ALWAYS.reason}`, '2: by hand']);
  });

  it('of the first champion tells that there was none', async () => {
    await publish(NEVER);
    expect(await models.promote('sensors', 1, 'by hand')).toBeNull();
  });

  it('of the champion changes nothing', async () => {
    await publish(ALWAYS);
    expect(await models.promote('sensors', 1, 'by hand')).toBe(1);
    expect(await championships()).toHaveLength(1);
  });

  it.each([
    ['sensors', 9, 'there is no version 9 of the model "sensors"'],
    ['pumps', 1, 'there is no version 1 of the model "pumps"'],
  ])('of %s@%i is refused, and nothing changes', async (model, version, message) => {
    await publish(ALWAYS);
    await expect(models.promote(model, version, 'by hand')).rejects.toMatchObject({
      code: 'MR_MODEL_MISSING',
      message: expect.stringContaining(message),
    });
    expect(await models.names()).toEqual([{ name: 'sensors', versions: [1], champion: 1 }]);
  });

  it('of two versions at once ends with one champion, and both stand in the order they were it', async () => {
    await publish(ALWAYS);
    await publish(NEVER);
    await publish(NEVER);
    const before = await Promise.all([models.promote('sensors', 2, 'one'), models.promote('sensors', 3, 'other')]);
    const crowned = (await championships()).slice(1);
    expect(crowned.toSorted()).toEqual(['2: one', '3: other']);
    const last = Number(crowned[1]![0]);
    expect(await championOf()).toBe(last);
    // The first came after version 1, the other after the first.
    expect(before).toEqual(last === 3 ? [1, 2] : [3, 1]);
  });
});

describe('rollback', () => {
  const rollback = () => models.rollback('sensors', 'rolled back');
  const gone = (version: string) =>
    expect.objectContaining({
      code: 'MR_MODEL_MISSING',
      message: expect.stringContaining(`sensors had no champion before version ${version}`),
    });

  it('walks back through the champions there were, to the first and no further', async () => {
    for (let i = 0; i < 3; i++) await publish(ALWAYS);
    expect(await rollback()).toEqual({ from: 3, to: 2 });
    expect(await championOf()).toBe(2);
    expect(await rollback()).toEqual({ from: 2, to: 1 });
    expect(await championOf()).toBe(1);
    await expect(rollback()).rejects.toEqual(gone('1'));
    expect(await championOf()).toBe(1);
    expect((await championships()).slice(3)).toEqual(['2: rolled back', '1: rolled back']);
  });

  it('goes to who was champion before, not to the number below', async () => {
    await publish(ALWAYS);
    await publish(NEVER);
    await publish(ALWAYS);
    expect(await rollback()).toEqual({ from: 3, to: 1 });
  });

  it('of a version that was promoted again goes to the one before its first time', async () => {
    for (let i = 0; i < 3; i++) await publish(ALWAYS);
    await rollback();
    await rollback();
    await models.promote('sensors', 3, 'it was right');
    expect(await rollback()).toEqual({ from: 3, to: 2 });
    expect(await rollback()).toEqual({ from: 2, to: 1 });
  });

  it('goes on from a version that was published after it', async () => {
    await publish(ALWAYS);
    await publish(ALWAYS);
    await rollback();
    await publish(ALWAYS);
    expect(await rollback()).toEqual({ from: 3, to: 1 });
    await expect(rollback()).rejects.toEqual(gone('1'));
  });

  it('two at once go two steps back', async () => {
    for (let i = 0; i < 3; i++) await publish(ALWAYS);
    const both = await Promise.all([rollback(), rollback()]);
    expect(both.map(({ to }) => to).sort()).toEqual([1, 2]);
    expect(await championOf()).toBe(1);
  });

  it('is refused where there never was a champion, or no model', async () => {
    await publish(NEVER);
    await expect(rollback()).rejects.toMatchObject({ code: 'MR_MODEL_MISSING' });
    await expect(models.rollback('pumps', 'rolled back')).rejects.toMatchObject({
      code: 'MR_MODEL_MISSING',
      message: expect.stringContaining('there is no model "pumps"'),
    });
  });
});

describe('who listens', () => {
  /** The names of models that were told while `work` went on. */
  async function told(work: () => Promise<unknown>): Promise<string[]> {
    const client = await database.pool.connect();
    const heard: string[] = [];
    const END = 'the end';
    try {
      const ended = new Promise<void>((resolve) => {
        client.on('notification', ({ payload }) => (payload === END ? resolve() : heard.push(payload!)));
      });
      await client.query(`LISTEN ${CHAMPION_CHANNEL}`);
      await work();
      // What was sent before has come when this does.
      await database.pool.query('SELECT pg_notify($1, $2)', [CHAMPION_CHANNEL, END]);
      await ended;
    } finally {
      client.release(true);
    }
    return heard;
  }

  it('is told of every new champion, by the name of its model', async () => {
    const heard = await told(async () => {
      await publish(ALWAYS);
      await publish(ALWAYS, 'other', 'pumps');
      await publish(NEVER);
      await models.promote('sensors', 2, 'by hand');
      await models.rollback('sensors', 'rolled back');
    });
    expect(heard).toEqual(['sensors', 'pumps', 'sensors', 'sensors']);
  });

  it('is not told when the champion stays', async () => {
    await publish(ALWAYS, 'run-a');
    const heard = await told(async () => {
      await publish(ALWAYS, 'run-a');
      await publish(better(9));
      await models.promote('sensors', 1, 'by hand');
    });
    expect(heard).toEqual([]);
  });

  it('is not told when the transaction fails at its end, and the champion stays', async () => {
    await publish(ALWAYS);
    await publish(NEVER);
    await database.pool.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON championships DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const heard = await told(async () => {
      await expect(models.promote('sensors', 2, 'by hand')).rejects.toThrow('the disk is full');
      await expect(publish(ALWAYS)).rejects.toThrow('the disk is full');
    });
    expect(heard).toEqual([]);
    expect(await championOf()).toBe(1);
    expect(await models.names()).toEqual([{ name: 'sensors', versions: [1, 2], champion: 1 }]);
  });
});
