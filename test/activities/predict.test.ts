import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterModel, Parent } from '../../activities/model.js';
import { createPredict } from '../../activities/predict.js';
import type { Table } from '../../activities/transform.js';
import { readFrame, writeJson } from '../../store/frames.js';
import { registered, train, writeTable } from '../support/models.js';
import { RUN, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;

beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

const predict = (table: Table, model: Parent) =>
  createPredict(stores)({ run: RUN, step: 'predict', inputs: { table, model } }, stores.attempt());

/** A registered model of two clusters: id 4 around 0, as far as 1, and id 2 around 10, as far as 3. */
async function twoClusters(): Promise<Parent> {
  const trained = await train(stores, { table: await writeTable(stores, { a: [0], b: [10] }), k: 2 });
  const model: Pick<ClusterModel, 'creator' | 'centres' | 'ids' | 'radius'> = {
    creator: 'the creator',
    centres: [[0], [10]],
    ids: [4, 2],
    radius: [1, 3],
  };
  return registered(stores, { ...trained, ref: await writeJson(stores.objects, 'models', model) }, 6);
}

describe('prediction', () => {
  it('gives every chunk the id of its nearest cluster, and the distance', async () => {
    const table = await writeTable(stores, { a: [0.5], b: [8], c: [10] });
    const { sensors, columns, data } = await readFrame(stores.objects, (await predict(table, await twoClusters())).ref);
    expect(sensors).toEqual(['a', 'b', 'c']);
    expect(columns).toEqual(['cluster', 'distance', 'novel']);
    expect([...data]).toEqual([4, 0.5, 0, 2, 2, 0, 2, 0, 0]);
  });

  it('calls a chunk novel that lies farther out than any in training, and not one that lies as far', async () => {
    const table = await writeTable(stores, { inside: [-1], outside: [-1.01], far: [13.5], edge: [13] });
    const { data } = await readFrame(stores.objects, (await predict(table, await twoClusters())).ref);
    expect([0, 1, 2, 3].map((row) => data[row * 3 + 2])).toEqual([0, 1, 1, 0]);
  });

  it('counts chunks and novel ones by cluster', async () => {
    const table = await writeTable(stores, { a: [0], b: [2], c: [20], d: [-3] });
    expect(await predict(table, await twoClusters())).toMatchObject({
      model: 'sensors',
      version: 6,
      sizes: [
        { id: 4, chunks: 3, novel: 2 },
        { id: 2, chunks: 1, novel: 1 },
      ],
      novel: 3,
      meanDistance: (0 + 2 + 10 + 3) / 4,
    });
  });

  it('finds nothing novel in what the model was trained on', async () => {
    const rows = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`s${at}`, [Math.sin(at) * 7, Math.cos(at * 3) / 3]]),
    );
    const table = await writeTable(stores, rows);
    const model = await registered(stores, await train(stores, { table, k: 4 }));
    expect(await predict(table, model)).toMatchObject({ novel: 0 });
  });

  it('is refused when the model saw other features', async () => {
    const table = await writeTable(stores, { a: [0] }, { creator: 'another creator' });
    const refused = predict(table, await twoClusters());
    await expect(refused).rejects.toMatchObject({ code: 'MR_CREATOR_MISMATCH' });
    await expect(refused).rejects.toThrow("version 6 of sensors was not trained on this table's features");
  });

  it('returns what was kept the second time', async () => {
    const table = await writeTable(stores, { a: [0], b: [20] });
    const model = await twoClusters();
    const first = await predict(table, model);
    expect(stores.measures.kept).toBeUndefined();
    expect(await predict(table, model)).toEqual(first);
    expect(stores.measures.kept).toBe(1);
  });

  it('is made again for another version, though the numbers are the same', async () => {
    const table = await writeTable(stores, { a: [0] });
    const model = await twoClusters();
    const first = await predict(table, model);
    const other = await predict(table, { ...model, version: 7 });
    expect(other.version).toBe(7);
    expect(other.ref.valueHash).toBe(first.ref.valueHash);
  });
});
