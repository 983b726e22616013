import { describe, expect, it } from 'vitest';
import { projectedEnd, type TimedStep, tippingPoint } from '../../dag/deadline.js';

const step = (
  name: string,
  needs: string[],
  expectedMs: number,
  startedAt: number | null = null,
  endedAt: number | null = null,
): TimedStep => ({
  name,
  needs,
  expectedMs,
  startedAt,
  endedAt,
});

/** Two branches: a → b → d and a → c → d. */
const branches = (a: [number | null, number | null], b: [number | null, number | null] = [null, null]) => [
  // Steps may stand in any order.
  step('d', ['b', 'c'], 10),
  step('a', [], 100, ...a),
  step('b', ['a'], 50, ...b),
  step('c', ['a'], 20),
];

describe('the projected end', () => {
  it('is that of the longest way', () => {
    expect(projectedEnd(branches([null, null]), 1000)).toBe(1160);
    expect(projectedEnd(branches([950, null]), 1000)).toBe(1110);
    expect(projectedEnd(branches([900, 980], [985, null]), 1000)).toBe(1045);
  });

  it('moves on with a step that takes longer than before', () => {
    expect(projectedEnd(branches([800, null]), 1000)).toBe(1060);
    expect(projectedEnd(branches([800, null]), 1300)).toBe(1360);
  });
});

describe('the tipping point', () => {
  it('is now, where the deadline will not be kept', () => {
    expect(tippingPoint(branches([null, null]), 1159, 1000)).toBe(1000);
  });

  it('is where what is to come no longer fits in, though nothing has begun', () => {
    expect(tippingPoint(branches([null, null]), 1200, 1000)).toBe(1041);
  });

  it('is later than a running step was expected to take, by what is left over', () => {
    // a ends at 1100 by the runs before; b and d take 60 more.
    expect(tippingPoint(branches([1000, null]), 1300, 1000)).toBe(1241);
  });

  it('is the deadline itself, where nobody knows how long anything takes', () => {
    expect(tippingPoint([step('a', [], 0)], 1300, 1000)).toBe(1301);
  });
});
