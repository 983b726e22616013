import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestStores, testStores } from '../support/stores.js';
import { carryOut } from './check.js';
import { ODDITIES } from './oddity-list.js';

// A plant whose readings are known, written in all the ways in which people write such files.

/** With one, tables are long, with the other wide, where they may be either. */
const SEEDS = [1, 2];
const LEAST_ODDITIES = 60;

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
});
afterAll(() => stores.close());

describe('read as it was meant:', () => {
  for (const oddity of ODDITIES) {
    it.skipIf(oddity.skip)(oddity.skip ? `${oddity.name}: ${oddity.skip}` : oddity.name, async () => {
      for (const seed of SEEDS) {
        const { came, expected } = await carryOut(stores, oddity, seed);
        expect(came, `with seed ${seed}`).toEqual(expected);
      }
    });
  }
});

it(`there are ${LEAST_ODDITIES} oddities or more, each with a name of its own`, () => {
  const names = new Set(ODDITIES.map(({ name }) => name));
  expect(names.size).toBe(ODDITIES.length);
  expect(names.size).toBeGreaterThanOrEqual(LEAST_ODDITIES);
});
