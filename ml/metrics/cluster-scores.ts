import { type Points, squaredDistance } from '../cluster/kmeans.js';
import { seededRandom } from '../random.js';

export interface ClusterScoresTask {
  points: Points;
  labels: Int32Array;
  /** Silhouette compares every pair; beyond this many points it is taken on a seeded sample of that size. */
  maxSilhouetteRows: number;
  seed: number;
}

export interface ClusterScores {
  /** Mean silhouette, -1 … 1; NaN when there are fewer than two clusters or as many as points. */
  silhouette: number;
  silhouetteRows: number;
  /** Davies–Bouldin index, 0 or more, less is better; NaN when there are fewer than two clusters. */
  daviesBouldin: number;
}

export function clusterScores({ points, labels, maxSilhouetteRows, seed }: ClusterScoresTask): ClusterScores {
  const rows = sample(points.rows, maxSilhouetteRows, seed);
  return {
    silhouette: silhouette(points, labels, rows),
    silhouetteRows: rows.length,
    daviesBouldin: daviesBouldin(points, labels),
  };
}

/**
 * Mean silhouette coefficient (Rousseeuw 1987) of the given rows among themselves; a point alone in its cluster
 * counts 0.
 */
export function silhouette(points: Points, labels: Int32Array, rows: readonly number[]): number {
  const present = [...new Set(rows.map((row) => labels[row]!))].sort((a, b) => a - b);
  if (present.length < 2 || present.length >= rows.length) return Number.NaN;
  const position = new Map(present.map((label, at) => [label, at]));
  const label = Int32Array.from(rows, (row) => position.get(labels[row]!)!);
  const sizes = new Float64Array(present.length);
  for (const at of label) sizes[at]!++;
  const sums = new Float64Array(rows.length * present.length);
  for (let i = 0; i < rows.length; i++) {
    for (let j = i + 1; j < rows.length; j++) {
      const distance = Math.sqrt(squaredDistance(points.data, rows[i]!, points.data, rows[j]!, points.width));
      sums[i * present.length + label[j]!]! += distance;
      sums[j * present.length + label[i]!]! += distance;
    }
  }
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    const own = label[i]!;
    if (sizes[own] === 1) continue;
    const inside = sums[i * present.length + own]! / (sizes[own]! - 1);
    let outside = Infinity;
    for (let c = 0; c < present.length; c++) {
      if (c !== own) outside = Math.min(outside, sums[i * present.length + c]! / sizes[c]!);
    }
    const larger = Math.max(inside, outside);
    if (larger > 0) total += (outside - inside) / larger;
  }
  return total / rows.length;
}

/** Davies–Bouldin index (1979): mean over clusters of the worst ratio of spread to distance between centroids. */
export function daviesBouldin({ data, rows, width }: Points, labels: Int32Array): number {
  const present = [...new Set(labels)].sort((a, b) => a - b);
  if (present.length < 2) return Number.NaN;
  const position = new Map(present.map((label, at) => [label, at]));
  const k = present.length;
  const centroids = new Float64Array(k * width);
  const sizes = new Float64Array(k);
  for (let row = 0; row < rows; row++) {
    const c = position.get(labels[row]!)!;
    sizes[c]!++;
    for (let i = 0; i < width; i++) centroids[c * width + i]! += data[row * width + i]!;
  }
  for (let c = 0; c < k; c++) {
    for (let i = 0; i < width; i++) centroids[c * width + i]! /= sizes[c]!;
  }
  const spread = new Float64Array(k);
  for (let row = 0; row < rows; row++) {
    const c = position.get(labels[row]!)!;
    spread[c]! += Math.sqrt(squaredDistance(data, row, centroids, c, width)) / sizes[c]!;
  }
  let total = 0;
  for (let a = 0; a < k; a++) {
    let worst = 0;
    for (let b = 0; b < k; b++) {
      if (a === b) continue;
      const between = Math.sqrt(squaredDistance(centroids, a, centroids, b, width));
      if (between > 0) worst = Math.max(worst, (spread[a]! + spread[b]!) / between);
    }
    total += worst;
  }
  return total / k;
}

/** `most` different rows in ascending order, drawn by Floyd's method; all rows when there are no more. */
function sample(rows: number, most: number, seed: number): number[] {
  if (rows <= most) return Array.from({ length: rows }, (_, i) => i);
  const random = seededRandom(seed);
  const chosen = new Set<number>();
  for (let upper = rows - most; upper < rows; upper++) {
    const row = Math.floor(random() * (upper + 1));
    chosen.add(chosen.has(row) ? upper : row);
  }
  return [...chosen].sort((a, b) => a - b);
}
