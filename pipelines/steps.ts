import type { ChunkInput, Chunks } from '../activities/chunk.js';
import type { CompareInput, Decision } from '../activities/compare.js';
import type { EvaluateInput, Scores } from '../activities/evaluate.js';
import type { FeaturesInput, FeatureTable } from '../activities/features.js';
import type { CreatorRef, FitInput } from '../activities/fit.js';
import type { Holdout, HoldoutInput } from '../activities/holdout.js';
import type { Inspected, InspectInput } from '../activities/inspect.js';
import type { PredictInput, Predictions } from '../activities/predict.js';
import type {
  PublishedModel,
  PublishedPredictions,
  PublishModelInput,
  PublishPredictionsInput,
} from '../activities/publish.js';
import type { PublishedTable, PublishTableInput } from '../activities/publish-table.js';
import type { ReadInput, Staged } from '../activities/read.js';
import type { PredictionReportInput, RunResult, TrainingReportInput } from '../activities/report.js';
import type { ResultBase } from '../activities/report-base.js';
import type { InspectionReportInput, InspectionResult } from '../activities/report-inspection.js';
import type { TableReportInput, TableResult } from '../activities/report-table.js';
import type { TrainedModel, TrainInput } from '../activities/train.js';
import type { Table, TransformInput } from '../activities/transform.js';
import { STEP_QUEUES } from '../config/queues.js';
import { stepKind } from '../dag/declare.js';

export type { InspectionResult, ResultBase, RunResult, TableResult };

/** The kinds of steps pipelines are drawn with, in the order data flows. */

export const inspect = stepKind<InspectInput, Inspected>({
  activity: 'inspect',
  queue: STEP_QUEUES.read,
  mapped: true,
  doc: 'finds out how each file is written and what its columns are for',
  takes: {
    listing: 'listing',
    timeColumn: 'param',
    sensorColumn: 'param',
    valueColumn: 'param',
    timeFormat: 'param',
    dayFirst: 'param',
    utcOffset: 'param',
    decimal: 'param',
    delimiter: 'param',
    header: 'param',
    encoding: 'param',
    sentinels: 'param',
    sensorPath: 'param',
  },
  gives: 'inspected',
  timeoutSeconds: 3600,
});

export const read = stepKind<ReadInput, Staged>({
  activity: 'read',
  queue: STEP_QUEUES.read,
  mapped: true,
  doc: 'reads each file into one form and sets unusable readings apart',
  takes: { inspected: 'inspected', tz: 'param' },
  gives: 'staged',
  timeoutSeconds: 3600,
});

export const chunk = stepKind<ChunkInput, Chunks>({
  activity: 'chunk',
  queue: STEP_QUEUES.chunk,
  mapped: true,
  doc: 'cuts the readings into one chunk per sensor and day',
  takes: {
    staged: 'staged',
    tz: 'param',
    selection: 'selection',
    duplicates: 'param',
    counters: 'param',
    zeroRuns: 'param',
  },
  gives: 'chunks',
  timeoutSeconds: 3600,
});

export const features = stepKind<FeaturesInput, FeatureTable>({
  activity: 'features',
  queue: STEP_QUEUES.features,
  mapped: true,
  doc: 'computes the features of each chunk',
  takes: { chunks: 'chunks' },
  gives: 'features',
});

export const holdout = stepKind<HoldoutInput, Holdout>({
  activity: 'holdout',
  queue: STEP_QUEUES.fit,
  doc: 'sets the newest days apart, to compare the model with the champion on',
  takes: { chunks: 'chunks', champion: 'champion', promotion: 'promotion' },
  gives: 'holdout',
});

export const fit = stepKind<FitInput, CreatorRef>({
  activity: 'fit',
  queue: STEP_QUEUES.fit,
  doc: 'fits the feature creator: which columns survive, imputation, scaling',
  takes: {
    features: 'features',
    parent: 'parent',
    holdout: 'holdout',
    groups: 'param',
    scaling: 'param',
    maxMissing: 'param',
    limit: 'param',
    balance: 'param',
  },
  gives: 'creator',
});

export const transform = stepKind<TransformInput, Table>({
  activity: 'transform',
  queue: STEP_QUEUES.transform,
  doc: 'applies the feature creator to the raw features',
  takes: { features: 'features', creator: 'creator' },
  gives: 'table',
});

export const train = stepKind<TrainInput, TrainedModel>({
  activity: 'train',
  queue: STEP_QUEUES.train,
  doc: 'trains the clustering, or continues it from the model before',
  takes: {
    table: 'table',
    parent: 'parent',
    holdout: 'holdout',
    k: 'param',
    seed: 'param',
    starts: 'param',
    maxIterations: 'param',
    tolerance: 'param',
  },
  gives: 'model',
  timeoutSeconds: 3600,
});

export const evaluate = stepKind<EvaluateInput, Scores>({
  activity: 'evaluate',
  queue: STEP_QUEUES.evaluate,
  doc: 'scores the model beside the version before',
  takes: { table: 'table', model: 'model', parent: 'parent', holdout: 'holdout', seed: 'param' },
  gives: 'scores',
});

export const compare = stepKind<CompareInput, Decision>({
  activity: 'compare',
  queue: STEP_QUEUES.evaluate,
  doc: 'compares the model with the champion, and decides by the gate',
  takes: {
    features: 'features',
    table: 'table',
    model: 'model',
    champion: 'champion',
    holdout: 'holdout',
    promotion: 'promotion',
  },
  gives: 'decision',
});

export const predict = stepKind<PredictInput, Predictions>({
  activity: 'predict',
  queue: STEP_QUEUES.predict,
  doc: 'gives each chunk its cluster, its distance and whether it is novel',
  takes: { table: 'table', model: 'registered-model' },
  gives: 'predictions',
});

export const publishModel = stepKind<PublishModelInput, PublishedModel>({
  activity: 'publish-model',
  queue: STEP_QUEUES.publish,
  doc: 'registers the model version; chunks, quarantine and metrics to Postgres',
  takes: {
    listing: 'listing',
    staged: 'staged',
    chunks: 'chunks',
    features: 'features',
    creator: 'creator',
    model: 'model',
    scores: 'scores',
    parent: 'parent',
    decision: 'decision',
    name: 'param',
  },
  gives: 'published-model',
});

export const publishPredictions = stepKind<PublishPredictionsInput, PublishedPredictions>({
  activity: 'publish-predictions',
  queue: STEP_QUEUES.publish,
  doc: 'brings predictions, chunks, quarantine and metrics to Postgres',
  takes: { staged: 'staged', chunks: 'chunks', predictions: 'predictions' },
  gives: 'published-predictions',
});

export const publishTable = stepKind<PublishTableInput, PublishedTable>({
  activity: 'publish-table',
  queue: STEP_QUEUES.publish,
  doc: 'brings a table by chunk, chunks and quarantine to Postgres',
  takes: { staged: 'staged', chunks: 'chunks', table: 'features' },
  gives: 'published-table',
});

export const reportInspection = stepKind<InspectionReportInput, InspectionResult>({
  activity: 'report-inspection',
  queue: STEP_QUEUES.read,
  doc: 'brings together what was found',
  takes: { listing: 'listing', inspected: 'inspected' },
  gives: 'findings',
});

export const reportTraining = stepKind<TrainingReportInput, RunResult>({
  activity: 'report-training',
  queue: STEP_QUEUES.report,
  doc: 'writes the report, as a page and as JSON',
  takes: {
    listing: 'listing',
    inspected: 'inspected',
    chunks: 'chunks',
    features: 'features',
    creator: 'creator',
    table: 'table',
    model: 'model',
    scores: 'scores',
    decision: 'decision',
    published: 'published-model',
  },
  gives: 'result',
});

export const reportPrediction = stepKind<PredictionReportInput, RunResult>({
  activity: 'report-prediction',
  queue: STEP_QUEUES.report,
  doc: 'writes the report, as a page and as JSON',
  takes: {
    listing: 'listing',
    inspected: 'inspected',
    chunks: 'chunks',
    features: 'features',
    creator: 'creator',
    table: 'table',
    predictions: 'predictions',
    published: 'published-predictions',
  },
  gives: 'result',
});

export const reportTable = stepKind<TableReportInput, TableResult>({
  activity: 'report-table',
  queue: STEP_QUEUES.report,
  doc: 'writes the report of a table by chunk, as a page and as JSON',
  takes: {
    listing: 'listing',
    inspected: 'inspected',
    chunks: 'chunks',
    table: 'features',
    published: 'published-table',
  },
  gives: 'result',
});
