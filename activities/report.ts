import type { StepCall } from '../dag/plan.js';
import type { FeatureCreator } from '../ml/features/creator.js';
import { meanOf } from '../ml/features/readings.js';
import { columnOf, type Frame } from '../ml/frame.js';
import { readFrame, readJson } from '../store/frames.js';
import { reportKey } from '../store/report-key.js';
import { type ClusterView, predictedView, trainedView } from './cluster-view.js';
import type { Decision } from './compare.js';
import type { Stores } from './context.js';
import type { Scores } from './evaluate.js';
import type { FeatureTable } from './features.js';
import type { CreatorRef } from './fit.js';
import type { Predictions } from './predict.js';
import type { PublishedModel, PublishedPredictions } from './publish.js';
import { type ReportBase, type ReportSource, type ResultBase, reportBase, writeReport } from './report-base.js';
import { reportPage } from './report-page.js';
import type { TrainedModel } from './train.js';
import type { Table } from './transform.js';

export interface ReportInput extends ReportSource {
  features: FeatureTable;
  creator: CreatorRef;
  table: Table;
}

export interface TrainingReportInput extends ReportInput {
  model: TrainedModel;
  scores: Scores;
  decision: Decision;
  published: PublishedModel;
}

export interface PredictionReportInput extends ReportInput {
  predictions: Predictions;
  published: PublishedPredictions;
}

/** Result of a run: what callers get back, and where the report is. */
export interface RunResult extends ResultBase {
  features: { made: number; kept: number };
  model: { name: string; version: number; parent: number | null; champion: boolean | null };
  /** Why the new version became champion or not, and on which figures; null for predictions. */
  decision: Decision | null;
  metrics: Record<string, number | null>;
  sizes: { id: number; chunks: number }[];
  predictions: number | null;
}

/** How one feature is distributed in this run, beside the training data of its creator. */
export interface FeatureShift {
  name: string;
  mean: number | null;
  std: number | null;
  missing: number;
  referenceMean: number | null;
  referenceStd: number | null;
  /** Difference of the means in reference standard deviations. */
  shift: number | null;
  marked: boolean;
}

/** Everything the report shows; the JSON file is this. */
export interface Report extends ReportBase {
  kind: 'training' | 'prediction';
  result: Omit<RunResult, 'report'>;
  scores: Scores | null;
  predictions: Predictions | null;
  features: FeatureShift[];
  dropped: FeatureCreator['dropped'];
}

/** Means that moved by more than this many standard deviations of the reference are marked. */
const SHIFT_MARK = 0.5;

export function createTrainingReport(stores: Stores) {
  return async (call: StepCall<TrainingReportInput>): Promise<RunResult> => {
    const { scores, decision, published } = call.inputs;
    return write(
      stores,
      call,
      'training',
      { scores, predictions: null },
      await trainedView(stores.objects, call.inputs),
      {
        model: {
          name: published.model,
          version: published.version,
          parent: published.parent,
          champion: published.champion,
        },
        decision: { ...decision, promote: published.champion, reason: published.reason },
        metrics: {
          inertia: scores.model.inertia,
          silhouette: scores.model.silhouette,
          daviesBouldin: scores.model.daviesBouldin,
        },
        sizes: scores.model.sizes,
        predictions: null,
      },
    );
  };
}

export function createPredictionReport(stores: Stores) {
  return async (call: StepCall<PredictionReportInput>): Promise<RunResult> => {
    const { predictions, published } = call.inputs;
    return write(
      stores,
      call,
      'prediction',
      { scores: null, predictions },
      await predictedView(stores.objects, call.inputs),
      {
        model: { name: published.model, version: published.version, parent: null, champion: null },
        decision: null,
        metrics: { novelShare: predictions.novel / published.predictions, meanDistance: predictions.meanDistance },
        sizes: predictions.sizes.map(({ id, chunks: n }) => ({ id, chunks: n })),
        predictions: published.predictions,
      },
    );
  };
}

async function write(
  stores: Stores,
  { run, inputs }: StepCall<ReportInput>,
  kind: Report['kind'],
  outcome: Pick<Report, 'scores' | 'predictions'>,
  view: ClusterView,
  figures: Omit<RunResult, keyof ResultBase | 'features'>,
): Promise<RunResult> {
  const { features, table } = inputs;
  const creator = await readJson<FeatureCreator>(stores.objects, inputs.creator.ref);
  const raw = await readFrame(stores.objects, features.ref);
  const base = await reportBase(stores, run, inputs);
  const result = { ...base.result, features: { made: features.made, kept: features.kept }, ...figures };
  const report: Report = {
    ...base,
    kind,
    result,
    shapes: [
      { name: 'features', rows: features.ref.rows, columns: features.columns },
      { name: 'table', rows: table.ref.rows, columns: table.columns },
    ],
    ...outcome,
    features: shifts(raw, creator),
    dropped: creator.dropped,
  };
  await stores.objects.write(reportKey(run.runId, 'clusters.json'), JSON.stringify(view));
  return { report: await writeReport(stores, report, reportPage(report)), ...result };
}

function shifts(raw: Frame, creator: FeatureCreator): FeatureShift[] {
  const known = (x: number) => (Number.isFinite(x) ? x : null);
  return raw.columns.map((name, at) => {
    const column = columnOf(raw, at);
    const present = column.filter((x) => !Number.isNaN(x));
    const mean = present.length === 0 ? Number.NaN : meanOf(present);
    const std = Math.sqrt(present.reduce((sum, x) => sum + (x - mean) ** 2, 0) / present.length);
    const reference = creator.reference.find((each) => each.name === name);
    const shift = reference === undefined || reference.std === 0 ? Number.NaN : (mean - reference.mean) / reference.std;
    return {
      name,
      mean: known(mean),
      std: known(std),
      missing: 1 - present.length / column.length,
      referenceMean: known(reference?.mean ?? Number.NaN),
      referenceStd: known(reference?.std ?? Number.NaN),
      shift: known(shift),
      marked: Math.abs(shift) > SHIFT_MARK,
    };
  });
}
