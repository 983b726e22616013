import { MillraceError } from '../config/errors.js';
import type { Ref } from '../dag/ref.js';
import { firstIds, keepIds } from '../ml/cluster/keep-ids.js';
import { assign, type KMeansModel, type KMeansOptions, type Points } from '../ml/cluster/kmeans.js';
import type { Frame } from '../ml/frame.js';
import { readFrame, readJson, writeFrame, writeJson } from '../store/frames.js';
import type { Stores } from './context.js';
import { assignmentFrame, type ClusterModel, chunkKey, type Parent } from './model.js';
import { once } from './once.js';
import type { Table } from './transform.js';

export interface TrainInput {
  table: Table;
  parent: Parent | null;
  k: number;
  seed: number;
  starts: number;
  maxIterations: number;
  tolerance: number;
}

/** Output of the step: the model artefact. */
export interface TrainedModel {
  ref: Ref;
  algorithm: ClusterModel['algorithm'];
  params: Record<string, unknown>;
  inertia: number;
  iterations: number;
}

/**
 * Trains k-means, or continues the parent: from its centres, with what it has seen and these chunks do not hold
 * weighing in, and cluster ids that keep their meaning. Another `k` than the parent's starts anew on its features.
 */
export function createTrain(stores: Stores) {
  return once<TrainInput, TrainedModel>(stores, 'train', {
    key: ({ table, parent, ...params }) => [
      table.ref.valueHash,
      table.creator,
      parent?.artefact.valueHash ?? null,
      params,
    ],
    async run({ inputs }, attempt) {
      const { table, parent, ...params } = inputs;
      const frame = await readFrame(stores.objects, table.ref);
      if (frame.days.length < params.k) {
        throw new MillraceError('MR_TOO_FEW_CHUNKS', `k is ${params.k}, but there are ${frame.days.length} chunks`, {
          allowed: `k from 1 to ${frame.days.length} here`,
          next: `lower it: --set k=${Math.min(5, frame.days.length)}, or take more days or sensors`,
        });
      }
      const points = { data: frame.data, rows: frame.days.length, width: frame.columns.length };
      const before = parent === null ? null : await load(stores, parent, table);
      const memory = before === null ? null : recall(before.model, before.assignments, frame);
      const options: KMeansOptions = {
        k: params.k,
        seed: params.seed,
        starts: params.starts,
        maxIterations: params.maxIterations,
        tolerance: params.tolerance,
        ...(memory !== null && before!.model.centres.length === params.k && { init: memory.centres, prior: memory }),
      };
      const fitted = await stores.parallel.run('kmeans', { points, options }, attempt.signal);
      const model = await describe(stores, fitted, points, frame, table, params, before, memory);
      attempt.measure('iterations', fitted.iterations);
      const ref = await writeJson(stores.objects, 'models', model, model.centres.length);
      return { ref, algorithm: model.algorithm, params, inertia: fitted.inertia, iterations: fitted.iterations };
    },
  });
}

interface Before {
  model: ClusterModel;
  assignments: Frame;
}

interface Memory {
  centres: Float64Array;
  /** Chunks of each cluster that the parent saw and the new table does not hold. */
  weights: Float64Array;
  /** Rows of the parent's assignments that are not in the new table. */
  absent: number[];
  /** Parent's cluster of each row of the new table, -1 for new chunks. */
  labels: Int32Array;
}

async function load(stores: Stores, parent: Parent, table: Table): Promise<Before> {
  const model = await readJson<ClusterModel>(stores.objects, parent.artefact);
  if (model.creator !== table.creator) {
    throw new MillraceError(
      'MR_CREATOR_MISMATCH',
      `version ${parent.version} of ${parent.model} belongs to another feature creator`,
      {
        next: 'continue a version that was made with this creator, or start a new lineage with refit=true',
      },
    );
  }
  return { model, assignments: await readFrame(stores.objects, model.assignments) };
}

function recall(model: ClusterModel, assignments: Frame, frame: Frame): Memory {
  const rows = new Map(frame.days.map((day, row) => [chunkKey(frame.sensors[row]!, day), row]));
  const labels = new Int32Array(frame.days.length).fill(-1);
  const weights = new Float64Array(model.centres.length);
  const absent: number[] = [];
  assignments.days.forEach((day, at) => {
    const cluster = assignments.data[at * 2]!;
    const row = rows.get(chunkKey(assignments.sensors[at]!, day));
    if (row === undefined) {
      weights[cluster]!++;
      absent.push(at);
    } else labels[row] = cluster;
  });
  return { centres: Float64Array.from(model.centres.flat()), weights, absent, labels };
}

async function describe(
  stores: Stores,
  fitted: KMeansModel,
  points: Points,
  frame: Frame,
  table: Table,
  params: Record<string, unknown> & { k: number },
  before: Before | null,
  memory: Memory | null,
): Promise<ClusterModel> {
  const { k } = params;
  const shared = memory === null ? [] : [...memory.labels.keys()].filter((row) => memory.labels[row] !== -1);
  const continued = before !== null && before.model.centres.length === k;
  // Chunks that are not in this table vote too: a continued centre stands for what its cluster saw before.
  const absent = continued ? memory!.absent.map((at) => before.assignments.data[at * 2]!) : [];
  const { ids, nextId } =
    before === null
      ? firstIds(k)
      : keepIds(
          before.model,
          [...shared.map((row) => memory!.labels[row]!), ...absent],
          [...shared.map((row) => fitted.labels[row]!), ...absent],
          k,
        );
  // Positions follow ids, so that a table of clusters reads the same from version to version.
  const order = ids.map((_, position) => position).sort((a, b) => ids[a]! - ids[b]!);
  const place = new Int32Array(k);
  order.forEach((position, rank) => {
    place[position] = rank;
  });
  const labels = fitted.labels.map((label) => place[label]!);
  const distances = new Float64Array(points.rows);
  assign(points, fitted.centres, new Int32Array(points.rows), distances);

  const radius = new Array<number>(k).fill(0);
  const seen = new Array<number>(k).fill(0);
  labels.forEach((label, row) => {
    distances[row] = Math.sqrt(distances[row]!);
    radius[label] = Math.max(radius[label]!, distances[row]!);
    seen[label]!++;
  });
  const keys = { sensors: [...frame.sensors], days: [...frame.days] };
  const allLabels = [...labels];
  const allDistances = [...distances];
  if (continued) {
    for (const at of memory!.absent) {
      const label = place[before.assignments.data[at * 2]!]!;
      keys.sensors.push(before.assignments.sensors[at]!);
      keys.days.push(before.assignments.days[at]!);
      allLabels.push(label);
      allDistances.push(before.assignments.data[at * 2 + 1]!);
      radius[label] = Math.max(radius[label]!, before.assignments.data[at * 2 + 1]!);
      seen[label]!++;
    }
  }
  const width = points.width;
  return {
    algorithm: 'k-means',
    creator: table.creator,
    columns: frame.columns,
    centres: order.map((position) => [...fitted.centres.subarray(position * width, (position + 1) * width)]),
    ids: order.map((position) => ids[position]!),
    nextId,
    radius,
    seen,
    inertia: fitted.inertia,
    iterations: fitted.iterations,
    params,
    assignments: await writeFrame(stores.objects, 'assignments', assignmentFrame(keys, allLabels, allDistances)),
  };
}
