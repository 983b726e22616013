import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FeatureTable } from '../../activities/features.js';
import { type CreatorRef, createFit, type FitInput } from '../../activities/fit.js';
import type { Parent } from '../../activities/model.js';
import type { FeatureCreator } from '../../ml/features/creator.js';
import { readJson, writeFrame } from '../../store/frames.js';
import { heldFrom, NOTHING_HELD } from '../support/models.js';
import { RUN, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;

beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

/** Stores raw features of some chunks, a column each; all of one day, unless their days are given. */
async function rawFeatures(columns: Record<string, readonly number[]>, days?: string[]): Promise<FeatureTable> {
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.map((_, row) => row);
  const data = Float64Array.from(rows.flatMap((row) => names.map((name) => columns[name]![row]!)));
  const sensors = rows.map((row) => `s${row}`);
  const frame = { sensors, days: days ?? rows.map(() => '2026-01-01'), columns: names, data };
  return {
    ref: await writeFrame(stores.objects, 'features', frame),
    columns: names.length,
    made: rows.length,
    kept: 0,
  };
}

const learn = (inputs: Pick<FitInput, 'features'> & Partial<FitInput>): Promise<CreatorRef> =>
  createFit(stores)(
    {
      run: RUN,
      step: 'fit',
      inputs: {
        parent: null,
        holdout: NOTHING_HELD,
        groups: ['distribution', 'dynamics'],
        scaling: 'standard',
        maxMissing: 0.5,
        limit: null,
        balance: false,
        ...inputs,
      },
    },
    stores.attempt(),
  );

const parentWith = (creator: CreatorRef): Parent => ({
  model: 'sensors',
  version: 1,
  artefact: creator.ref,
  creator,
  trainedTo: null,
});

describe('fitting the feature creator', () => {
  it('stores which columns survived, and says how many', async () => {
    const features = await rawFeatures({ mean: [1, 2, 3], std: [5, 5, 5], acf_1: [0, 1, 0], count: [7, 8, 9] });
    const fitted = await learn({ features });
    expect(stores.measures).toMatchObject({ columns: 2, dropped: 2 });
    const creator = await readJson<FeatureCreator>(stores.objects, fitted.ref);
    expect(creator.columns.map(({ name }) => name)).toEqual(['mean', 'acf_1']);
    expect(creator.rows).toBe(3);
  });

  it('gives the same values for the same features, and others for others', async () => {
    const first = await learn({ features: await rawFeatures({ mean: [1, 2, 3] }) });
    const same = await learn({ features: await rawFeatures({ mean: [1, 2, 3] }), maxMissing: 0.4 });
    const other = await learn({ features: await rawFeatures({ mean: [1, 2, 4] }) });
    expect(same.ref.valueHash).toBe(first.ref.valueHash);
    expect(other.ref.valueHash).not.toBe(first.ref.valueHash);
  });

  it('returns what was kept the second time', async () => {
    const features = await rawFeatures({ mean: [1, 2, 3] });
    const first = await learn({ features });
    expect(stores.measures.kept).toBeUndefined();
    expect(await learn({ features })).toEqual(first);
    expect(stores.measures.kept).toBe(1);
  });

  it.each<[string, Partial<FitInput>]>([
    ['groups', { groups: ['distribution'] }],
    ['scaling', { scaling: 'signed-log' }],
    ['share of missing values', { maxMissing: 0.1 }],
    ['limit', { limit: 3 }],
    ['balance', { balance: true }],
  ])('is done anew for another choice of %s', async (_, change) => {
    const features = await rawFeatures({ mean: [1, 2, 3] });
    await learn({ features });
    await learn({ features, ...change });
    expect(stores.measures.kept).toBeUndefined();
  });
});

describe('chunks that are held out', () => {
  const DAYS = ['2026-01-01', '2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04'];
  const holdout = heldFrom('2026-01-03', 2);
  const learned = async (features: FeatureTable) =>
    readJson<FeatureCreator>(stores.objects, (await learn({ features, holdout })).ref);

  it('teach the creator nothing, whatever is in them', async () => {
    const trained = await learned(await rawFeatures({ mean: [1, 2, 4], std: [3, 3, 3] }, DAYS.slice(0, 3)));
    for (const [mean, std] of [
      [5, 3],
      [1e9, -7],
      [Number.NaN, Number.NaN],
    ] as const) {
      const features = await rawFeatures({ mean: [1, 2, 4, mean, mean], std: [3, 3, 3, std, 0] }, DAYS);
      expect(await learned(features)).toEqual(trained);
    }
    expect(stores.measures.kept).toBeUndefined();
    expect(trained).toMatchObject({ rows: 3, columns: [{ name: 'mean', fill: 2 }], dropped: [{ name: 'std' }] });
  });

  it('are told from those that are not by their day alone, in whatever order they stand', async () => {
    const sorted = await learned(await rawFeatures({ mean: [1, 2, 4, 50, 60] }, DAYS));
    const mixed = ['2026-01-04', '2026-01-01', '2026-01-01', '2026-01-03', '2026-01-02'];
    expect(await learned(await rawFeatures({ mean: [60, 1, 2, 50, 4] }, mixed))).toEqual(sorted);
  });

  it('make another creator than the same chunks that are not', async () => {
    const features = await rawFeatures({ mean: [1, 2, 4, 5, 6] }, DAYS);
    const without = await learned(features);
    const { ref } = await learn({ features });
    expect(stores.measures.kept).toBeUndefined();
    expect(await readJson<FeatureCreator>(stores.objects, ref)).toMatchObject({ rows: 5, columns: [{ fill: 4 }] });
    expect(without).toMatchObject({ rows: 3, columns: [{ fill: 2 }] });
  });
});

describe('with a parent', () => {
  it("keeps the parent's creator, whatever the features and params are now", async () => {
    const creator = await learn({ features: await rawFeatures({ mean: [1, 2, 3] }) });
    const features = await rawFeatures({ mean: [100, 200, 300], std: [1, 2, 3] });
    expect(await learn({ features, parent: parentWith(creator), scaling: 'signed-log' })).toEqual(creator);
  });

  it("says so when the parent's creator is gone from the store", async () => {
    const creator = await learn({ features: await rawFeatures({ mean: [1, 2, 3] }) });
    await stores.objects.remove(creator.ref.uri);
    const features = await rawFeatures({ mean: [4, 5, 6] });
    await expect(learn({ features, parent: parentWith(creator) })).rejects.toMatchObject({ code: 'MR_OBJECT_MISSING' });
  });
});
