import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Points } from '../../../ml/cluster/kmeans.js';
import { clusterScores, daviesBouldin, silhouette } from '../../../ml/metrics/cluster-scores.js';

interface Reference {
  points: number[][];
  scores: { name: string; labels: number[]; silhouette: number; daviesBouldin: number }[];
}

const text = await readFile(new URL('../../fixtures/ml/metrics.json', import.meta.url), 'utf8');
const reference: Reference = JSON.parse(text);

const pointsOf = (rows: readonly (readonly number[])[]): Points => ({
  data: Float64Array.from(rows.flat()),
  rows: rows.length,
  width: rows[0]!.length,
});

const scoresOf = (
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  maxSilhouetteRows = 1000,
  seed = 1,
) => clusterScores({ points: pointsOf(rows), labels: Int32Array.from(labels), maxSilhouetteRows, seed });

describe('the scores of a clustering', () => {
  it.each(reference.scores)('are those of scikit-learn: $name', ({ labels, silhouette, daviesBouldin }) => {
    const found = scoresOf(reference.points, labels);
    expect(found.silhouette).toBeCloseTo(silhouette, 10);
    // scikit-learn takes these distances from dot products, which leaves 1e-8 of distance where there is none.
    expect(found.daviesBouldin).toBeCloseTo(daviesBouldin, 7);
    expect(found.silhouetteRows).toBe(labels.length);
  });

  it('are missing for one cluster', () => {
    expect(scoresOf([[1], [2], [3]], [0, 0, 0])).toMatchObject({ silhouette: Number.NaN, daviesBouldin: Number.NaN });
  });

  it('have no silhouette when every point is a cluster', () => {
    expect(scoresOf([[1], [2], [3]], [0, 1, 2])).toMatchObject({ silhouette: Number.NaN, daviesBouldin: 0 });
  });

  it('are 0 when the clusters lie on one another', () => {
    expect(scoresOf([[1], [1], [1], [1]], [0, 0, 1, 1])).toMatchObject({ silhouette: 0, daviesBouldin: 0 });
  });

  it('are the best there are for points that lie on their centroids', () => {
    expect(scoresOf([[0], [0], [9], [9]], [0, 0, 1, 1])).toMatchObject({ silhouette: 1, daviesBouldin: 0 });
  });
});

describe('the silhouette of many points', () => {
  const { labels } = reference.scores[0]!;

  it('is taken on a sample of the size allowed', () => {
    expect(scoresOf(reference.points, labels, 30).silhouetteRows).toBe(30);
  });

  it('is the same for the same seed', () => {
    expect(scoresOf(reference.points, labels, 30, 5)).toEqual(scoresOf(reference.points, labels, 30, 5));
  });

  it('lies near that of all points', () => {
    const whole = scoresOf(reference.points, labels).silhouette;
    expect(Math.abs(scoresOf(reference.points, labels, 50).silhouette - whole)).toBeLessThan(0.15);
  });

  it('compares the sampled points with one another only', () => {
    const points = pointsOf([[0], [1], [500], [10], [11]]);
    const some = silhouette(points, Int32Array.of(0, 0, 0, 1, 1), [0, 1, 3, 4]);
    expect(some).toBe(silhouette(pointsOf([[0], [1], [10], [11]]), Int32Array.of(0, 0, 1, 1), [0, 1, 2, 3]));
  });
});

describe('the Davies-Bouldin index', () => {
  it('is the ratio of spreads to distance, by hand', () => {
    // Spreads 1 and 2, centroids 10 apart.
    expect(daviesBouldin(pointsOf([[-1], [1], [8], [12]]), Int32Array.of(0, 0, 1, 1))).toBeCloseTo(0.3, 12);
  });
});
