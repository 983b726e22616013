import type { Frame } from '../frame.js';
import { type ClusterIds, firstIds, keepIds } from './keep-ids.js';
import { assign, type KMeansModel, type Points, type Prior } from './kmeans.js';

/** A chunk by name, to find it again in another table. */
export const chunkKey = (sensor: string, day: string) => `${day} ${sensor}`;

/** What a parent saw, seen from a new table of chunks. */
export interface Memory {
  /** Cluster (position) of the parent for each row of the table; -1 for chunks it never saw. */
  labels: Int32Array;
  /** Chunks the parent saw that are not in the table, with their cluster and their distance to its centre. */
  absent: { sensor: string; day: string; cluster: number; distance: number }[];
  /** The parent's centres, each weighing as many chunks as it saw and the table does not hold. */
  prior: Prior;
}

/**
 * @param centres the parent's, by position
 * @param assignments every chunk the parent ever saw, with columns `cluster` (position) and `distance`
 * @param table the chunks of the new training
 */
export function recall(
  centres: readonly (readonly number[])[],
  assignments: Frame,
  table: Pick<Frame, 'sensors' | 'days'>,
): Memory {
  const rows = new Map(table.days.map((day, row) => [chunkKey(table.sensors[row]!, day), row]));
  const labels = new Int32Array(table.days.length).fill(-1);
  const weights = new Float64Array(centres.length);
  const absent: Memory['absent'] = [];
  assignments.days.forEach((day, at) => {
    const sensor = assignments.sensors[at]!;
    const cluster = assignments.data[at * 2]!;
    const distance = assignments.data[at * 2 + 1]!;
    const row = rows.get(chunkKey(sensor, day));
    if (row !== undefined) labels[row] = cluster;
    else {
      weights[cluster]!++;
      absent.push({ sensor, day, cluster, distance });
    }
  });
  return { labels, absent, prior: { centres: Float64Array.from(centres.flat()), weights } };
}

/** A clustering whose clusters have ids, and know their reach and what they have seen. Positions follow the ids. */
export interface NamedClusters extends ClusterIds {
  centres: number[][];
  /** Largest distance of a chunk to each centre. */
  radius: number[];
  /** Chunks each cluster has seen over all its training. */
  seen: number[];
  /** Every chunk ever seen, with columns `cluster` (position) and `distance`. */
  assignments: Frame;
}

/**
 * Names the clusters of a fit. Without a parent ids are 0 … k-1; with one they are kept by overlap. Where the parent's
 * clusters were continued, chunks that it saw and the table does not hold count too.
 */
export function nameClusters(
  fitted: KMeansModel,
  table: Pick<Frame, 'sensors' | 'days'> & { points: Points },
  parent: { ids: ClusterIds; memory: Memory; continued: boolean } | null,
): NamedClusters {
  const { points } = table;
  const k = fitted.centres.length / points.width;
  const absent = parent?.continued ? parent.memory.absent : [];
  const { ids, nextId } = parent === null ? firstIds(k) : idsByOverlap(fitted, parent, absent, k);
  const order = ids.map((_, position) => position).sort((a, b) => ids[a]! - ids[b]!);
  const place = new Int32Array(k);
  order.forEach((position, rank) => {
    place[position] = rank;
  });

  const squared = new Float64Array(points.rows);
  assign(points, fitted.centres, new Int32Array(points.rows), squared);
  const chunks = [
    ...table.days.map((day, row) => {
      const cluster = place[fitted.labels[row]!]!;
      return { sensor: table.sensors[row]!, day, cluster, distance: Math.sqrt(squared[row]!) };
    }),
    ...absent.map((chunk) => ({ ...chunk, cluster: place[chunk.cluster]! })),
  ];
  const radius = new Array<number>(k).fill(0);
  const seen = new Array<number>(k).fill(0);
  for (const { cluster, distance } of chunks) {
    radius[cluster] = Math.max(radius[cluster]!, distance);
    seen[cluster]!++;
  }
  const { width } = points;
  return {
    centres: order.map((position) => [...fitted.centres.subarray(position * width, (position + 1) * width)]),
    ids: order.map((position) => ids[position]!),
    nextId,
    radius,
    seen,
    assignments: {
      sensors: chunks.map(({ sensor }) => sensor),
      days: chunks.map(({ day }) => day),
      columns: ['cluster', 'distance'],
      data: Float64Array.from(chunks.flatMap(({ cluster, distance }) => [cluster, distance])),
    },
  };
}

function idsByOverlap(
  fitted: KMeansModel,
  { ids, memory }: { ids: ClusterIds; memory: Memory },
  absent: Memory['absent'],
  k: number,
): ClusterIds {
  const shared = [...memory.labels.keys()].filter((row) => memory.labels[row] !== -1);
  // A continued centre stands for what its cluster saw before, so chunks that are absent vote for their own.
  const before = [...shared.map((row) => memory.labels[row]!), ...absent.map(({ cluster }) => cluster)];
  const after = [...shared.map((row) => fitted.labels[row]!), ...absent.map(({ cluster }) => cluster)];
  return keepIds(ids, before, after, k);
}
