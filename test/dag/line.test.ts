import { describe, expect, it } from 'vitest';
import { costAt, lineThrough } from '../../dag/line.js';

describe('the line through measurements', () => {
  it('is that on which they lie', () => {
    const line = lineThrough([1, 10, 1000].map((work) => ({ work, cost: 2 + 3 * work })))!;
    expect(line.fixed).toBeCloseTo(2, 9);
    expect(line.perUnit).toBeCloseTo(3, 9);
    expect(costAt(line, 100_000)).toBeCloseTo(300_002, 3);
  });

  it('goes by relative errors, as numpy.polyfit([1, 3, 1000], cost, 1, w=1/cost) does', () => {
    const line = lineThrough([
      { work: 1, cost: 3.1 },
      { work: 3, cost: 4.8 },
      { work: 1000, cost: 1500 },
    ])!;
    expect(line.perUnit).toBeCloseTo(1.3582378784565738, 9);
    expect(line.fixed).toBeCloseTo(1.4430018237023081, 9);
  });

  it('never falls, and never costs less than nothing', () => {
    expect(
      lineThrough([
        { work: 1, cost: 5 },
        { work: 2, cost: 1 },
      ])!.perUnit,
    ).toBe(0);
    expect(
      lineThrough([
        { work: 10, cost: 1 },
        { work: 20, cost: 4 },
      ])!.fixed,
    ).toBe(0);
  });

  it('of one measurement grows with the work, but for a little', () => {
    const line = lineThrough([{ work: 100, cost: 1.1 }])!;
    expect(line.fixed).toBeCloseTo(0.1, 9);
    expect(line.perUnit).toBeCloseTo(0.01, 9);
    expect(lineThrough([{ work: 0, cost: 1.1 }])).toEqual({ fixed: 1.1, perUnit: 0 });
  });

  it('of measurements that are nearly of one size goes as if they were of one', () => {
    const line = lineThrough([
      { work: 4950, cost: 4 },
      { work: 5000, cost: 4.4 },
      { work: 5050, cost: 3.6 },
    ])!;
    expect(line.fixed).toBeCloseTo(0.1, 9);
    expect(costAt(line, 50_000) / costAt(line, 5000)).toBeGreaterThan(9);
  });

  it('is none without a measurement', () => {
    expect(lineThrough([])).toBeNull();
  });
});
