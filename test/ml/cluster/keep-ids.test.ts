import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstIds, keepIds } from '../../../ml/cluster/keep-ids.js';

describe('ids of clusters', () => {
  it('begin at 0', () => {
    expect(firstIds(3)).toEqual({ ids: [0, 1, 2], nextId: 3 });
  });

  it('stay with their chunks when the clusters change places', () => {
    const parent = { ids: [4, 7, 9], nextId: 12 };
    expect(keepIds(parent, [0, 0, 1, 1, 2], [2, 2, 0, 0, 1], 3)).toEqual({ ids: [7, 9, 4], nextId: 12 });
  });

  it('stay with their chunks under any permutation', () => {
    const permutation = fc
      .integer({ min: 1, max: 6 })
      .chain((k) => fc.shuffledSubarray([...Array(k).keys()], { minLength: k, maxLength: k }));
    fc.assert(
      fc.property(permutation, fc.array(fc.nat(5), { maxLength: 30 }), (moved, some) => {
        const k = moved.length;
        const before = [...moved.keys(), ...some.map((label) => label % k)];
        const { ids, nextId } = keepIds(
          firstIds(k),
          before,
          before.map((label) => moved[label]!),
          k,
        );
        for (const label of before) expect(ids[moved[label]!]).toBe(label);
        expect(nextId).toBe(k);
      }),
    );
  });

  it('go where most of the chunks went', () => {
    const before = [0, 0, 0, 1, 1, 1];
    const after = [1, 1, 0, 0, 0, 0];
    expect(keepIds(firstIds(2), before, after, 2).ids).toEqual([1, 0]);
  });

  it('are fresh for a cluster that shares no chunk', () => {
    expect(keepIds(firstIds(2), [0, 1, 1], [0, 2, 2], 3)).toEqual({ ids: [0, 2, 1], nextId: 3 });
  });

  it('are all fresh when no chunk is shared', () => {
    expect(keepIds(firstIds(2), [], [], 2)).toEqual({ ids: [2, 3], nextId: 4 });
  });

  it('retire with a cluster that loses its chunks to another', () => {
    const { ids, nextId } = keepIds(firstIds(3), [0, 0, 1, 2, 2], [0, 0, 0, 1, 1], 2);
    expect(ids).toEqual([0, 2]);
    expect(nextId).toBe(3);
  });

  it('are never used again over three generations', () => {
    const second = keepIds(firstIds(3), [0, 0, 1, 2], [0, 0, 0, 1], 2);
    const third = keepIds(second, [0, 0, 1], [0, 0, 1], 4);
    const fourth = keepIds(third, [0, 1], [0, 1], 5);
    expect(second.ids).toEqual([0, 2]);
    expect(third.ids).toEqual([0, 2, 3, 4]);
    expect(fourth.ids).toEqual([0, 2, 5, 6, 7]);
  });

  it('are all different, and either the parent had them or nobody had', () => {
    const labels = fc.array(fc.tuple(fc.nat(4), fc.nat(3)), { maxLength: 20 });
    fc.assert(
      fc.property(labels, (pairs) => {
        const parent = { ids: [1, 3, 4, 8, 6], nextId: 9 };
        const { ids, nextId } = keepIds(
          parent,
          pairs.map(([before]) => before),
          pairs.map(([, after]) => after),
          4,
        );
        expect(new Set(ids).size).toBe(4);
        for (const id of ids) expect(parent.ids.includes(id) || (id >= 9 && id < nextId)).toBe(true);
      }),
    );
  });
});
