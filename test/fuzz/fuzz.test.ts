import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestStores, testStores } from '../support/stores.js';
import { fuzz } from './run.js';

// Damaged files, each made of a seed: they are read or refused, and nothing else comes of them. For longer, call
// `fuzz(stores, { seed, seconds: 1200, log: console.log })` in a test file of your own, with a seed that was not tried.

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
});
afterAll(() => stores.close());

test('damaged files are read or refused, and all their readings are accounted for', { timeout: 300_000 }, async () => {
  const { failures, cases } = await fuzz(stores, { seed: 20_240_301, cases: 150 });
  expect(failures.map(({ seed, kind, why, mutations, kept }) => ({ seed, kind, why, mutations, kept }))).toEqual([]);
  expect(cases).toBe(150);
});
