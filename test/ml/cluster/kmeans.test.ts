import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KMeansOptions, kMeans, type Points, squaredDistance } from '../../../ml/cluster/kmeans.js';

interface Case {
  name: string;
  data: number[][];
  init: number[][];
  emptyAtStart: number[];
  fits: { tol: number; centres: number[][]; labels: number[]; inertia: number; iterations: number }[];
}

const text = await readFile(new URL('../../fixtures/ml/kmeans.json', import.meta.url), 'utf8');
const { cases }: { cases: Case[] } = JSON.parse(text);
const fits = cases.flatMap(({ fits, ...given }) => fits.map((fit) => ({ ...given, ...fit })));

const pointsOf = (rows: readonly (readonly number[])[]): Points => ({
  data: Float64Array.from(rows.flat()),
  rows: rows.length,
  width: rows[0]!.length,
});

const cluster = (rows: readonly (readonly number[])[], options: Partial<KMeansOptions> & { k: number }) =>
  kMeans({ points: pointsOf(rows), options: { seed: 1, starts: 3, maxIterations: 100, tolerance: 0, ...options } });

const cells = (centres: readonly (readonly number[])[]) => Float64Array.from(centres.flat());

/** A few points on a small grid, so that many of them are the same, and a k that they can make. */
const fewPoints = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), { minLength: 1, maxLength: 25 })
  .chain((rows) => fc.record({ rows: fc.constant(rows), k: fc.integer({ min: 1, max: rows.length }), seed: fc.nat() }));

describe('k-means from given centres', () => {
  it.each(fits)(
    'does as scikit-learn does: $name, tolerance $tol',
    ({ data, init, tol, centres, labels, inertia, iterations }) => {
      const model = cluster(data, { k: init.length, init: cells(init), tolerance: tol, maxIterations: 300 });
      expect(model.iterations).toBe(iterations);
      expect([...model.labels]).toEqual(labels);
      expect(Math.abs(model.inertia - inertia)).toBeLessThanOrEqual(1e-6 * inertia);
      for (const [at, value] of cells(centres).entries()) expect(model.centres[at]).toBeCloseTo(value, 6);
    },
  );

  it('moves empty clusters to the points farthest from their centres', () => {
    const { labels, centres } = cluster([[0], [1], [20], [50]], { k: 3, init: cells([[5], [1000], [2000]]) });
    expect([...labels]).toEqual([0, 0, 2, 1]);
    expect([...centres]).toEqual([0.5, 50, 20]);
  });

  it('does not empty one cluster to fill another', () => {
    // The farthest point, 50, is alone in its cluster: taking it away would leave that one without a centre.
    const { centres } = cluster([[0], [1], [50]], { k: 3, init: cells([[0.4], [100], [200]]), maxIterations: 1 });
    expect([...centres]).toEqual([0, 50, 1]);
  });

  it('leaves the given centres as they were', () => {
    const init = cells([[0], [9]]);
    cluster([[1], [2], [8]], { k: 2, init });
    expect([...init]).toEqual([0, 9]);
  });

  it('stops after the most iterations allowed, with labels that fit its centres', () => {
    const { data, init } = cases[0]!;
    const model = cluster(data, { k: init.length, init: cells(init), maxIterations: 2 });
    expect(model.iterations).toBe(2);
    expect(model.inertia).toBeCloseTo(nearestInertia(data, model.centres), 6);
  });
});

describe('k-means from its own starts', () => {
  const { data } = cases[0]!;

  it('gives the same model for the same seed', () => {
    expect(cluster(data, { k: 4, seed: 7 })).toEqual(cluster(data, { k: 4, seed: 7 }));
  });

  it('is at least as good with more starts', () => {
    expect(cluster(data, { k: 4, starts: 20 }).inertia).toBeLessThanOrEqual(cluster(data, { k: 4, starts: 1 }).inertia);
  });

  it('finds blobs that lie apart', () => {
    const rows = [0, 100, 200, 300].flatMap((at) => [[at], [at + 1], [at + 2]]);
    const { centres, inertia } = cluster(rows, { k: 4 });
    expect([...centres].sort((a, b) => a - b)).toEqual([1, 101, 201, 301]);
    expect(inertia).toBe(8);
  });

  it('of one cluster gives the mean', () => {
    const { centres, labels, inertia } = cluster(
      [
        [1, 0],
        [2, 0],
        [6, 3],
      ],
      { k: 1 },
    );
    expect([...centres]).toEqual([3, 1]);
    expect([...labels]).toEqual([0, 0, 0]);
    expect(inertia).toBeCloseTo(20, 12);
  });

  it('of as many clusters as points gives each its own', () => {
    const { labels, inertia } = cluster([[1], [5], [7], [30]], { k: 4 });
    expect(new Set(labels).size).toBe(4);
    expect(inertia).toBe(0);
  });

  it('copes with points that are all the same', () => {
    const { centres, inertia } = cluster(
      [
        [3, 4],
        [3, 4],
        [3, 4],
      ],
      { k: 3 },
    );
    expect([...centres]).toEqual([3, 4, 3, 4, 3, 4]);
    expect(inertia).toBe(0);
  });

  it('says both numbers when there are fewer points than clusters', () => {
    expect(() => cluster([[1], [2], [3]], { k: 8 })).toThrow(new RangeError('3 points cannot make 8 clusters'));
  });

  it('leaves no distance when there are as many clusters as different points', () => {
    fc.assert(
      fc.property(fewPoints, ({ rows, seed }) => {
        const different = new Set(rows.map(String)).size;
        expect(cluster(rows, { k: different, seed }).inertia).toBeCloseTo(0, 12);
      }),
    );
  });

  it('gives finite centres, each point its nearest, and the sum of their distances', () => {
    fc.assert(
      fc.property(fewPoints, ({ rows, k, seed }) => {
        const { centres, labels, inertia } = cluster(rows, { k, seed });
        expect(centres.every(Number.isFinite)).toBe(true);
        expect(labels.every((label) => label >= 0 && label < k)).toBe(true);
        expect(inertia).toBeCloseTo(nearestInertia(rows, centres), 9);
      }),
    );
  });

  it('never gets worse from one iteration to the next', () => {
    fc.assert(
      fc.property(fewPoints, ({ rows, k, seed }) => {
        let before = Infinity;
        for (let maxIterations = 1; maxIterations <= 6; maxIterations++) {
          const { inertia } = cluster(rows, { k, seed, starts: 1, maxIterations });
          expect(inertia).toBeLessThanOrEqual(before + 1e-9);
          before = inertia;
        }
      }),
    );
  });
});

describe('k-means with a prior', () => {
  it('weighs it as so many points at its centre', () => {
    const { centres } = cluster([[1], [2], [9]], {
      k: 2,
      init: cells([[0], [10]]),
      prior: { centres: cells([[0], [10]]), weights: Float64Array.of(3, 1) },
    });
    // (3 · 0 + 1 + 2) / 5 and (1 · 10 + 9) / 2
    expect([...centres]).toEqual([0.6, 9.5]);
  });

  it('comes to the centres that the added points would bring', () => {
    const near = (at: number) => fc.array(fc.integer({ min: at - 20, max: at + 20 }), { minLength: 1, maxLength: 10 });
    const weights = fc.tuple(fc.nat(8), fc.nat(8));
    fc.assert(
      fc.property(near(0), near(1000), weights, (low, high, [first, second]) => {
        const rows = [...low, ...high].map((x) => [x]);
        const init = cells([[3], [990]]);
        const prior = { centres: init, weights: Float64Array.of(first, second) };
        const added = [...rows, ...new Array<number[]>(first).fill([3]), ...new Array<number[]>(second).fill([990])];
        const wanted = cluster(added, { k: 2, init });
        const { centres } = cluster(rows, { k: 2, init, prior });
        for (const [at, centre] of centres.entries()) expect(centre).toBeCloseTo(wanted.centres[at]!, 9);
      }),
    );
  });

  it('leaves a centre where it was when no point comes to it', () => {
    const init = cells([[0], [10]]);
    const { centres, labels } = cluster([[1], [2]], {
      k: 2,
      init,
      prior: { centres: init, weights: Float64Array.of(1, 4) },
    });
    expect([...centres]).toEqual([1, 10]);
    expect([...labels]).toEqual([0, 0]);
  });

  it('of weight 0 changes nothing', () => {
    const { data, init } = cases[0]!;
    const options = { k: init.length, init: cells(init) };
    const prior = { centres: cells(init), weights: new Float64Array(init.length) };
    expect(cluster(data, { ...options, prior })).toEqual(cluster(data, options));
  });

  it('is not counted in the inertia', () => {
    const init = cells([[0]]);
    expect(cluster([[4]], { k: 1, init, prior: { centres: init, weights: Float64Array.of(1) } }).inertia).toBe(4);
  });
});

/** Sum over the points of the squared distance to the nearest centre. */
function nearestInertia(rows: readonly (readonly number[])[], centres: Float64Array): number {
  const { data, width } = pointsOf(rows);
  return rows.reduce((sum, _, row) => {
    const distances = Array.from({ length: centres.length / width }, (_, c) =>
      squaredDistance(data, row, centres, c, width),
    );
    return sum + Math.min(...distances);
  }, 0);
}
