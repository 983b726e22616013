import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CompareInput, createCompare } from '../../activities/compare.js';
import type { FeatureTable } from '../../activities/features.js';
import { createFit } from '../../activities/fit.js';
import type { Promotion } from '../../activities/holdout.js';
import type { Parent } from '../../activities/model.js';
import { createPredict } from '../../activities/predict.js';
import type { TrainedModel } from '../../activities/train.js';
import { createTransform, type Table } from '../../activities/transform.js';
import type { FeatureGroup } from '../../ml/features/chunk-features.js';
import { rowsWhere } from '../../ml/frame.js';
import { silhouette } from '../../ml/metrics/cluster-scores.js';
import { readFrame, writeFrame } from '../../store/frames.js';
import { heldFrom, NOTHING_HELD, type Rows, registered, train, writeDays, writeTable } from '../support/models.js';
import { RUN, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;

beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

const BY_GATE: Promotion = {
  how: 'gate',
  metric: 'mean-distance',
  margin: 0,
  holdoutDays: 1,
  leastChunks: 4,
  mostNovel: 0.5,
};

const HELD_FROM = '2026-01-02';

const compare = (inputs: Omit<CompareInput, 'promotion' | 'holdout'> & Partial<CompareInput>) =>
  createCompare(stores)(
    { run: RUN, step: 'compare', inputs: { promotion: BY_GATE, holdout: heldFrom(HELD_FROM, 4), ...inputs } },
    stores.attempt(),
  );

/** What a run compares: a model trained on the first day, and the champion it is compared with on the second. */
interface Contest {
  features: FeatureTable;
  table: Table;
  model: TrainedModel;
  champion: Parent;
}

/** Two models of the same features, by what each was trained on and the chunks that both are compared on. */
async function contest(days: { champion: Rows; challenger: Rows; held: Rows }, version = 7): Promise<Contest> {
  const table = await writeDays(stores, { '2026-01-01': days.challenger, [HELD_FROM]: days.held });
  const holdout = heldFrom(HELD_FROM);
  return {
    // Models of the same features do not need them raw.
    features: { ref: (await writeTable(stores, { a: [0] })).ref, columns: 1, made: 0, kept: 0 },
    table,
    model: await train(stores, { table, k: 2, holdout }),
    champion: await registered(
      stores,
      await train(stores, { table: await writeTable(stores, days.champion), k: 2 }),
      version,
    ),
  };
}

// Around 0 and 10, as far as 3; then the plant moves to 2 and 12.
const OLD = { a: [-3], b: [3], c: [7], d: [13] };
const MOVED = { a: [1], b: [3], c: [11], d: [13] };

describe('without a comparison', () => {
  it.each([
    ['never', {}, false, 'promotion was not asked for'],
    ['always', {}, true, 'it was trained to become champion'],
    ['gate', { champion: null }, true, 'the model has no champion yet'],
    ['gate', { champion: { version: 7, gone: true } }, true, 'the champion, version 7, is gone from the store'],
    ['gate', { holdout: { ...NOTHING_HELD, reason: 'there is 1 day' } }, false, 'there is 1 day'],
    ['gate', { holdout: NOTHING_HELD }, false, 'nothing was held out'],
  ] as const)('%s with %j is decided at once', async (how, inputs, promote, reason) => {
    const both = await contest({ champion: OLD, challenger: MOVED, held: MOVED });
    expect(await compare({ ...both, promotion: { ...BY_GATE, how }, ...inputs })).toEqual({
      promote,
      reason,
      champion: 'champion' in inputs && inputs.champion === null ? null : 7,
      always: how === 'always',
      figures: null,
    });
  });
});

describe('on the held-out chunks', () => {
  it('a challenger that lies nearer to them is promoted, with the figures of both', async () => {
    const both = await contest({ champion: OLD, challenger: MOVED, held: MOVED });
    // Silhouettes of 1, 3 and 11, 13 by hand; spreads 1 and 1, centroids 10 apart.
    const shape = { silhouette: expect.closeTo((9 / 11 + 7 / 9) / 2, 12), daviesBouldin: expect.closeTo(0.2, 12) };
    expect(await compare(both)).toEqual({
      promote: true,
      reason: "mean distance 1.000 on 4 held-out chunks is better than the champion's 2.000",
      champion: 7,
      always: false,
      figures: {
        chunks: 4,
        from: HELD_FROM,
        challenger: { meanDistance: 1, ...shape, novelShare: 0 },
        champion: { meanDistance: 2, ...shape, novelShare: 0 },
      },
    });
    expect(stores.measures).toMatchObject({ heldOut: 4 });
  });

  it('a challenger that was trained on corrupted days is not', async () => {
    // Two sensors are stuck at a thousand: the clusters are those who work and those who do not.
    const stuck = { a: [1], b: [1000], c: [11], d: [1000] };
    const decision = await compare(await contest({ champion: OLD, challenger: stuck, held: MOVED }));
    expect(decision).toMatchObject({ promote: false, champion: 7 });
    expect(decision.reason).toBe("mean distance 5.000 on 4 held-out chunks is not better than the champion's 2.000");
  });

  it('nothing is promoted where they are in doubt themselves: novel to the champion', async () => {
    const shifted = { a: [500], b: [501], c: [11], d: [900] };
    const both = await contest({ champion: OLD, challenger: { ...shifted, b: [502] }, held: shifted });
    const { promote, reason, figures } = await compare(both);
    expect(figures).toMatchObject({ champion: { novelShare: 0.75 } });
    expect(figures!.challenger.meanDistance).toBeLessThan(figures!.champion.meanDistance);
    expect([promote, reason]).toEqual([
      false,
      '75 % of the held-out chunks are novel to the champion, more than 50 %: the data are in doubt',
    ]);
  });

  it('a chunk that lies as far as any in training is not novel', async () => {
    const edge = { a: [-3], b: [3.01], c: [7], d: [13.01] };
    const { figures } = await compare(await contest({ champion: OLD, challenger: MOVED, held: edge }));
    expect(figures!.champion.novelShare).toBe(0.5);
  });

  it('the same model again is not better', async () => {
    const both = await contest({ champion: MOVED, challenger: MOVED, held: MOVED });
    expect((await compare(both)).promote).toBe(false);
  });

  it('the chunks that were trained on do not count', async () => {
    const held = { a: [0], b: [0.5], c: [10], d: [10.5] };
    const few = await compare(await contest({ champion: OLD, challenger: MOVED, held }));
    const wide = { ...MOVED, e: [2], f: [12] };
    const many = await compare(await contest({ champion: OLD, challenger: wide, held }));
    expect(many.figures).toMatchObject({ chunks: 4, champion: few.figures!.champion });
  });

  it('a figure that is not defined decides nothing, and is null as JSON has no NaN', async () => {
    const held = { a: [1], b: [2], c: [3], d: [4] };
    const promotion: Promotion = { ...BY_GATE, metric: 'silhouette' };
    const decision = await compare({ ...(await contest({ champion: OLD, challenger: MOVED, held })), promotion });
    expect(decision).toMatchObject({
      promote: false,
      reason: 'the silhouette of the held-out chunks is not defined',
      figures: { challenger: { silhouette: null, daviesBouldin: null } },
    });
    expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
  });

  it('fewer than are asked for decide nothing', async () => {
    const both = await contest({ champion: OLD, challenger: MOVED, held: MOVED });
    expect(await compare({ ...both, promotion: { ...BY_GATE, leastChunks: 5 } })).toMatchObject({
      promote: false,
      reason: '4 chunks were held out, at least 5 decide',
    });
  });
});

describe('with a champion of other features', () => {
  /** Raw features of eight sensors on two days: the level tells two groups apart, the rhythm does not. */
  async function rawFeatures(): Promise<FeatureTable> {
    const sensors = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const rows = ['2026-01-01', HELD_FROM].flatMap((day, nth) =>
      sensors.map((sensor, at) => {
        const level = (at < 4 ? 10 : 100) + ((at * 7 + nth * 3) % 5);
        const rhythm = ((at * 5 + nth * 2) % 8) / 8;
        return { day, sensor, values: [level, rhythm] };
      }),
    );
    const frame = {
      sensors: rows.map(({ sensor }) => sensor),
      days: rows.map(({ day }) => day),
      columns: ['mean', 'acf_1'],
      data: Float64Array.from(rows.flatMap(({ values }) => values)),
    };
    return { ref: await writeFrame(stores.objects, 'features', frame), columns: 2, made: 16, kept: 0 };
  }

  /** A model of its own lineage, of one group of features, as a run trains it. */
  async function lineage(features: FeatureTable, group: FeatureGroup) {
    const options = { groups: [group], scaling: 'standard', maxMissing: 0.5, limit: 3, balance: false } as const;
    const call = { run: RUN, step: 'any' };
    const holdout = heldFrom(HELD_FROM);
    const fitInputs = { ...options, groups: [...options.groups], features, parent: null, holdout };
    const creator = await createFit(stores)({ ...call, inputs: fitInputs }, stores.attempt());
    const table = await createTransform(stores)({ ...call, inputs: { features, creator } }, stores.attempt());
    const model = await train(stores, { table, k: 2, holdout });
    return { table, model, creator, parent: { ...(await registered(stores, model, 3)), creator } };
  }

  /** The figures that prediction gives for the held-out chunks. */
  async function predicted({ table, parent }: Awaited<ReturnType<typeof lineage>>) {
    const frame = await readFrame(stores.objects, table.ref);
    const held = rowsWhere(frame, (row) => frame.days[row] === HELD_FROM);
    const input = { table: { ...table, ref: await writeFrame(stores.objects, 'tables', held) }, model: parent };
    const predictions = await createPredict(stores)({ run: RUN, step: 'predict', inputs: input }, stores.attempt());
    const rows = held.days.length;
    const { data } = await readFrame(stores.objects, predictions.ref);
    const labels = Int32Array.from({ length: rows }, (_, row) => data[row * 3]!);
    const points = { data: held.data, rows, width: held.columns.length };
    return {
      meanDistance: predictions.meanDistance,
      novelShare: predictions.novel / rows,
      silhouette: silhouette(points, labels, [...labels.keys()]),
    };
  }

  it.each([
    ['dynamics', 'distribution', true],
    ['distribution', 'dynamics', false],
  ] as const)(
    'each is judged by its silhouette on its own features: champion by %s, challenger by %s',
    async (its, own, promote) => {
      const features = await rawFeatures();
      const [champion, challenger] = [await lineage(features, its), await lineage(features, own)];
      const { table, model } = challenger;
      const decision = await compare({ features, table, model, champion: champion.parent });
      const [theirs, ours] = [await predicted(champion), await predicted(challenger)];
      expect(decision.figures).toMatchObject({ chunks: 8, challenger: ours, champion: theirs });
      expect(decision.promote).toBe(promote);
      expect(decision.reason).toBe(
        `silhouette ${ours.silhouette.toPrecision(4)} on 8 held-out chunks is ${promote ? '' : 'not '}better than the champion's ${theirs.silhouette.toPrecision(4)}`,
      );
    },
  );

  it('a metric that holds between features stays', async () => {
    const features = await rawFeatures();
    const [champion, { table, model }] = [await lineage(features, 'dynamics'), await lineage(features, 'distribution')];
    const promotion: Promotion = { ...BY_GATE, metric: 'davies-bouldin' };
    const { reason } = await compare({ features, table, model, champion: champion.parent, promotion });
    expect(reason).toMatch(/^Davies–Bouldin /);
  });

  it('of the same features distances are compared', async () => {
    const features = await rawFeatures();
    const { table, model, parent } = await lineage(features, 'distribution');
    expect((await compare({ features, table, model, champion: parent })).reason).toMatch(/^mean distance /);
  });
});

describe('compared again', () => {
  it('returns what was kept', async () => {
    const both = await contest({ champion: OLD, challenger: MOVED, held: MOVED });
    const first = await compare(both);
    expect(stores.measures.kept).toBeUndefined();
    expect(await compare(both)).toEqual(first);
    expect(stores.measures.kept).toBe(1);
  });

  it.each<[string, (both: Contest) => Partial<CompareInput>]>([
    ['another version as champion', ({ champion }) => ({ champion: { ...champion, version: 8 } })],
    ['no champion', () => ({ champion: null })],
    ['another gate', () => ({ promotion: { ...BY_GATE, margin: 0.6 } })],
    ['other days held out', () => ({ holdout: NOTHING_HELD })],
  ])('decides anew for %s', async (_, change) => {
    const both = await contest({ champion: OLD, challenger: MOVED, held: MOVED });
    const first = await compare(both);
    expect(await compare({ ...both, ...change(both) })).not.toEqual(first);
    expect(stores.measures.kept).toBeUndefined();
  });

  it('decides anew for another model, and for other chunks', async () => {
    const { reason } = await compare(await contest({ champion: OLD, challenger: MOVED, held: MOVED }));
    const others = { a: [-1], b: [1], c: [9], d: [11] };
    const models = await compare(await contest({ champion: OLD, challenger: others, held: MOVED }));
    const chunks = await compare(await contest({ champion: OLD, challenger: MOVED, held: others }));
    expect(new Set([reason, models.reason, chunks.reason]).size).toBe(3);
  });
});
