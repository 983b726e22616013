import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Promotion } from '../../activities/holdout.js';
import type { Interval, Selection } from '../../activities/interval.js';
import type { Parent } from '../../activities/model.js';
import { createResolve, type ResolveCall } from '../../activities/resolve.js';
import type { Listing, SourceFile } from '../../activities/source.js';
import type { Plan } from '../../dag/plan.js';
import { readJson, writeJson } from '../../store/frames.js';
import type { Database } from '../../store/tables/database.js';
import { ModelRegistry } from '../../store/tables/model-registry.js';
import { type TestPostgres, testPostgres } from '../support/database.js';
import { writeSource } from '../support/sensor-source.js';
import { type TestStores, testStores } from '../support/stores.js';

let postgres: TestPostgres;
let database: Database;
let stores: TestStores;
let source: string;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  stores = await testStores(undefined, database);
  source = await writeSource(stores, { 'a.csv': 'time,sensor,value\n2026-05-01,a,1\n' });
});
afterEach(() => stores.close());

const resolve = (call: Partial<ResolveCall>) =>
  createResolve(stores)(
    { pipeline: 'sensor-training', workflowId: 'run', temporalRunId: 'execution', request: {}, ...call },
    stores.attempt(),
  );

const train = (params: Record<string, unknown> = {}, call: Partial<ResolveCall> = {}) =>
  resolve({ request: { params: { source, ...params } }, ...call });
const predict = (params: Record<string, unknown> = {}, call: Partial<ResolveCall> = {}) =>
  train(params, { pipeline: 'sensor-prediction', ...call });

/** For an interval that a caller names. */
const within = (interval: Interval, params: Record<string, unknown> = {}) => ({
  request: { params: { source, ...params }, interval },
});

/** What a step of the plan is given. */
function given<T>({ steps }: Plan, step: string, input: string): T {
  const found = steps.find(({ name }) => name === step)!.inputs[input]!;
  if (!('value' in found)) throw new Error(`${step} gets ${input} from ${found.step}`);
  return found.value as T;
}

const selection = (plan: Plan) => given<Selection>(plan, 'chunk', 'selection');
const parentOf = (plan: Plan) => given<Parent | null>(plan, 'train', 'parent');
const championOf = (plan: Plan) => given<Parent | null>(plan, 'holdout', 'champion');

let published = 0;

/** Registers a version that was trained up to a day. */
async function publish(trainedTo: string | null, promote = true, model = 'sensors'): Promise<number> {
  const runId = `publish-${++published}`;
  const run = { runId, workflowId: runId, temporalRunId: runId, pipeline: 'sensor-training' };
  await stores.registry.beginRun(run, {}, null);
  const artefact = await writeJson(stores.objects, 'models', { of: runId });
  const creator = await writeJson(stores.objects, 'creators', { of: runId });
  const about = { params: {}, lineage: {}, metrics: {} };
  const decision = { promote, reason: 'in a test', champion: null, always: true };
  return (await stores.models.publish({ model, runId, parent: null, artefact, creator, ...about, trainedTo }, decision))
    .version;
}

const runs = async () => (await database.pool.query('SELECT * FROM runs ORDER BY started_at, id')).rows;

const DAY: Interval = { start: '2026-05-02T00:00:00Z', end: '2026-05-03T00:00:00Z' };

describe('the plan of a run', () => {
  it('is the pipeline with its params, defaults and pins filled in', async () => {
    const plan = await train({ k: 3 });
    expect(plan).toMatchObject({
      run: { runId: 'run', workflowId: 'run', temporalRunId: 'execution', pipeline: 'sensor-training' },
      title: 'Train a clustering of sensors by day',
      onFailure: 'fail',
      interval: null,
      result: 'report',
    });
    expect(plan.nothing).toBeUndefined();
    expect(plan.steps.map(({ name }) => name)).toEqual([
      'inspect',
      'read',
      'chunk',
      'holdout',
      'features',
      'fit',
      'transform',
      'train',
      'evaluate',
      'compare',
      'publish',
      'report',
    ]);
    expect([given(plan, 'train', 'k'), given(plan, 'train', 'seed')]).toEqual([3, 42]);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('pins the listing of the source by content', async () => {
    await writeSource(stores, { 'b.csv': 'time,sensor,value\n', 'c/d.csv': 'time,sensor,value\n' });
    const listing = given<Listing>(await train({ files: ['*.csv'] }), 'inspect', 'listing');
    expect(listing).toMatchObject({ source, files: 2 });
    const files = await readJson<SourceFile[]>(stores.objects, listing.ref);
    expect(files.map(({ path }) => path)).toEqual([join(source, 'a.csv'), join(source, 'b.csv')]);
    expect(listing.bytes).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('is recorded with the params that it was made with, and its interval', async () => {
    await train({}, within(DAY, { k: 3 }));
    expect(await runs()).toMatchObject([
      {
        id: 'run',
        pipeline: 'sensor-training',
        temporal_run_id: 'execution',
        state: 'running',
        params: { source, k: 3, seed: 42 },
        interval_start: new Date(DAY.start),
        interval_end: new Date(DAY.end),
        schedule: null,
      },
    ]);
  });

  it('has the id of its record, which is a new one when the workflow ran before', async () => {
    expect((await train()).run.runId).toBe('run');
    expect((await train({}, { temporalRunId: 'another' })).run.runId).toBe('run.2');
    expect((await train()).run.runId).toBe('run');
  });
});

describe('a call that is wrong', () => {
  it.each<[string, Partial<ResolveCall>, string, string]>([
    ['a pipeline', { pipeline: 'sensor-trainin' }, 'MR_PIPELINE_UNKNOWN', 'Did you mean "sensor-training"?'],
    ['no params', {}, 'MR_PARAM', 'source is needed'],
    ['a word in the request', { request: { parms: {} } as never }, 'MR_PARAM', 'the run cannot be started so'],
    ['no object', { request: 'now' as never }, 'MR_PARAM', 'the run cannot be started so'],
    [
      'a param',
      { request: { params: { source: '/x', kk: 3 } } },
      'MR_PARAM',
      'there is no param "kk". Did you mean "k"?',
    ],
    ['a value', { request: { params: { source: '/x', k: 0, gate: { margin: 2 } } } }, 'MR_PARAM', 'k is 0'],
    [
      'a value in a value',
      { request: { params: { source: '/x', gate: { margin: 2 } } } },
      'MR_PARAM',
      'gate.margin is 2',
    ],
    ['a day', { request: { params: { source: '/x', from: '2026-02-30' } } }, 'MR_PARAM', 'from is "2026-02-30"'],
    ['a zone', { request: { params: { source: '/x', tz: 'Europe/Berln' } } }, 'MR_ZONE_UNKNOWN', 'Europe/Berlin'],
    [
      'an interval that ends before it begins',
      { request: { params: { source: '/x' }, interval: { start: DAY.end, end: DAY.start } } },
      'MR_PARAM',
      'the end must be later than the start',
    ],
    [
      'an interval that is empty',
      { request: { params: { source: '/x' }, interval: { start: DAY.end, end: DAY.end } } },
      'MR_PARAM',
      'the end must be later than the start',
    ],
    [
      'an interval without a zone',
      { request: { params: { source: '/x' }, interval: { start: '2026-05-02', end: '2026-05-03' } } },
      'MR_PARAM',
      'the run cannot be started so',
    ],
  ])('is refused for %s, before anything is recorded', async (_, call, code, message) => {
    await expect(resolve(call)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await runs()).toEqual([]);
  });

  it('is refused where the source is not there', async () => {
    await expect(train({ source: join(stores.folder, 'nowhere') })).rejects.toMatchObject({
      code: 'MR_SOURCE_MISSING',
    });
  });

  it('is refused where the days end before they begin, and no interval is to blame', async () => {
    await expect(train({ from: '2026-05-02', to: '2026-05-01' })).rejects.toMatchObject({
      code: 'MR_PARAM',
      message: expect.stringContaining('from 2026-05-02 is later than to 2026-05-01'),
    });
  });
});

describe('the days of a training', () => {
  it('are all there are, where it is for no interval', async () => {
    await publish('2026-04-20');
    expect(selection(await train())).toEqual({ from: null, to: null });
  });

  it('are those that its parent has not seen, to the last whole day of the interval', async () => {
    await publish('2026-04-20');
    expect(selection(await train({}, within(DAY)))).toEqual({ from: '2026-04-21', to: '2026-05-02' });
  });

  it.each([
    ['the day is not over', 'UTC', '2026-05-03T23:59:59Z', '2026-05-02'],
    ['midnight has struck', 'UTC', '2026-05-04T00:00:00Z', '2026-05-03'],
    ['it has in another zone', 'Asia/Kathmandu', '2026-05-03T18:15:00Z', '2026-05-03'],
    ['it has by another offset', 'UTC', '2026-05-04T02:00:00+02:00', '2026-05-03'],
  ])('end with the last day that is over: %s', async (_, tz, end, to) => {
    await publish('2026-04-20');
    expect(selection(await train({}, within({ start: DAY.start, end }, { tz })))).toEqual({ from: '2026-04-21', to });
  });

  it.each([
    ['it has no parent', async () => undefined, {}],
    ['nobody knows what its parent saw', () => publish(null), {}],
    ['it begins a new lineage', () => publish('2026-04-20'), { refit: true }],
  ])('begin with the first there is, where %s', async (_, before, params) => {
    await before();
    expect(selection(await train({}, within(DAY, params)))).toEqual({ from: null, to: '2026-05-02' });
  });

  it('are counted from the parent that is named', async () => {
    await publish('2026-04-10');
    await publish('2026-04-20');
    expect(selection(await train({}, within(DAY, { parent: 1 }))).from).toBe('2026-04-11');
  });

  it.each([
    [{ from: '2026-01-01' }, { from: '2026-01-01', to: '2026-05-02' }],
    [{ to: '2026-04-30' }, { from: '2026-04-21', to: '2026-04-30' }],
    [
      { from: '2026-01-01', to: '2026-06-30' },
      { from: '2026-01-01', to: '2026-06-30' },
    ],
  ])('are those that params name: %j', async (params, days) => {
    await publish('2026-04-20');
    expect(selection(await train({}, within(DAY, params)))).toEqual(days);
  });

  it('are none where the parent has seen all: the plan has no steps, and says so', async () => {
    await publish('2026-05-02');
    const plan = await train({}, within(DAY));
    expect(plan).toEqual({
      run: { runId: 'run', workflowId: 'run', temporalRunId: 'execution', pipeline: 'sensor-training' },
      title: 'Train a clustering of sensors by day',
      onFailure: 'fail',
      interval: `${DAY.start}/${DAY.end}`,
      steps: [],
      result: '',
      nothing: 'no whole day lies between 2026-05-03 and 2026-05-02: it is too early for the next',
    });
    expect(await runs()).toHaveLength(2);
  });

  it('are one where the parent has seen all but that', async () => {
    await publish('2026-05-01');
    expect(selection(await train({}, within(DAY)))).toEqual({ from: '2026-05-02', to: '2026-05-02' });
  });
});

describe('the days of a prediction', () => {
  beforeEach(() => publish('2026-04-20'));

  it('are those that ended within the interval, whatever the model has seen', async () => {
    expect(selection(await predict({}, within(DAY)))).toEqual({ from: '2026-05-02', to: '2026-05-02' });
  });

  it('are all there are, where it is for no interval', async () => {
    expect(selection(await predict())).toEqual({ from: null, to: null });
  });

  it('are those that params name', async () => {
    expect(selection(await predict({}, within(DAY, { from: '2026-04-30' })))).toEqual({
      from: '2026-04-30',
      to: '2026-05-02',
    });
  });

  it('are none within a day: the plan has no steps, and says so', async () => {
    const hour = { start: '2026-05-02T10:00:00Z', end: '2026-05-02T11:00:00Z' };
    expect(await predict({}, within(hour))).toMatchObject({
      steps: [],
      nothing: expect.stringContaining('no whole day lies between 2026-05-02 and 2026-05-01'),
    });
  });
});

describe('a run that a schedule starts', () => {
  const fire = (at: string, temporalRunId: string, schedule = 'nightly') =>
    predict({}, { workflowId: `nightly-${at}`, temporalRunId, firing: { schedule, at } });
  const bounds = (plan: Plan) => plan.interval!.split('/');

  beforeEach(() => publish('2026-04-20'));

  it('has the interval of its firing, which is recorded', async () => {
    stores.schedules = { timeBefore: async () => new Date('2026-05-01T02:00:00Z') };
    expect(bounds(await fire('2026-05-02T02:00:00Z', 'a'))).toEqual([
      '2026-05-01T02:00:00.000Z',
      '2026-05-02T02:00:00.000Z',
    ]);
    expect((await runs()).at(-1)).toMatchObject({
      schedule: 'nightly',
      interval_start: new Date('2026-05-01T02:00:00Z'),
      interval_end: new Date('2026-05-02T02:00:00Z'),
    });
  });

  it('lies beside those before and after, and shares no day with them', async () => {
    stores.schedules = { timeBefore: async () => new Date('2026-05-01T02:00:00Z') };
    const plans = [
      await fire('2026-05-02T02:00:00Z', 'a'),
      await fire('2026-05-03T17:03:21.500Z', 'by hand'),
      // Some nights were missed.
      await fire('2026-05-07T02:00:00Z', 'b'),
    ];
    expect(plans.map(bounds)).toEqual([
      ['2026-05-01T02:00:00.000Z', '2026-05-02T02:00:00.000Z'],
      ['2026-05-02T02:00:00.000Z', '2026-05-03T17:03:21.500Z'],
      ['2026-05-03T17:03:21.500Z', '2026-05-07T02:00:00.000Z'],
    ]);
    expect(plans.map(selection)).toEqual([
      { from: '2026-05-01', to: '2026-05-01' },
      { from: '2026-05-02', to: '2026-05-02' },
      { from: '2026-05-03', to: '2026-05-06' },
    ]);
  });

  it('keeps its interval when it is resolved again, whatever fired in between', async () => {
    const first = await fire('2026-05-03T02:00:00Z', 'a');
    expect(bounds(first)[0]).toBe('1970-01-01T00:00:00.000Z');
    await fire('2026-05-04T02:00:00Z', 'later');
    await fire('2026-05-02T02:00:00Z', 'earlier, and late');
    expect((await fire('2026-05-03T02:00:00Z', 'a')).interval).toBe(first.interval);
  });

  it('takes the interval that its caller names over that of the firing', async () => {
    const call = { ...within(DAY), firing: { schedule: 'nightly', at: '2026-05-09T02:00:00Z' } };
    expect((await predict({}, call)).interval).toBe(`${DAY.start}/${DAY.end}`);
  });
});

describe('parent and champion', () => {
  it('are none at first', async () => {
    const plan = await train();
    expect([parentOf(plan), championOf(plan)]).toEqual([null, null]);
  });

  it('are the champion, with all that steps need of it', async () => {
    await publish('2026-04-10');
    await publish('2026-04-20', false);
    const plan = await train();
    const found = (await stores.models.find('sensors', 1))!;
    const champion = {
      model: 'sensors',
      version: 1,
      artefact: found.artefact,
      creator: { ref: found.creator },
      trainedTo: '2026-04-10',
    };
    expect([parentOf(plan), championOf(plan)]).toEqual([champion, champion]);
  });

  it('differ where another version is to be continued', async () => {
    await publish('2026-04-10');
    await publish('2026-04-20');
    const plan = await train({ parent: 1 });
    expect([parentOf(plan)?.version, championOf(plan)?.version]).toEqual([1, 2]);
  });

  it('differ in a new lineage, which has no parent and is compared all the same', async () => {
    await publish('2026-04-10');
    const plan = await train({ refit: true });
    expect([parentOf(plan), championOf(plan)?.version]).toEqual([null, 1]);
  });

  it('are of the model that is named', async () => {
    await publish('2026-04-10', true, 'pumps');
    const [own, other] = [await train(), await train({ model: 'pumps' }, { temporalRunId: 'b' })];
    expect([parentOf(own), championOf(own)]).toEqual([null, null]);
    expect([parentOf(other)?.model, championOf(other)?.model]).toEqual(['pumps', 'pumps']);
  });

  it('are one and the same version, though another is promoted while the run begins', async () => {
    await publish('2026-04-10');
    await publish('2026-04-20', false);
    const find = stores.models.find.bind(stores.models);
    stores.models.find = async (model, version) => {
      const found = await find(model, version);
      await new ModelRegistry(database).promote('sensors', 2, 'in between');
      return found;
    };
    const plan = await train();
    expect(championOf(plan)?.version).toBe(parentOf(plan)?.version);
  });

  it('are looked up in vain where the version that is named is not there', async () => {
    await publish('2026-04-10');
    await expect(train({ parent: 7 })).rejects.toMatchObject({
      code: 'MR_MODEL_MISSING',
      message: expect.stringContaining('there is no version 7 of the model "sensors"'),
    });
  });
});

describe('the model of a prediction', () => {
  const modelOf = (plan: Plan) => given<Parent>(plan, 'predict', 'model');

  it('is the champion, or the version that is named, with its feature creator', async () => {
    await publish('2026-04-10');
    await publish('2026-04-20', false);
    const [champion, named] = [await predict(), await predict({ version: 2 }, { temporalRunId: 'b' })];
    expect([modelOf(champion).version, modelOf(named).version]).toEqual([1, 2]);
    expect(given(champion, 'transform', 'creator')).toEqual(modelOf(champion).creator);
    expect(given(named, 'transform', 'creator')).toEqual(modelOf(named).creator);
  });

  it.each([
    [{}, 'there is no model "sensors"'],
    [{ version: 1 }, 'there is no version 1 of the model "sensors"'],
  ])('is missing: %j', async (params, message) => {
    await expect(predict(params)).rejects.toMatchObject({
      code: 'MR_MODEL_MISSING',
      message: expect.stringContaining(message),
    });
  });
});

describe('a model whose artefact is gone from the store', () => {
  beforeEach(async () => {
    await publish('2026-04-10');
    await stores.objects.remove((await stores.models.find('sensors', 1))!.artefact.uri);
  });

  it.each([
    ['predicted with', () => predict()],
    ['continued', () => train()],
  ])('cannot be %s, and it says what to do', async (_, run) => {
    await expect(run()).rejects.toMatchObject({
      code: 'MR_MODEL_MISSING',
      message: expect.stringMatching(/version 1 of sensors is registered, but models\/.* is gone.*\n.*refit=true/),
    });
  });

  it('can be trained anew, as it says, and replaced', async () => {
    const plan = await train({ refit: true, promote: 'gate' });
    expect(parentOf(plan)).toBeNull();
    expect(given(plan, 'compare', 'champion')).toEqual({ version: 1, gone: true });
  });
});

describe('promotion', () => {
  const promotionOf = (plan: Plan) => given<Promotion>(plan, 'compare', 'promotion');

  it('is by the gate for an interval, and always without one', async () => {
    expect(promotionOf(await train())).toEqual({
      how: 'always',
      metric: 'mean-distance',
      margin: 0,
      holdoutDays: 1,
      leastChunks: 10,
      mostNovel: 0.5,
    });
    expect(promotionOf(await train({}, { ...within(DAY), temporalRunId: 'b' })).how).toBe('gate');
  });

  it.each(['gate', 'always', 'never'])('is as it is asked for: %s', async (promote) => {
    expect(promotionOf(await train({ promote })).how).toBe(promote);
    expect(promotionOf(await train({}, { ...within(DAY, { promote }), temporalRunId: 'b' })).how).toBe(promote);
  });

  it('has the gate of the params', async () => {
    const gate = { metric: 'silhouette', margin: -0.1, holdoutDays: 3, leastChunks: 5, mostNovel: 1 };
    expect(promotionOf(await train({ gate }))).toEqual({ ...gate, how: 'always' });
  });
});
