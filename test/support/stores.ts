import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Attempt, Stores } from '../../activities/context.js';
import type { MappedActivities } from '../../activities/mapped.js';
import { listSheets, sheetToCsv } from '../../activities/source-workbook.js';
import { retentionSchema } from '../../config/retention.js';
import type { RunInfo } from '../../dag/plan.js';
import { kMeans } from '../../ml/cluster/kmeans.js';
import { computeFeatures } from '../../ml/features/chunk-features.js';
import { clusterScores } from '../../ml/metrics/cluster-scores.js';
import type { Parallel } from '../../ml/parallel.js';
import { Pipelines } from '../../pipelines/pipelines.js';
import { Duck } from '../../store/duck.js';
import { FolderStore } from '../../store/objects/folder-store.js';
import type { Stored } from '../../store/objects/object-store.js';
import { SourceDatabases } from '../../store/source-databases.js';
import { Backfills } from '../../store/tables/backfills.js';
import type { Database } from '../../store/tables/database.js';
import { Failures } from '../../store/tables/failures.js';
import { LogLines } from '../../store/tables/log-lines.js';
import { ModelRegistry } from '../../store/tables/model-registry.js';
import { Notices } from '../../store/tables/notices.js';
import { Registry } from '../../store/tables/registry.js';
import { Retention } from '../../store/tables/retention.js';
import { StepCosts } from '../../store/tables/step-costs.js';
import { Triggers } from '../../store/tables/triggers.js';

export const RUN: RunInfo = { runId: 'test', workflowId: 'test', temporalRunId: 'test', pipeline: 'test' };

const TASKS = { features: computeFeatures, kmeans: kMeans, clusterScores };

/** Runs tasks in this thread. */
export const inline: Parallel = {
  width: 2,
  run: async (task, input) => TASKS[task](input as never) as never,
};

export interface TestStores extends Stores {
  folder: string;
  /** What attempts measured last. */
  measures: Record<string, number>;
  attempt(signal?: AbortSignal): Attempt;
  close(): Promise<void>;
}

/** Real stores in a temporary folder; with a database, where a step is to touch the registry. */
export async function testStores(
  codeHash: (step: string) => string = (step) => `code of ${step}`,
  database?: Database,
): Promise<TestStores> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-test-'));
  const log = pino({ level: 'silent' });
  const quiet = { info() {}, warn() {}, error() {} };
  const measures: Record<string, number> = {};
  return {
    folder,
    measures,
    pipelines: new Pipelines(),
    objects: new FolderStore(join(folder, 'store')),
    registry: database === undefined ? untouched<Registry>('registry') : new Registry(database),
    models: database === undefined ? untouched<ModelRegistry>('registry of models') : new ModelRegistry(database),
    logs: database === undefined ? untouched<LogLines>('logs') : new LogLines(database),
    backfills: database === undefined ? untouched<Backfills>('backfills') : new Backfills(database),
    failures: database === undefined ? untouched<Failures>('failures') : new Failures(database),
    notices: database === undefined ? untouched<Notices>('notices') : new Notices(database),
    costs: database === undefined ? untouched<StepCosts>('costs') : new StepCosts(database),
    triggers: database === undefined ? untouched<Triggers>('triggers') : new Triggers(database),
    retention: database === undefined ? untouched<Retention>('retention') : new Retention(database),
    retentionPolicy: async () => retentionSchema.parse(undefined),
    alerts: { targetsOf: async () => [], send: async () => undefined },
    databases: new SourceDatabases({}),
    duck: new Duck({ memoryMiB: 256, threads: 2, scratch: join(folder, 'scratch') }),
    parallel: inline,
    workbooks: { sheets: listSheets, toCsv: sheetToCsv },
    log,
    buckets: () => Promise.reject(new Error('there are no buckets here')),
    meters: { begin: () => () => {} },
    schedules: { timeBefore: async () => null },
    codeHash,
    attempt: (signal = new AbortController().signal) => ({
      signal,
      last: true,
      log: quiet,
      progress() {},
      measure(name, value) {
        measures[name] = value;
      },
    }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Stands where nothing should be asked. */
function untouched<T extends object>(what: string): T {
  return new Proxy({} as T, {
    get: (_, name) => {
      throw new Error(`the ${what} was asked for ${String(name)}`);
    },
  });
}

/** Carries a mapped step out as the runner does. */
export async function runMapped<I, O>(
  stores: TestStores,
  step: string,
  activities: MappedActivities<I, O>,
  inputs: I,
): Promise<{ output: O; items: number; kept: number; batches: number }> {
  const call = { run: RUN, step, inputs };
  const { worklist, items, kept, batches } = await activities.plan(call, stores.attempt());
  for (const [at, slice] of batches.entries()) {
    await activities.batch({ ...call, worklist, slice, batch: at + 1, batches: batches.length }, stores.attempt());
  }
  const output = await activities.gather({ ...call, worklist, kept, made: items - kept }, stores.attempt());
  return { output, items, kept, batches: batches.length };
}

/** Where an object of a folder store lies. */
export function pathOf(stores: TestStores, object: Stored): Promise<string> {
  return stores.objects.local([object], async ([path]) => path!, undefined);
}
