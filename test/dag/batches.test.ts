import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBatches } from '../../dag/batches.js';

const worklist = fc.record({
  weights: fc.array(fc.oneof(fc.nat(20), fc.double({ min: 0, max: 1000, noNaN: true })), { maxLength: 60 }),
  targetWeight: fc.double({ min: 0.01, max: 200, noNaN: true }),
  maxBatches: fc.integer({ min: 1, max: 20 }),
});

const sumOf = (weights: readonly number[]) => weights.reduce((sum, weight) => sum + weight, 0);

describe('batches', () => {
  it('hold every item exactly once, in order, and are never empty', () => {
    fc.assert(
      fc.property(worklist, ({ weights, ...limits }) => {
        let next = 0;
        for (const { from, to } of planBatches(weights, limits)) {
          expect(from).toBe(next);
          expect(to).toBeGreaterThan(from);
          next = to;
        }
        expect(next).toBe(weights.length);
      }),
    );
  });

  it('are never more than allowed', () => {
    fc.assert(
      fc.property(worklist, ({ weights, ...limits }) => {
        expect(planBatches(weights, limits).length).toBeLessThanOrEqual(limits.maxBatches);
      }),
    );
  });

  it('hold more than twice the target only for one heavy item, or because no more batches are allowed', () => {
    fc.assert(
      fc.property(worklist, ({ weights, targetWeight, maxBatches }) => {
        const batches = planBatches(weights, { targetWeight, maxBatches });
        const target = Math.max(targetWeight, sumOf(weights) / maxBatches);
        batches.forEach(({ from, to }, at) => {
          const heavy = sumOf(weights.slice(from, to)) > 2 * target * (1 + 1e-9);
          if (heavy) expect(to - from === 1 || at === maxBatches - 1).toBe(true);
        });
      }),
    );
  });

  it('are of about the target weight', () => {
    const batches = planBatches(new Array<number>(100).fill(1), { targetWeight: 10, maxBatches: 500 });
    expect(batches).toHaveLength(10);
    expect(batches.every(({ from, to }) => to - from === 10)).toBe(true);
  });

  it('close before an item that overshoots by more than stopping short of it would undershoot', () => {
    const limits = { targetWeight: 10, maxBatches: 500 };
    expect(planBatches([8, 5], limits)).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ]);
    expect(planBatches([8, 3], limits)).toEqual([{ from: 0, to: 2 }]);
  });

  it('grow when there would be more than allowed', () => {
    const batches = planBatches(new Array<number>(1000).fill(1), { targetWeight: 1, maxBatches: 10 });
    expect(batches.map(({ from, to }) => to - from)).toEqual(new Array(10).fill(100));
  });

  it('are smaller where there is little work, so that several workers have a share', () => {
    const sizes = (items: number) =>
      planBatches(new Array<number>(items).fill(1), { targetWeight: 100, leastWeight: 5, maxBatches: 500 }).map(
        ({ from, to }) => to - from,
      );
    expect(sizes(400)).toEqual(new Array(8).fill(50));
    expect(sizes(1600)).toEqual(new Array(16).fill(100));
    expect(sizes(20)).toEqual(new Array(4).fill(5));
    expect(sizes(3)).toEqual([3]);
  });

  it('of items without weight are one', () => {
    expect(planBatches([0, 0, 0], { targetWeight: 5, maxBatches: 4 })).toEqual([{ from: 0, to: 3 }]);
  });

  it('of nothing are none', () => {
    expect(planBatches([], { targetWeight: 5, maxBatches: 4 })).toEqual([]);
  });
});
