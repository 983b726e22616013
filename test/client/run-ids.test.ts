import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { hasEnded, runIdOf } from '../../client/run-ids.js';
import type { Database } from '../../store/tables/database.js';
import { Registry } from '../../store/tables/registry.js';
import { type TestPostgres, testPostgres } from '../support/database.js';

let postgres: TestPostgres;
let database: Database;
let registry: Registry;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  registry = new Registry(database);
});

const record = (workflowId: string, temporalRunId: string) =>
  registry.beginRun({ runId: workflowId, workflowId, temporalRunId, pipeline: 'sensor-training' }, {}, null);

it('the id of a run is known before it is recorded', async () => {
  for (const execution of ['a', 'b', 'c']) {
    const id = await runIdOf(database, 'nightly', execution);
    expect(await record('nightly', execution)).toBe(id);
    expect(await runIdOf(database, 'nightly', execution)).toBe(id);
  }
  expect(await runIdOf(database, 'nightly', 'b')).toBe('nightly.2');
});

it.each([1, 2, 3])('the id of a run is the same when it is recorded behind look %i', async (look) => {
  let looks = 0;
  const db = database.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (++looks === look) await record('nightly', 'a');
      return result;
    },
  });
  expect(await runIdOf({ ...database, db }, 'nightly', 'a')).toBe('nightly');
  expect(looks).toBeGreaterThanOrEqual(3);
});

it('whether a run has ended is known from its record', async () => {
  await record('nightly', 'a');
  expect([await hasEnded(database, 'a'), await hasEnded(database, 'b')]).toEqual([false, false]);
  await registry.endRun('a', { state: 'failed', result: null, error: null });
  expect(await hasEnded(database, 'a')).toBe(true);
});
