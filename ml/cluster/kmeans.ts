import { type Random, seededRandom } from '../random.js';

/** Rows of numbers without missing values, row-major. */
export interface Points {
  data: Float64Array;
  rows: number;
  width: number;
}

/** What earlier training saw and these points do not hold: each counts as `weight` points at its centre. */
export interface Prior {
  centres: Float64Array;
  weights: Float64Array;
}

export interface KMeansOptions {
  k: number;
  seed: number;
  /** Independent starts; the one with the least inertia wins. One when `init` is given. */
  starts: number;
  maxIterations: number;
  /** Stop when the centres move by less than this times the mean variance of the columns. */
  tolerance: number;
  /** Centres to begin from, `k × width`; otherwise k-means++. */
  init?: Float64Array;
  prior?: Prior;
}

export interface KMeansTask {
  points: Points;
  options: KMeansOptions;
}

export interface KMeansModel {
  /** `k × width`, row-major. */
  centres: Float64Array;
  labels: Int32Array;
  /** Sum of squared distances of the points to their centres. */
  inertia: number;
  iterations: number;
}

/**
 * k-means by Lloyd's algorithm, as scikit-learn runs it: greedy k-means++ starts (Arthur and Vassilvitskii 2007), empty
 * clusters moved to the point farthest from its centre, stop when no label changes or the centres rest.
 * Sums are taken in the order of the rows, so the same input gives the same bits.
 * @throws RangeError when there are fewer points than clusters
 */
export function kMeans({ points, options }: KMeansTask): KMeansModel {
  const { k, starts, seed, init } = options;
  if (points.rows < k) throw new RangeError(`${points.rows} points cannot make ${k} clusters`);
  if (init !== undefined) return lloyd(points, init, options);
  const random = seededRandom(seed);
  let best: KMeansModel | undefined;
  for (let start = 0; start < starts; start++) {
    const model = lloyd(points, plusPlus(points, k, random), options);
    if (best === undefined || model.inertia < best.inertia) best = model;
  }
  return best!;
}

/**
 * Squared distance between a row of `a` and a row of `b`; or, as soon as it is above `enough`, any number above it.
 * Four columns at a time: a processor adds them while it multiplies the next.
 */
export function squaredDistance(
  a: Float64Array,
  aRow: number,
  b: Float64Array,
  bRow: number,
  width: number,
  enough = Infinity,
): number {
  let sum = 0;
  let i = aRow * width;
  let j = bRow * width;
  const end = i + width;
  for (; i + 3 < end; i += 4, j += 4) {
    const d0 = a[i]! - b[j]!;
    const d1 = a[i + 1]! - b[j + 1]!;
    const d2 = a[i + 2]! - b[j + 2]!;
    const d3 = a[i + 3]! - b[j + 3]!;
    sum += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3);
    if (sum > enough) return sum;
  }
  for (; i < end; i++, j++) {
    const d = a[i]! - b[j]!;
    sum += d * d;
  }
  return sum;
}

/**
 * The nearest centre of each row, of equals the first, and the squared distance to it. The label a row has already is
 * tried first where it is one: most rows stay, and the others need not be summed to the end.
 */
export function assign(points: Points, centres: Float64Array, labels: Int32Array, distances: Float64Array): void {
  const { data, rows, width } = points;
  const k = centres.length / width;
  for (let row = 0; row < rows; row++) {
    const first = Math.max(0, labels[row]!);
    let nearest = first;
    let least = squaredDistance(data, row, centres, first, width);
    for (let c = 0; c < k; c++) {
      if (c === first) continue;
      const distance = squaredDistance(data, row, centres, c, width, least);
      if (distance < least || (distance === least && c < nearest)) {
        least = distance;
        nearest = c;
      }
    }
    labels[row] = nearest;
    distances[row] = least;
  }
}

function lloyd(points: Points, init: Float64Array, { k, maxIterations, tolerance, prior }: KMeansOptions): KMeansModel {
  const { rows, width } = points;
  let centres: Float64Array = init.slice();
  const labels = new Int32Array(rows).fill(-1);
  const before = new Int32Array(rows);
  const distances = new Float64Array(rows);
  const rest = tolerance * meanVariance(points);
  let iterations = 0;
  let settled = false;
  while (iterations < maxIterations) {
    iterations++;
    before.set(labels);
    assign(points, centres, labels, distances);
    const moved = means(points, labels, distances, k, prior);
    let shift = 0;
    for (let i = 0; i < moved.length; i++) shift += (moved[i]! - centres[i]!) ** 2;
    centres = moved;
    settled = labels.every((label, row) => label === before[row]);
    if (settled || shift <= rest) break;
  }
  if (!settled) assign(points, centres, labels, distances);
  let inertia = 0;
  for (let row = 0; row < rows; row++) inertia += squaredDistance(points.data, row, centres, labels[row]!, width);
  return { centres, labels, inertia, iterations };
}

function means(
  { data, rows, width }: Points,
  labels: Int32Array,
  distances: Float64Array,
  k: number,
  prior?: Prior,
): Float64Array {
  const sums = new Float64Array(k * width);
  const weights = new Float64Array(k);
  if (prior !== undefined) {
    weights.set(prior.weights);
    for (let c = 0; c < k; c++) {
      for (let i = 0; i < width; i++) sums[c * width + i] = prior.centres[c * width + i]! * prior.weights[c]!;
    }
  }
  for (let row = 0; row < rows; row++) {
    const c = labels[row]!;
    weights[c]!++;
    for (let i = 0; i < width; i++) sums[c * width + i]! += data[row * width + i]!;
  }
  relocateEmpty(data, width, labels, distances, sums, weights);
  for (let c = 0; c < k; c++) {
    for (let i = 0; i < width; i++) sums[c * width + i]! /= weights[c]!;
  }
  return sums;
}

/**
 * Gives each empty cluster the point that lies farthest from its centre, and takes it from where it was. A point that
 * is alone in its cluster stays: taking it would only empty that one instead.
 */
function relocateEmpty(
  data: Float64Array,
  width: number,
  labels: Int32Array,
  distances: Float64Array,
  sums: Float64Array,
  weights: Float64Array,
): void {
  const empty = [...weights.keys()].filter((c) => weights[c] === 0);
  if (empty.length === 0) return;
  const farthest = [...distances.keys()].sort((a, b) => distances[b]! - distances[a]! || a - b);
  let next = 0;
  for (const c of empty) {
    while (weights[labels[farthest[next]!]!]! <= 1) next++;
    const row = farthest[next++]!;
    const old = labels[row]!;
    for (let i = 0; i < width; i++) {
      sums[old * width + i]! -= data[row * width + i]!;
      sums[c * width + i] = data[row * width + i]!;
    }
    weights[old]!--;
    weights[c] = 1;
  }
}

function meanVariance({ data, rows, width }: Points): number {
  let total = 0;
  for (let column = 0; column < width; column++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += data[row * width + column]!;
    const mean = sum / rows;
    let squares = 0;
    for (let row = 0; row < rows; row++) squares += (data[row * width + column]! - mean) ** 2;
    total += squares / rows;
  }
  return total / width;
}

/** Greedy k-means++: of a few candidates drawn by squared distance, take the one that lowers the total most. */
export function plusPlus(points: Points, k: number, random: Random): Float64Array {
  const { data, rows, width } = points;
  const centres = new Float64Array(k * width);
  const trials = 2 + Math.floor(Math.log(k));
  const place = (c: number, row: number) => centres.set(data.subarray(row * width, (row + 1) * width), c * width);
  place(0, Math.floor(random() * rows));
  let closest: Float64Array = new Float64Array(rows);
  let total = 0;
  for (let row = 0; row < rows; row++) total += closest[row] = squaredDistance(data, row, centres, 0, width);
  for (let c = 1; c < k; c++) {
    let best: { row: number; closest: Float64Array; total: number } | undefined;
    for (let trial = 0; trial < trials; trial++) {
      const row = draw(closest, random() * total);
      const after = new Float64Array(rows);
      let sum = 0;
      for (let i = 0; i < rows; i++)
        sum += after[i] = Math.min(closest[i]!, squaredDistance(data, i, data, row, width));
      if (best === undefined || sum < best.total) best = { row, closest: after, total: sum };
    }
    place(c, best!.row);
    closest = best!.closest;
    total = best!.total;
  }
  return centres;
}

function draw(weights: Float64Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]!;
    if (sum > at) return i;
  }
  return weights.length - 1;
}
