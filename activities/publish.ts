import type { StepCall } from '../dag/plan.js';
import type { HeldOutFigures } from '../ml/metrics/gate.js';
import { readFrame } from '../store/frames.js';
import type { Chunks } from './chunk.js';
import type { Decision } from './compare.js';
import type { Attempt, Stores } from './context.js';
import type { ClusterFigures, Scores } from './evaluate.js';
import type { FeatureTable } from './features.js';
import type { CreatorRef } from './fit.js';
import type { Parent } from './model.js';
import type { Predictions } from './predict.js';
import { publishChunks } from './publish-chunks.js';
import type { Staged } from './read.js';
import type { Listing } from './source.js';
import type { TrainedModel } from './train.js';

export interface PublishModelInput {
  listing: Listing;
  staged: Staged;
  chunks: Chunks;
  features: FeatureTable;
  creator: CreatorRef;
  model: TrainedModel;
  scores: Scores;
  parent: Parent | null;
  decision: Decision;
  name: string;
}

/** Output of the step: the registered version. */
export interface PublishedModel {
  model: string;
  version: number;
  parent: number | null;
  champion: boolean;
  /** Why it is champion or not. */
  reason: string;
}

export interface PublishPredictionsInput {
  staged: Staged;
  chunks: Chunks;
  predictions: Predictions;
}

export interface PublishedPredictions {
  predictions: number;
  model: string;
  version: number;
}

/** Registers the model with its lineage, and brings chunks, quarantine and metrics into Postgres. */
export function createPublishModel(stores: Stores) {
  return async ({ run, step, inputs }: StepCall<PublishModelInput>, attempt: Attempt): Promise<PublishedModel> => {
    const { chunks, model, scores, parent, creator } = inputs;
    await publishChunks(stores, run.runId, inputs, attempt);
    const { lastDay } = model;
    const seenTo = parent?.trainedTo ?? lastDay;
    const { version, champion, reason } = await stores.models.publish(
      {
        model: inputs.name,
        runId: run.runId,
        parent: parent?.version ?? null,
        artefact: model.ref,
        creator: creator.ref,
        params: { algorithm: model.algorithm, ...model.params },
        lineage: {
          source: inputs.listing.source,
          listing: inputs.listing.ref.valueHash,
          chunks: chunks.valueHash,
          features: inputs.features.ref.valueHash,
          creator: creator.ref.valueHash,
          code: { features: stores.codeHash('features'), train: stores.codeHash('train') },
          days: [chunks.firstDay, model.lastDay],
        },
        metrics: { ...scores.model, chunks: model.chunks, sensors: chunks.sensors },
        trainedTo: seenTo > lastDay ? seenTo : lastDay,
      },
      inputs.decision,
    );
    await stores.registry.putMetrics(run.runId, step, {
      ...figures('', scores.model),
      ...(scores.before && figures('before.', scores.before)),
      ...heldOut(inputs.decision),
    });
    return { model: inputs.name, version, parent: parent?.version ?? null, champion, reason };
  };
}

/** Brings predictions, chunks, quarantine and metrics into Postgres: the run's own rows, replaced in one go each. */
export function createPublishPredictions(stores: Stores) {
  return async (
    { run, step, inputs }: StepCall<PublishPredictionsInput>,
    attempt: Attempt,
  ): Promise<PublishedPredictions> => {
    const { predictions } = inputs;
    await publishChunks(stores, run.runId, inputs, attempt);
    const { sensors, days, data } = await readFrame(stores.objects, predictions.ref);
    await stores.registry.replacePredictions(
      run.runId,
      days.map((day, row) => [
        run.runId,
        sensors[row]!,
        day,
        data[row * 3]!,
        data[row * 3 + 1]!,
        data[row * 3 + 2] === 1,
        predictions.model,
        predictions.version,
      ]),
    );
    const shares = predictions.sizes.map(({ id, chunks }): [string, number] => [
      `share.cluster_${id}`,
      chunks / days.length,
    ]);
    await stores.registry.putMetrics(run.runId, step, {
      chunks: days.length,
      novel_share: predictions.novel / days.length,
      mean_distance: predictions.meanDistance,
      ...Object.fromEntries(shares),
    });
    return { predictions: days.length, model: predictions.model, version: predictions.version };
  };
}

function figures(
  prefix: string,
  { inertia, silhouette, daviesBouldin, sizes }: ClusterFigures,
): Record<string, number> {
  const total = sizes.reduce((sum, { chunks }) => sum + chunks, 0);
  return {
    [`${prefix}inertia`]: inertia,
    [`${prefix}silhouette`]: silhouette ?? Number.NaN,
    [`${prefix}davies_bouldin`]: daviesBouldin ?? Number.NaN,
    ...Object.fromEntries(sizes.map(({ id, chunks }) => [`${prefix}share.cluster_${id}`, chunks / total])),
  };
}

function heldOut({ figures: compared }: Decision): Record<string, number> {
  if (compared === null) return {};
  const of = (who: string, { meanDistance, silhouette, daviesBouldin, novelShare }: HeldOutFigures) => ({
    [`held_out.${who}.mean_distance`]: meanDistance,
    [`held_out.${who}.silhouette`]: silhouette ?? Number.NaN,
    [`held_out.${who}.davies_bouldin`]: daviesBouldin ?? Number.NaN,
    [`held_out.${who}.novel_share`]: novelShare,
  });
  return {
    'held_out.chunks': compared.chunks,
    ...of('challenger', compared.challenger),
    ...of('champion', compared.champion),
  };
}
