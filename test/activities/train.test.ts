import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTrain } from '../../activities/train.js';
import { readFrame } from '../../store/frames.js';
import {
  heldFrom,
  idsByChunk,
  joinTables,
  modelOf,
  NOTHING_HELD,
  registered,
  train,
  writeDays,
  writeTable,
} from '../support/models.js';
import { type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
let code: string;

beforeEach(async () => {
  code = 'one';
  stores = await testStores(() => code);
});
afterEach(() => stores.close());

/** Two groups of two chunks, around 0.5 and 10.5. */
const twoGroups = () => writeTable(stores, { a: [0], b: [1], c: [10], d: [11] });

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('training', () => {
  it('gives centres, the chunks each has seen and how far they lie', async () => {
    const model = await modelOf(stores, await train(stores, { table: await twoGroups(), k: 2 }));
    expect(model).toMatchObject({
      algorithm: 'k-means',
      creator: 'the creator',
      columns: ['column 0'],
      ids: [0, 1],
      nextId: 2,
    });
    expect([...model.centres].sort(([a], [b]) => a! - b!)).toEqual([[0.5], [10.5]]);
    expect(model).toMatchObject({ seen: [2, 2], radius: [0.5, 0.5], inertia: 1 });
  });

  it('keeps the cluster and the distance of every chunk', async () => {
    const table = await writeTable(stores, { a: [0], b: [1], c: [11] });
    const { assignments, centres } = await modelOf(stores, await train(stores, { table, k: 2 }));
    const { sensors, days, columns, data } = await readFrame(stores.objects, assignments);
    expect({ sensors, days, columns }).toEqual({
      sensors: ['a', 'b', 'c'],
      days: ['2026-01-01', '2026-01-01', '2026-01-01'],
      columns: ['cluster', 'distance'],
    });
    expect([0, 1, 2].map((row) => centres[data[row * 2]!])).toEqual([[0.5], [0.5], [11]]);
    expect([1, 3, 5].map((at) => data[at])).toEqual([0.5, 0.5, 0]);
  });

  it('says both numbers when k is above the number of chunks', async () => {
    const refused = train(stores, { table: await writeTable(stores, { a: [0], b: [1] }), k: 7 });
    await expect(refused).rejects.toMatchObject({
      code: 'MR_TOO_FEW_CHUNKS',
      advice: { allowed: 'k from 1 to 2 here' },
    });
    await expect(refused).rejects.toThrow('k is 7, but there are 2 chunks');
  });

  it('takes a k of the number of chunks', async () => {
    const { seen, inertia } = await modelOf(stores, await train(stores, { table: await twoGroups(), k: 4 }));
    expect({ seen, inertia }).toEqual({ seen: [1, 1, 1, 1], inertia: 0 });
  });

  it('gives the same values for the same inputs, wherever it runs', async () => {
    const here = await train(stores, { table: await twoGroups(), k: 2 });
    const elsewhere = await testStores(() => code);
    try {
      const table = await writeTable(elsewhere, { a: [0], b: [1], c: [10], d: [11] });
      expect((await train(elsewhere, { table, k: 2 })).ref.valueHash).toBe(here.ref.valueHash);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('chunks that are held out', () => {
  const DAYS = { '2026-01-01': { a: [0], b: [1] }, '2026-01-02': { a: [10], b: [11] } };
  const holdout = heldFrom('2026-01-03', 2);

  it('are not trained on, whatever is in them', async () => {
    const alone = await train(stores, { table: await writeDays(stores, DAYS), k: 2 });
    for (const value of [5, 1e6]) {
      const table = await writeDays(stores, { ...DAYS, '2026-01-03': { a: [value] }, '2026-01-04': { c: [-value] } });
      const trained = await train(stores, { table, k: 2, holdout });
      expect(trained).toEqual({ ...alone, ref: trained.ref });
      expect(await modelOf(stores, trained)).toEqual(await modelOf(stores, alone));
    }
    expect(stores.measures.kept).toBeUndefined();
  });

  it('are not among the chunks and days it says it was trained on', async () => {
    const table = await writeDays(stores, { '2026-01-03': { a: [5], b: [6] }, ...DAYS });
    expect(await train(stores, { table, k: 2, holdout })).toMatchObject({ chunks: 4, lastDay: '2026-01-02' });
    expect(await train(stores, { table, k: 2 })).toMatchObject({ chunks: 6, lastDay: '2026-01-03' });
  });

  it('are not enough for k', async () => {
    const table = await writeDays(stores, { ...DAYS, '2026-01-03': { a: [5], b: [6] } });
    await expect(train(stores, { table, k: 5, holdout })).rejects.toThrow('k is 5, but there are 4 chunks');
  });

  it('are trained on by the next version', async () => {
    const table = await writeDays(stores, { ...DAYS, '2026-01-03': { a: [2], b: [12] } });
    const parent = await registered(stores, await train(stores, { table, k: 2, holdout }));
    const next = await writeDays(stores, { '2026-01-03': { a: [2], b: [12] } });
    const { centres, seen } = await modelOf(stores, await train(stores, { table: next, parent, k: 2 }));
    expect([...centres].sort(([a], [b]) => a! - b!)).toEqual([[1], [11]]);
    expect(seen).toEqual([3, 3]);
  });
});

describe('training again', () => {
  it('returns what was kept, without training', async () => {
    const table = await twoGroups();
    const first = await train(stores, { table, k: 2 });
    expect(stores.measures.kept).toBeUndefined();
    const idle = createTrain({ ...stores, parallel: { width: 1, run: () => Promise.reject(new Error('it trained')) } });
    const params = { k: 2, seed: 1, starts: 5, maxIterations: 100, tolerance: 0 };
    const inputs = { table, parent: null, holdout: NOTHING_HELD, ...params };
    const call = { run: { runId: 'later', workflowId: 'w', temporalRunId: 't', pipeline: 'p' }, step: 'train', inputs };
    expect(await idle(call, stores.attempt())).toEqual(first);
    expect(stores.measures.kept).toBe(1);
  });

  it.each([
    ['another seed', { seed: 2 }],
    ['another k', { k: 3 }],
    ['another tolerance', { tolerance: 0.1 }],
  ])('trains with %s', async (_, change) => {
    const table = await twoGroups();
    await train(stores, { table, k: 2 });
    await train(stores, { table, k: 2, ...change });
    expect(stores.measures.kept).toBeUndefined();
  });

  it('trains when the code has changed', async () => {
    const table = await twoGroups();
    await train(stores, { table, k: 2 });
    code = 'another';
    await train(stores, { table, k: 2 });
    expect(stores.measures.kept).toBeUndefined();
  });
});

describe('continuing a model', () => {
  it('with all its chunks begins at its centres, and nothing else weighs in', async () => {
    const old = await twoGroups();
    const parent = await registered(stores, await train(stores, { table: old, k: 2 }));
    const table = await joinTables(stores, [old, await writeTable(stores, { a: [2], c: [15] }, { day: '2026-01-02' })]);
    const model = await modelOf(stores, await train(stores, { table, parent, k: 2 }));
    expect([...model.centres].sort(([a], [b]) => a! - b!)).toEqual([[1], [12]]);
    expect(sum(model.seen)).toBe(6);
  });

  it('with new chunks only, lets what the parent saw weigh in', async () => {
    const first = await train(stores, { table: await twoGroups(), k: 2 });
    const table = await writeTable(stores, { a: [3.5], c: [13.5] }, { day: '2026-01-02' });
    const model = await modelOf(stores, await train(stores, { table, parent: await registered(stores, first), k: 2 }));
    // (2 · 0.5 + 3.5) / 3 and (2 · 10.5 + 13.5) / 3
    expect([...model.centres].sort(([a], [b]) => a! - b!)).toEqual([[1.5], [11.5]]);
    expect(model).toMatchObject({ seen: [3, 3], radius: [2, 2] });
  });

  it('with some of its chunks, weighs the others only', async () => {
    const first = await train(stores, { table: await twoGroups(), k: 2 });
    const table = await joinTables(stores, [
      await writeTable(stores, { b: [1], d: [11] }),
      await writeTable(stores, { a: [3] }, { day: '2026-01-02' }),
    ]);
    const model = await modelOf(stores, await train(stores, { table, parent: await registered(stores, first), k: 2 }));
    // (1 · 0.5 + 1 + 3) / 3 and (1 · 10.5 + 11) / 2
    expect([...model.centres].sort(([a], [b]) => a! - b!)).toEqual([[1.5], [10.75]]);
    expect([...model.seen].sort()).toEqual([2, 3]);
  });

  it('remembers every chunk over generations, and each once', async () => {
    let last = await train(stores, { table: await twoGroups(), k: 2 });
    // The third day comes twice: late readings have changed its values.
    for (const [day, value] of [
      ['2026-01-02', 2],
      ['2026-01-03', 3],
      ['2026-01-03', 4],
    ] as const) {
      const table = await writeTable(stores, { a: [value], c: [10 + value] }, { day });
      last = await train(stores, { table, parent: await registered(stores, last), k: 2 });
    }
    const model = await modelOf(stores, last);
    const { sensors, days } = await readFrame(stores.objects, model.assignments);
    expect(sensors.map((sensor, row) => `${sensor} ${days[row]}`).sort()).toEqual([
      'a 2026-01-01',
      'a 2026-01-02',
      'a 2026-01-03',
      'b 2026-01-01',
      'c 2026-01-01',
      'c 2026-01-02',
      'c 2026-01-03',
      'd 2026-01-01',
    ]);
    expect(model.seen).toEqual([4, 4]);
  });

  it('keeps the largest distance that any generation saw', async () => {
    const wide = await train(stores, { table: await writeTable(stores, { a: [-6], b: [6], c: [100] }), k: 2 });
    const table = await writeTable(stores, { a: [0], c: [100] }, { day: '2026-01-02' });
    const model = await modelOf(stores, await train(stores, { table, parent: await registered(stores, wide), k: 2 }));
    expect([...model.radius].sort()).toEqual([0, 6]);
  });

  it('is kept apart from training the same table anew', async () => {
    const table = await twoGroups();
    const first = await train(stores, { table, k: 2 });
    await train(stores, { table, parent: await registered(stores, first), k: 2 });
    expect(stores.measures.kept).toBeUndefined();
  });

  it('is refused when the parent saw other features', async () => {
    const parent = await registered(stores, await train(stores, { table: await twoGroups(), k: 2 }), 3);
    const table = await writeTable(stores, { a: [0], b: [1] }, { creator: 'another creator' });
    const refused = train(stores, { table, parent, k: 2 });
    await expect(refused).rejects.toMatchObject({ code: 'MR_CREATOR_MISMATCH' });
    await expect(refused).rejects.toThrow('version 3 of sensors belongs to another feature creator');
  });
});

describe('ids of clusters', () => {
  it('stay with their chunks when the model is continued', async () => {
    const first = await train(stores, { table: await twoGroups(), k: 2 });
    const before = await idsByChunk(stores, first);
    const table = await writeTable(stores, { a: [2], c: [12] }, { day: '2026-01-02' });
    const after = await idsByChunk(
      stores,
      await train(stores, { table, parent: await registered(stores, first), k: 2 }),
    );
    expect(after).toMatchObject(before);
    expect(after['a 2026-01-02']).toBe(before['a 2026-01-01']);
    expect(after['c 2026-01-02']).toBe(before['c 2026-01-01']);
  });

  it('stay with their chunks when k grows, and the new cluster has a new one', async () => {
    const old = await twoGroups();
    const first = await train(stores, { table: old, k: 2 });
    const before = await idsByChunk(stores, first);
    const table = await joinTables(stores, [old, await writeTable(stores, { e: [100], f: [101] })]);
    const trained = await train(stores, { table, parent: await registered(stores, first), k: 3, seed: 9 });
    const after = await idsByChunk(stores, trained);
    expect(after).toEqual({ ...before, 'e 2026-01-01': 2, 'f 2026-01-01': 2 });
    expect(await modelOf(stores, trained)).toMatchObject({ ids: [0, 1, 2], nextId: 3 });
  });

  it('are never used again once they are retired', async () => {
    const table = await writeTable(stores, { a: [0], b: [1], c: [10], d: [11], e: [100], f: [101] });
    const three = await train(stores, { table, k: 3 });
    const two = await train(stores, { table, parent: await registered(stores, three), k: 2 });
    const again = await train(stores, { table, parent: await registered(stores, two, 2), k: 3 });
    const { ids } = await modelOf(stores, two);
    expect(ids).toHaveLength(2);
    expect(await modelOf(stores, again)).toMatchObject({ ids: [...ids, 3], nextId: 4 });
  });

  it('stand in ascending order beside their centres', async () => {
    const table = await writeTable(stores, { a: [0], b: [1], c: [10], d: [11], e: [100], f: [101] });
    const first = await train(stores, { table, k: 3, seed: 1 });
    // Another k and seed find the clusters in another order.
    const other = await train(stores, { table, parent: await registered(stores, first), k: 4, seed: 3 });
    const { ids, centres } = await modelOf(stores, other);
    expect(ids).toEqual([0, 1, 2, 3]);
    const chunks = await idsByChunk(stores, other);
    for (const [sensor, value] of [
      ['a', 0],
      ['c', 10],
      ['e', 100],
    ] as const) {
      expect(Math.abs(centres[chunks[`${sensor} 2026-01-01`]!]![0]! - value)).toBeLessThanOrEqual(0.5);
    }
  });
});

describe('another k than the parent', () => {
  it('starts anew: what the parent saw and this table lacks is forgotten', async () => {
    const first = await train(stores, { table: await twoGroups(), k: 2 });
    const table = await writeTable(stores, { a: [50], b: [60], c: [70] }, { day: '2026-01-02' });
    const model = await modelOf(stores, await train(stores, { table, parent: await registered(stores, first), k: 3 }));
    expect(model.seen).toEqual([1, 1, 1]);
    expect([...model.centres].sort(([a], [b]) => a! - b!)).toEqual([[50], [60], [70]]);
  });

  it('gives fresh ids when no chunk is shared', async () => {
    const first = await train(stores, { table: await twoGroups(), k: 2 });
    const table = await writeTable(stores, { a: [50], b: [60], c: [70] }, { day: '2026-01-02' });
    const model = await modelOf(stores, await train(stores, { table, parent: await registered(stores, first), k: 3 }));
    expect(model).toMatchObject({ ids: [2, 3, 4], nextId: 5 });
  });
});
