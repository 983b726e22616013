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

/** A run before: how long each step took, of how many chunks, and what lay between the steps. */
interface Past {
  took?: number;
  between?: number;
  chunks?: number;
  rssMiB?: (step: string) => number;
}

/** What is said of a run of one chunk after some runs, each an hour after the one before. */
async function explained(...past: Past[]): Promise<Explanation> {
  const database = await postgres.database();
  const stores = await testStores(undefined, database);
  opened.push(stores);
  const source = await writeSource(stores, {
    'a.csv': 'time,sensor,value\n2026-05-01,a,1\n2026-05-01T01:00:00Z,a,2\n',
  });
  const steps = [...MAPPED, ...WHOLE];
  for (const [nth, { took = 1, between = 0, chunks = 1, rssMiB = () => 300 }] of past.entries()) {
    const attempts = steps.map((step, at): PastAttempt => {
      const from = 1 + at * (took + between);
      const measures = { rssMiB: rssMiB(step), weight: 2 * chunks, chunks, readings: 2 * chunks, bytes: 100 };
      return { step, from, to: from + took, phase: MAPPED.includes(step) ? 'plan' : 'once', measures };
    });
    const began = new Date(BEGAN.getTime() + nth * 3_600_000);
    await recordRun(database, { id: `before-${nth}`, began, seconds: 1 + steps.length * (took + between), attempts });
  }
  const call = { pipeline: 'sensor-training', request: { params: { source } } };
  return createExplain(stores, SELF)(call, stores.attempt());
}

const secondsOf = ({ steps }: Explanation, name: string) => steps.find((step) => step.name === name)!.seconds;

it('counts the time between the steps of runs before', async () => {
  const [none, some] = [await explained({}), await explained({ between: 0.5 })];
  expect(some.seconds! - none.seconds!).toBeCloseTo(12 * 0.5, 3);
});

it('says that the worker needs what it holds from the run before', async () => {
  const said = await explained({ rssMiB: (step) => (step === 'publish' ? 200 : 500) });
  expect(said.memory).toEqual({ chunk: 500, features: 500, train: 500, publish: 500 });
});

it('goes by the runs of a worker that was warm', async () => {
  expect(secondsOf(await explained({ took: 5 }), 'train')).toBeCloseTo(5, 6);
  expect(secondsOf(await explained({ took: 5 }, { took: 1 }), 'train')).toBeCloseTo(1, 6);
});

it('knows that the silhouette of more than its sample takes no longer', async () => {
  const past = [{}, { took: 1, chunks: 5000 }, { took: 1.25, chunks: 30_000 }];
  const said = await explained(...past);
  expect(secondsOf(said, 'evaluate')).toBeLessThan(0.05);
  expect(secondsOf(said, 'train')).toBeGreaterThan(0.5);
});
