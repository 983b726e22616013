import { MillraceError } from '../config/errors.js';
import type { Ref } from '../dag/ref.js';
import type { KMeansOptions } from '../ml/cluster/kmeans.js';
import { nameClusters, recall } from '../ml/cluster/lineage.js';
import type { Frame } from '../ml/frame.js';
import { readFrame, readJson, writeFrame, writeJson } from '../store/frames.js';
import type { Stores } from './context.js';
import { type Holdout, trainingRows } from './holdout.js';
import type { ClusterModel, Parent } from './model.js';
import { once } from './once.js';
import type { Table } from './transform.js';

export interface TrainInput {
  table: Table;
  parent: Parent | null;
  holdout: Holdout;
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
  chunks: number;
  /** Last day of the chunks. */
  lastDay: string;
}

/**
 * Trains k-means, or continues the parent: from its centres, with what it has seen and these chunks do not hold
 * weighing in, and cluster ids that keep their meaning. Another `k` than the parent's starts anew on its features.
 */
export function createTrain(stores: Stores) {
  return once<TrainInput, TrainedModel>(stores, 'train', {
    key: ({ table, parent, holdout, ...params }) => [
      table.ref.valueHash,
      holdout.from,
      table.creator,
      parent?.artefact.valueHash ?? null,
      params,
    ],
    async run({ inputs }, attempt) {
      const { table, parent, holdout, ...params } = inputs;
      const frame = trainingRows(await readFrame(stores.objects, table.ref), holdout);
      if (frame.days.length < params.k) {
        throw new MillraceError('MR_TOO_FEW_CHUNKS', `k is ${params.k}, but there are ${frame.days.length} chunks`, {
          allowed: `k from 1 to ${frame.days.length} here`,
          next: `lower it: --set k=${Math.min(5, frame.days.length)}, or take more days or sensors`,
        });
      }
      const points = { data: frame.data, rows: frame.days.length, width: frame.columns.length };
      const before = parent === null ? null : await load(stores, parent, table);
      const memory = before && recall(before.model.centres, before.assignments, frame);
      const continued = before?.model.centres.length === params.k;
      const options: KMeansOptions = {
        k: params.k,
        seed: params.seed,
        starts: params.starts,
        maxIterations: params.maxIterations,
        tolerance: params.tolerance,
        ...(continued && { init: memory!.prior.centres, prior: memory!.prior }),
      };
      const fitted = await stores.parallel.run('kmeans', { points, options }, attempt.signal);
      const { assignments, ...clusters } = nameClusters(
        fitted,
        { ...frame, points },
        before && { ids: before.model, memory: memory!, continued },
      );
      const model: ClusterModel = {
        algorithm: 'k-means',
        creator: table.creator,
        columns: frame.columns,
        ...clusters,
        inertia: fitted.inertia,
        iterations: fitted.iterations,
        params,
        assignments: await writeFrame(stores.objects, 'assignments', assignments),
      };
      attempt.measure('iterations', fitted.iterations);
      const ref = await writeJson(stores.objects, 'models', model, model.centres.length);
      const { inertia, iterations } = fitted;
      const lastDay = frame.days.reduce((last, day) => (day > last ? day : last));
      return { ref, algorithm: model.algorithm, params, inertia, iterations, chunks: frame.days.length, lastDay };
    },
  });
}

interface Before {
  model: ClusterModel;
  assignments: Frame;
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
