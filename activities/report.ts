import type { StepCall } from '../dag/plan.js';
import type { FeatureCreator } from '../ml/features/creator.js';
import { meanOf } from '../ml/features/readings.js';
import { columnOf, type Frame } from '../ml/frame.js';
import { readFrame, readJson } from '../store/frames.js';
import { reportKey } from '../store/report-key.js';
import type { RecordedItem } from '../store/tables/failures.js';
import type { Chunks, Manifest } from './chunk.js';
import { type ClusterView, predictedView, trainedView } from './cluster-view.js';
import type { Decision } from './compare.js';
import type { Stores } from './context.js';
import type { Scores } from './evaluate.js';
import type { FeatureTable } from './features.js';
import type { Findings } from './findings.js';
import type { CreatorRef } from './fit.js';
import type { Inspected } from './inspect.js';
import type { Predictions } from './predict.js';
import type { PublishedModel, PublishedPredictions } from './publish.js';
import { reportPage } from './report-page.js';
import type { Listing } from './source.js';
import type { TrainedModel } from './train.js';
import type { Table } from './transform.js';

export interface ReportInput {
  listing: Listing;
  inspected: Inspected;
  chunks: Chunks;
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
export interface RunResult {
  report: { html: string; json: string };
  /** How the files were read: what is not sure, and what was left out. */
  inspection: Inspection;
  account: Chunks['account'];
  /** What rules did with readings, and what they could do. */
  rules: Chunks['rules'];
  chunks: { total: number; days: number; sensors: number; made: number; kept: number };
  features: { made: number; kept: number };
  model: { name: string; version: number; parent: number | null; champion: boolean | null };
  /** Why the new version became champion or not, and on which figures; null for predictions. */
  decision: Decision | null;
  metrics: Record<string, number | null>;
  sizes: { id: number; chunks: number }[];
  predictions: number | null;
  /** The first files and days that the run went on without, since they failed; and how many there are. */
  failed: RecordedItem[];
  failedInAll: number;
}

/** What a person should know of how files were read. */
export interface Inspection {
  files: number;
  tables: number;
  leftOut: { path: string; why: string }[];
  leftOutInAll: number;
  /** Decisions for which there was nothing but a guess. */
  guesses: { path: string; what: string; decided: string; why: string; fix: string }[];
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

export interface StepTime {
  step: string;
  startedAt: string;
  seconds: number;
  attempts: number;
  batches: number;
  measures: Record<string, number>;
}

export interface CoverageDay {
  day: string;
  sensors: { sensor: string; readings: number; share: number; largestGap: number }[];
}

/** Everything the report shows; the JSON file is this. */
export interface Report {
  runId: string;
  pipeline: string;
  source: string;
  kind: 'training' | 'prediction';
  result: Omit<RunResult, 'report'>;
  findings: Findings;
  quarantined: Record<string, number>;
  zonelessIn: string | null;
  days: [string, string];
  shapes: { name: string; rows: number; columns: number }[];
  scores: Scores | null;
  predictions: Predictions | null;
  features: FeatureShift[];
  dropped: FeatureCreator['dropped'];
  /** What the run went on without, since it failed; no more than a page holds. */
  failed: RecordedItem[];
  coverage: CoverageDay[];
  steps: StepTime[];
}

/** So much of a list stands in the result, and so much on the page. */
const FEW = 5;
const MOST_FAILED = 200;
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
        ...common(call.inputs),
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
        ...common(call.inputs),
        model: { name: published.model, version: published.version, parent: null, champion: null },
        decision: null,
        metrics: { novelShare: predictions.novel / published.predictions, meanDistance: predictions.meanDistance },
        sizes: predictions.sizes.map(({ id, chunks: n }) => ({ id, chunks: n })),
        predictions: published.predictions,
      },
    );
  };
}

function common({ chunks, features }: ReportInput) {
  return {
    account: chunks.account,
    rules: chunks.rules,
    chunks: {
      total: chunks.chunks,
      days: chunks.days,
      sensors: chunks.sensors,
      made: chunks.made,
      kept: chunks.kept,
    },
    features: { made: features.made, kept: features.kept },
  };
}

async function write(
  stores: Stores,
  { run, inputs }: StepCall<ReportInput>,
  kind: Report['kind'],
  outcome: Pick<Report, 'scores' | 'predictions'>,
  view: ClusterView,
  figures: Omit<RunResult, 'report' | 'inspection' | 'failed' | 'failedInAll'>,
): Promise<RunResult> {
  const { chunks, features, table } = inputs;
  const findings = await readJson<Findings>(stores.objects, inputs.inspected.findings);
  const failed = await stores.failures.list(run.runId, MOST_FAILED);
  const result = {
    inspection: inspectionOf(findings),
    ...figures,
    failed: failed.slice(0, FEW),
    failedInAll: await stores.failures.count(run.runId),
  };
  const creator = await readJson<FeatureCreator>(stores.objects, inputs.creator.ref);
  const raw = await readFrame(stores.objects, features.ref);
  const { days } = await readJson<Manifest>(stores.objects, chunks);
  const steps = await stepTimes(stores, run.runId);
  // Shapes of frames and memory, beside the other numbers of the run.
  for (const { step, measures } of steps) await stores.registry.putMetrics(run.runId, step, measures);
  const report: Report = {
    runId: run.runId,
    pipeline: run.pipeline,
    source: inputs.listing.source,
    kind,
    result,
    findings,
    quarantined: chunks.quarantined,
    zonelessIn: chunks.zonelessIn,
    days: [chunks.firstDay, chunks.lastDay],
    shapes: [
      { name: 'features', rows: features.ref.rows, columns: features.columns },
      { name: 'table', rows: table.ref.rows, columns: table.columns },
    ],
    ...outcome,
    failed,
    features: shifts(raw, creator),
    dropped: creator.dropped,
    coverage: days.map(({ day, chunks: all }) => ({
      day,
      sensors: all.map(({ sensor, rows, share, largestGap }) => ({ sensor, readings: rows, share, largestGap })),
    })),
    steps,
  };
  const [html, json] = [reportKey(run.runId, 'report.html'), reportKey(run.runId, 'report.json')];
  await stores.objects.write(json, JSON.stringify(report, null, 2));
  await stores.objects.write(html, reportPage(report));
  await stores.objects.write(reportKey(run.runId, 'clusters.json'), JSON.stringify(view));
  return {
    report: { html: stores.objects.describe(html), json: stores.objects.describe(json) },
    ...result,
  };
}

function inspectionOf({ files, tables, alike, leftOut, leftOutInAll }: Findings): Inspection {
  const guesses = alike.flatMap(({ path, decisions }) =>
    decisions
      .filter(({ sure }) => sure === 'guess')
      .map(({ what, decided, why, fix }) => ({ path, what, decided, why, fix })),
  );
  return { files, tables, leftOut: leftOut.slice(0, FEW), leftOutInAll, guesses: guesses.slice(0, FEW) };
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

async function stepTimes(stores: Stores, runId: string): Promise<StepTime[]> {
  const steps = new Map<string, StepTime & { from: number; to: number }>();
  for (const each of await stores.registry.attempts(runId)) {
    const from = each.started_at.getTime();
    const to = each.ended_at?.getTime() ?? from;
    const step = steps.get(each.step) ?? {
      step: each.step,
      startedAt: each.started_at.toISOString(),
      seconds: 0,
      attempts: 0,
      batches: 0,
      measures: {},
      from,
      to,
    };
    step.from = Math.min(step.from, from);
    step.to = Math.max(step.to, to);
    step.attempts++;
    if (each.phase === 'batch' && each.attempt === 1) step.batches++;
    for (const [name, value] of Object.entries(each.measures)) {
      step.measures[name] = name === 'rssMiB' ? Math.max(step.measures[name] ?? 0, value) : value;
    }
    step.seconds = (step.to - step.from) / 1000;
    steps.set(each.step, step);
  }
  return [...steps.values()].map(({ from: _from, to: _to, ...step }) => step);
}
