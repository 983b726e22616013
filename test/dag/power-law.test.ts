import { describe, expect, it } from 'vitest';
import { powerLawAt, powerLawThrough } from '../../dag/power-law.js';

/** What the exponent is drawn to. */
const TYPICAL = 1 / 6;
const at = (work: number, cost: number) => ({ work, cost });

describe('the power law through measurements', () => {
  it('is that on which they lie', () => {
    const law = powerLawThrough([1, 100, 1e6].map((work) => at(work, 300 * work ** TYPICAL)))!;
    expect(law.exponent).toBeCloseTo(TYPICAL, 9);
    expect(law.scale).toBeCloseTo(300, 6);
    expect(powerLawAt(law, 4e6)).toBeCloseTo(300 * 4e6 ** TYPICAL, 6);
  });

  it('is half way to what is typical where one of two measurements is of twenty times the work', () => {
    const law = powerLawThrough([at(1e3, 100), at(2e4, 100 * 20 ** 0.45)])!;
    expect(law.exponent).toBeCloseTo((0.45 + TYPICAL) / 2, 9);
    const far = powerLawThrough([at(1, 100), at(1e8, 100 * 1e8 ** 0.45)])!;
    expect(far.exponent).toBeGreaterThan(0.43);
  });

  it('does not go by chance: sizes that are nearly the same say little of how the cost grows', () => {
    const law = powerLawThrough([at(240_000, 436), at(242_000, 503), at(238_000, 498), at(240_000, 446)])!;
    expect(law.exponent).toBeCloseTo(TYPICAL, 2);
    expect(powerLawAt(law, 240_000)).toBeCloseTo((436 * 503 * 498 * 446) ** (1 / 4), 0);
  });

  it('never falls, and rises no faster than the work', () => {
    expect(powerLawThrough([at(1, 1000), at(1e6, 10)])!.exponent).toBe(0);
    expect(powerLawThrough([at(1, 1), at(1e6, 1e12)])!.exponent).toBe(1);
  });

  it('of one measurement goes through it', () => {
    const law = powerLawThrough([at(19_200, 320)])!;
    expect(powerLawAt(law, 19_200)).toBeCloseTo(320, 9);
    expect(powerLawAt(law, 19_200_000)).toBeCloseTo(320 * 1000 ** TYPICAL, 6);
  });

  it('takes no work for a unit of it, and is none without a measurement', () => {
    const law = powerLawThrough([at(0, 200)])!;
    expect(powerLawAt(law, 0)).toBeCloseTo(200, 9);
    expect(powerLawThrough([])).toBeNull();
  });
});
