import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createExplain, type Explanation } from '../../activities/explain.js';
import { type TestPostgres, testPostgres } from '../support/database.js';
import { type PastAttempt, recordRun } from '../support/past-runs.js';
import { writeSource } from '../support/sensor-source.js';
import { type TestStores, testStores } from '../support/stores.js';

const BEGAN = new Date('2026-05-02T12:00:00Z');
const SELF = { name: 'host:1', since: BEGAN };
const MAPPED = ['inspect', 'read', 'chunk', 'features'];
const WHOLE = ['holdout', 'fit', 'transform', 'train', 'evaluate', 'compare', 'publish', 'report'];

let postgres: TestPostgres;
const opened: TestStores[] = [];

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
afterEach(async () => {
  for (const stores of opened.splice(0)) await stores.close();
});

/** What is said after one run whose steps took a second each, with some time between them. */
async function explained(between: number, rssMiB: (step: string) => number): Promise<Explanation> {
  const database = await postgres.database();
  const stores = await testStores(undefined, database);
  opened.push(stores);
  const source = await writeSource(stores, {
    'a.csv': 'time,sensor,value\n2026-05-01,a,1\n2026-05-01T01:00:00Z,a,2\n',
  });
  const steps = [...MAPPED, ...WHOLE];
  const attempts = steps.map((step, at): PastAttempt => {
    const from = 1 + at * (1 + between);
    const measures = { rssMiB: rssMiB(step), weight: 2, chunks: 1, readings: 2, bytes: 100 };
    return { step, from, to: from + 1, phase: MAPPED.includes(step) ? 'plan' : 'once', measures };
  });
  const seconds = 1 + steps.length * (1 + between);
  await recordRun(database, { id: 'before', began: BEGAN, seconds, attempts });
  const call = { pipeline: 'sensor-training', request: { params: { source } } };
  return createExplain(stores, SELF)(call, stores.attempt());
}

it('counts the time between the steps of runs before', async () => {
  const [none, some] = [await explained(0, () => 300), await explained(0.5, () => 300)];
  expect(some.seconds! - none.seconds!).toBeCloseTo(12 * 0.5, 3);
});

it('says that the worker needs what it holds from the run before', async () => {
  const said = await explained(0, (step) => (step === 'publish' ? 200 : 500));
  expect(said.memory).toEqual({ chunk: 500, features: 500, train: 500, publish: 500 });
});
