import type { RunInfo } from '../dag/plan.js';
import { readJson } from '../store/frames.js';
import { reportKey } from '../store/report-key.js';
import type { RecordedItem } from '../store/tables/failures.js';
import type { Chunks, Manifest } from './chunk.js';
import type { Stores } from './context.js';
import type { Findings } from './findings.js';
import type { Inspected } from './inspect.js';
import type { Listing } from './source.js';

/** What reports are made of that read sensor files and cut them into chunks. */
export interface ReportSource {
  listing: Listing;
  inspected: Inspected;
  chunks: Chunks;
}

/** Of the result of a run, what all have that cut chunks. */
export interface ResultBase {
  report: { html: string; json: string };
  /** How the files were read: what is not sure, and what was left out. */
  inspection: Inspection;
  account: Chunks['account'];
  /** What rules did with readings, and what they could do. */
  rules: Chunks['rules'];
  chunks: { total: number; days: number; sensors: number; made: number; kept: number };
  /** The first files and days that the run went on without, since they failed; and how many there are. */
  failed: RecordedItem[];
  failedInAll: number;
}

/** Of a report, what all have. */
export interface ReportBase {
  runId: string;
  pipeline: string;
  source: string;
  result: Omit<ResultBase, 'report'>;
  findings: Findings;
  quarantined: Record<string, number>;
  zonelessIn: string | null;
  days: [string, string];
  /** What the run went on without, since it failed; no more than a page holds. */
  failed: RecordedItem[];
  coverage: CoverageDay[];
  steps: StepTime[];
  shapes: { name: string; rows: number; columns: number }[];
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

/** So much of a list stands in the result, and so much on the page. */
const FEW = 5;
const MOST_FAILED = 200;

/** Brings together what all reports show, and puts shapes of frames and memory beside the other numbers of the run. */
export async function reportBase(
  stores: Stores,
  run: RunInfo,
  { listing, inspected, chunks }: ReportSource,
): Promise<Omit<ReportBase, 'shapes'>> {
  const findings = await readJson<Findings>(stores.objects, inspected.findings);
  const failed = await stores.failures.list(run.runId, MOST_FAILED);
  const { days } = await readJson<Manifest>(stores.objects, chunks);
  const steps = await stepTimes(stores, run.runId);
  for (const { step, measures } of steps) await stores.registry.putMetrics(run.runId, step, measures);
  return {
    runId: run.runId,
    pipeline: run.pipeline,
    source: listing.source,
    result: {
      inspection: inspectionOf(findings),
      account: chunks.account,
      rules: chunks.rules,
      chunks: {
        total: chunks.chunks,
        days: chunks.days,
        sensors: chunks.sensors,
        made: chunks.made,
        kept: chunks.kept,
      },
      failed: failed.slice(0, FEW),
      failedInAll: await stores.failures.count(run.runId),
    },
    findings,
    quarantined: chunks.quarantined,
    zonelessIn: chunks.zonelessIn,
    days: [chunks.firstDay, chunks.lastDay],
    failed,
    coverage: days.map(({ day, chunks: all }) => ({
      day,
      sensors: all.map(({ sensor, rows, share, largestGap }) => ({ sensor, readings: rows, share, largestGap })),
    })),
    steps,
  };
}

/** Writes a report, as a page and as JSON. Returns where they lie. */
export async function writeReport(stores: Stores, report: ReportBase, page: string): Promise<ResultBase['report']> {
  const [html, json] = [reportKey(report.runId, 'report.html'), reportKey(report.runId, 'report.json')];
  await stores.objects.write(json, JSON.stringify(report, null, 2));
  await stores.objects.write(html, page);
  return { html: stores.objects.describe(html), json: stores.objects.describe(json) };
}

function inspectionOf({ files, tables, alike, leftOut, leftOutInAll }: Findings): Inspection {
  const guesses = alike.flatMap(({ path, decisions }) =>
    decisions
      .filter(({ sure }) => sure === 'guess')
      .map(({ what, decided, why, fix }) => ({ path, what, decided, why, fix })),
  );
  return { files, tables, leftOut: leftOut.slice(0, FEW), leftOutInAll, guesses: guesses.slice(0, FEW) };
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
