import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../activities/compare.js';
import { createEvaluate } from '../../activities/evaluate.js';
import type { Parent } from '../../activities/model.js';
import { createPredict } from '../../activities/predict.js';
import { createPublishModel, createPublishPredictions, type PublishModelInput } from '../../activities/publish.js';
import type { Database } from '../../store/tables/database.js';
import { type TestPostgres, testPostgres } from '../support/database.js';
import { heldFrom, NOTHING_HELD, registered, train, writeDays } from '../support/models.js';
import { type Chunked, chunkSource, writeSource } from '../support/sensor-source.js';
import { RUN, type TestStores, testStores } from '../support/stores.js';

let postgres: TestPostgres;
let database: Database;
let stores: TestStores;
let chunked: Chunked;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  stores = await testStores(undefined, database);
  await stores.registry.beginRun(RUN, {}, null);
  const lines = [
    'time,sensor,value',
    '2026-05-01 00:00:00,a,1',
    '2026-05-01 12:00:00,a,2',
    '2026-05-01 06:00:00,b,10',
    'soon,a,3',
    '2026-05-02 00:00:00,a,on',
    '2026-05-02 00:00:00,b,11',
  ];
  chunked = await chunkSource(stores, await writeSource(stores, { 'a.csv': `${lines.join('\n')}\n` }));
});
afterEach(() => stores.close());

const ALWAYS: Decision = {
  promote: true,
  reason: 'it was trained to become champion',
  champion: null,
  always: true,
  figures: null,
};
const table = () =>
  writeDays(stores, { '2026-05-01': { a: [0], b: [10] }, '2026-05-02': { b: [12] }, '2026-05-03': { a: [3] } });

/** What the steps before give to `publish`. */
async function trained(
  change: { parent?: Parent; decision?: Decision; held?: string } = {},
): Promise<PublishModelInput> {
  const { parent = null, decision = ALWAYS, held } = change;
  const holdout = held === undefined ? NOTHING_HELD : heldFrom(held);
  const values = await table();
  const model = await train(stores, { table: values, k: 2, holdout });
  const inputs = { table: values, model, parent, holdout, seed: 1 };
  const scores = await createEvaluate(stores)({ run: RUN, step: 'evaluate', inputs }, stores.attempt());
  const { creator } = await registered(stores, model);
  const { listing, stagedRef: staged, chunks } = chunked;
  const features = { ref: values.ref, columns: 1, made: 4, kept: 0 };
  return { listing, staged, chunks, features, creator, model, scores, parent, decision, name: 'sensors' };
}

const publish = (inputs: PublishModelInput, runId = RUN.runId) =>
  createPublishModel(stores)({ run: { ...RUN, runId }, step: 'publish', inputs }, stores.attempt());

async function rows<T extends object>(sql: string): Promise<T[]> {
  return (await database.pool.query<T>(sql)).rows;
}

const metrics = async () =>
  Object.fromEntries(
    (await rows<{ name: string; value: number | null }>('SELECT name, value FROM metrics')).map((each) => [
      each.name,
      each.value,
    ]),
  );

async function parentTo(trainedTo: string | null): Promise<Parent> {
  return { ...(await registered(stores, await train(stores, { table: await table(), k: 2 }))), trainedTo };
}

/** The chunks and the quarantine of the source, as they are shown. */
async function expectSource(): Promise<void> {
  expect(await rows('SELECT sensor, day, readings, largest_gap_s FROM chunks ORDER BY day, sensor')).toEqual([
    { sensor: 'a', day: '2026-05-01', readings: 2, largest_gap_s: 43_200 },
    { sensor: 'b', day: '2026-05-01', readings: 1, largest_gap_s: 64_800 },
    { sensor: 'b', day: '2026-05-02', readings: 1, largest_gap_s: 86_400 },
  ]);
  expect(await rows('SELECT file, record, sensor, raw FROM quarantine ORDER BY record')).toEqual([
    { file: expect.stringMatching(/a\.csv$/), record: '4', sensor: 'a', raw: expect.stringContaining('soon') },
    { file: expect.stringMatching(/a\.csv$/), record: '5', sensor: 'a', raw: expect.stringContaining('on') },
  ]);
}

describe('publishing a model', () => {
  it('registers it with its lineage and figures', async () => {
    const inputs = await trained();
    expect(await publish(inputs)).toEqual({
      model: 'sensors',
      version: 1,
      parent: null,
      champion: true,
      reason: ALWAYS.reason,
    });
    expect(await stores.models.find('sensors', null)).toMatchObject({
      version: 1,
      runId: RUN.runId,
      parent: null,
      artefact: inputs.model.ref,
      creator: inputs.creator.ref,
      params: { algorithm: 'k-means', k: 2, seed: 1 },
      lineage: {
        source: chunked.listing.source,
        listing: chunked.listing.ref.valueHash,
        chunks: chunked.chunks.valueHash,
        features: inputs.features.ref.valueHash,
        creator: inputs.creator.ref.valueHash,
        code: { features: 'code of features', train: 'code of train' },
        days: ['2026-05-01', '2026-05-03'],
      },
      metrics: { inertia: inputs.model.inertia, chunks: 4, sensors: 2 },
      trainedTo: '2026-05-03',
    });
    await expectSource();
  });

  it('says that it was trained up to the last day that was not held out', async () => {
    await publish(await trained({ held: '2026-05-02' }));
    expect(await stores.models.find('sensors', 1)).toMatchObject({
      trainedTo: '2026-05-01',
      lineage: { days: ['2026-05-01', '2026-05-01'] },
      metrics: { chunks: 2 },
    });
  });

  it.each([
    ['2026-04-01', '2026-05-03'],
    ['2026-06-01', '2026-06-01'],
    [null, '2026-05-03'],
  ])('says the last day that it or its parent was trained on: parent %s', async (parent, trainedTo) => {
    await publish(await trained({ parent: await parentTo(parent) }));
    expect(await stores.models.find('sensors', 1)).toMatchObject({ parent: 1, trainedTo });
  });

  it('writes its figures, those of the version before, and those on the held-out chunks', async () => {
    const figures = { meanDistance: 1, silhouette: 0.5, daviesBouldin: null, novelShare: 0 };
    const champion = { meanDistance: 2, silhouette: null, daviesBouldin: 0.25, novelShare: 0.1 };
    const decision = { ...ALWAYS, figures: { chunks: 7, from: '2026-05-03', challenger: figures, champion } };
    const inputs = await trained({ parent: await parentTo('2026-04-01'), decision });
    await publish(inputs);
    const { inertia, silhouette, daviesBouldin } = inputs.scores.model;
    const own = { inertia, silhouette, davies_bouldin: daviesBouldin };
    expect(await metrics()).toEqual({
      ...own,
      'share.cluster_0': 0.5,
      'share.cluster_1': 0.5,
      ...Object.fromEntries(Object.entries(own).map(([name, value]) => [`before.${name}`, value])),
      'before.share.cluster_0': 0.5,
      'before.share.cluster_1': 0.5,
      'held_out.chunks': 7,
      'held_out.challenger.mean_distance': 1,
      'held_out.challenger.silhouette': 0.5,
      'held_out.challenger.davies_bouldin': null,
      'held_out.challenger.novel_share': 0,
      'held_out.champion.mean_distance': 2,
      'held_out.champion.silhouette': null,
      'held_out.champion.davies_bouldin': 0.25,
      'held_out.champion.novel_share': 0.1,
    });
  });

  it('leaves the champion where the decision is against it, and gives the reason', async () => {
    await publish(await trained());
    await stores.registry.beginRun({ ...RUN, workflowId: 'next', temporalRunId: 'next' }, {}, null);
    const decision = { ...ALWAYS, promote: false, reason: 'not better', champion: 1 };
    const published = await publish(await trained({ decision }), 'next');
    expect(published).toMatchObject({ version: 2, champion: false, reason: 'not better' });
    expect((await stores.models.find('sensors', null))!.version).toBe(1);
  });

  it('twice gives the same version and the same rows', async () => {
    const inputs = await trained();
    const first = await publish(inputs);
    const before = await metrics();
    expect(await publish(inputs)).toEqual(first);
    expect(await metrics()).toEqual(before);
    expect(await stores.models.names()).toEqual([{ name: 'sensors', versions: [1], champion: 1 }]);
    await expectSource();
  });
});

describe('publishing predictions', () => {
  it('writes each, what was read for them, and their shares; twice the same', async () => {
    const values = await table();
    const model = await registered(
      stores,
      await train(stores, { table: await table(), k: 2, holdout: heldFrom('2026-05-03') }),
      4,
    );
    const inputs = { table: values, model };
    const predictions = await createPredict(stores)({ run: RUN, step: 'predict', inputs }, stores.attempt());
    const call = {
      run: RUN,
      step: 'publish',
      inputs: { staged: chunked.stagedRef, chunks: chunked.chunks, predictions },
    };
    for (let time = 0; time < 2; time++) {
      expect(await createPublishPredictions(stores)(call, stores.attempt())).toEqual({
        predictions: 4,
        model: 'sensors',
        version: 4,
      });
      const clusters = await rows<{ cluster: number }>('SELECT DISTINCT cluster FROM predictions WHERE sensor = $$a$$');
      const [a] = clusters.map(({ cluster }) => cluster);
      const b = 1 - a!;
      const about = { model: 'sensors', version: 4 };
      expect(
        await rows(
          'SELECT sensor, day, cluster, distance, novel, model, version FROM predictions ORDER BY day, sensor',
        ),
      ).toEqual([
        { sensor: 'a', day: '2026-05-01', cluster: a, distance: 0, novel: false, ...about },
        { sensor: 'b', day: '2026-05-01', cluster: b, distance: 1, novel: false, ...about },
        { sensor: 'b', day: '2026-05-02', cluster: b, distance: 1, novel: false, ...about },
        { sensor: 'a', day: '2026-05-03', cluster: a, distance: 3, novel: true, ...about },
      ]);
      expect(await metrics()).toEqual({
        chunks: 4,
        novel_share: 0.25,
        mean_distance: 1.25,
        'share.cluster_0': 0.5,
        'share.cluster_1': 0.5,
      });
      await expectSource();
    }
  });
});
