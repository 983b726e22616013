import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEvaluate, type EvaluateInput } from '../../activities/evaluate.js';
import { heldFrom, joinTables, NOTHING_HELD, registered, train, writeDays, writeTable } from '../support/models.js';
import { RUN, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;

beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

const evaluate = (inputs: Pick<EvaluateInput, 'table' | 'model'> & Partial<EvaluateInput>) =>
  createEvaluate(stores)(
    { run: RUN, step: 'evaluate', inputs: { seed: 1, parent: null, holdout: NOTHING_HELD, ...inputs } },
    stores.attempt(),
  );

describe('evaluation', () => {
  it('gives the figures of the model on its table', async () => {
    const table = await writeTable(stores, { a: [-1], b: [1], c: [8], d: [12] });
    const { model, silhouetteRows } = await evaluate({ table, model: await train(stores, { table, k: 2 }) });
    // Spreads 1 and 2, centres 10 apart; silhouettes by hand.
    expect(model.inertia).toBe(10);
    expect(model.daviesBouldin).toBeCloseTo(0.3, 12);
    expect(model.silhouette).toBeCloseTo((9 / 11 + 7 / 9 + 4 / 8 + 8 / 12) / 4, 12);
    expect(silhouetteRows).toBe(4);
  });

  it('counts the chunks of each cluster by id', async () => {
    const table = await writeTable(stores, { a: [0], b: [1], c: [2], d: [50] });
    const { model } = await evaluate({ table, model: await train(stores, { table, k: 2 }) });
    expect(model.sizes.map(({ id }) => id)).toEqual([0, 1]);
    expect(model.sizes.map(({ chunks }) => chunks).sort()).toEqual([1, 3]);
  });

  it('has nothing to compare with when there is no parent', async () => {
    const table = await writeTable(stores, { a: [0], b: [9] });
    expect(await evaluate({ table, model: await train(stores, { table, k: 1 }) })).toMatchObject({
      before: null,
    });
  });

  it('puts the parent beside it, on the same chunks', async () => {
    const old = await writeTable(stores, { a: [0], b: [10] });
    const first = await train(stores, { table: old, k: 2 });
    const parent = await registered(stores, first, 4);
    const table = await joinTables(stores, [old, await writeTable(stores, { a: [2] }, { day: '2026-01-02' })]);
    const trained = await train(stores, { table, parent, k: 2 });
    const { model, before } = await evaluate({ table, model: trained, parent });
    expect(model.inertia).toBe(2);
    expect(before).toMatchObject({ version: 4, inertia: 4 });
    expect(before!.sizes).toEqual(model.sizes);
  });

  it('has null for figures that are not defined, since JSON has no NaN', async () => {
    const table = await writeTable(stores, { a: [0], b: [9] });
    const scores = await evaluate({ table, model: await train(stores, { table, k: 1 }) });
    expect(scores.model).toMatchObject({ silhouette: null, daviesBouldin: null });
    expect(JSON.parse(JSON.stringify(scores))).toEqual(scores);
  });

  it('is of the rows that were trained on: those held out weigh in neither figure nor size', async () => {
    const trained = { '2026-01-01': { a: [-1], b: [1], c: [8], d: [12] } };
    const holdout = heldFrom('2026-01-02', 2);
    const scores = async (held: number) => {
      const table = await writeDays(stores, { ...trained, '2026-01-02': { a: [held], c: [held + 1] } });
      const model = await train(stores, { table, k: 2, holdout });
      return evaluate({ table, model, holdout, parent: await registered(stores, model, 3) });
    };
    const near = await scores(5);
    expect(near.model.inertia).toBe(10);
    expect(near.model.daviesBouldin).toBeCloseTo(0.3, 12);
    expect(near.model.sizes.map(({ chunks }) => chunks)).toEqual([2, 2]);
    expect(near.silhouetteRows).toBe(4);
    expect(near.before).toEqual({ ...near.model, version: 3 });
    expect(await scores(500)).toEqual(near);
    expect(stores.measures.kept).toBeUndefined();
  });

  it('is made anew when other days are held out', async () => {
    const table = await writeDays(stores, { '2026-01-01': { a: [0], b: [9] }, '2026-01-02': { a: [1], b: [10] } });
    const model = await train(stores, { table, k: 2 });
    expect((await evaluate({ table, model })).model.inertia).toBe(1);
    expect((await evaluate({ table, model, holdout: heldFrom('2026-01-02', 2) })).model.inertia).toBe(0.5);
  });

  it('returns what was kept the second time', async () => {
    const table = await writeTable(stores, { a: [0], b: [9], c: [10] });
    const inputs = { table, model: await train(stores, { table, k: 2 }) };
    const first = await evaluate(inputs);
    expect(stores.measures.kept).toBeUndefined();
    expect(await evaluate(inputs)).toEqual(first);
    expect(stores.measures.kept).toBe(1);
  });
});
