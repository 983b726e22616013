import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../ml/random.js';

const take = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

describe('seeded random numbers', () => {
  // Of another implementation of the two papers, in Python. Other numbers would be another model for every seed.
  it.each([
    [0, [0.8868539502021594, 0.012474988946590604, 0.032522145755498943, 0.024408060085556516]],
    [42, [0.6606157208001621, 0.1117019639532224, 0.0791056456144914, 0.015209237180418]],
    [0xffffffff, [0.19461841469507213, 0.5485967281391287, 0.2282790634437124, 0.856209721965931]],
  ])('of seed %i are the same for ever', (seed, numbers) => {
    expect(take(seed, numbers.length)).toEqual(numbers);
  });

  it('are others for another seed', () => {
    expect(take(1, 5)).not.toEqual(take(2, 5));
  });

  it('do not disturb those of another source', () => {
    const [one, other] = [seededRandom(3), seededRandom(3)];
    one();
    expect(one()).toBe([other(), other()][1]);
  });

  it('lie in [0, 1)', () => {
    const outside = take(9, 100_000).filter((x) => !(x >= 0 && x < 1));
    expect(outside).toEqual([]);
  });

  it.each([0, 1, 42, 123_456_789])('of seed %i fall into tenths about equally', (seed) => {
    const counts = new Array<number>(10).fill(0);
    for (const x of take(seed, 100_000)) counts[Math.floor(x * 10)]!++;
    // Five standard deviations of a count are 474.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(474);
  });

  it('do not follow one another', () => {
    const xs = take(5, 100_000).map((x) => x - 0.5);
    const together = xs.slice(1).reduce((sum, x, at) => sum + x * xs[at]!, 0) / xs.length;
    expect(Math.abs(together * 12)).toBeLessThan(0.016);
  });

  it('use all of the 53 bits a number has', () => {
    const lowest = take(8, 1000).filter((x) => (x * 2 ** 53) % 2 === 1).length;
    expect(lowest).toBeGreaterThan(420);
    expect(lowest).toBeLessThan(580);
  });
});
