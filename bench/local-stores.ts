import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ALL_FOUND } from '../activities/choice.js';
import { type Chunks, createChunk } from '../activities/chunk.js';
import type { Attempt, Stores } from '../activities/context.js';
import { createInspect } from '../activities/inspect.js';
import type { MappedActivities } from '../activities/mapped.js';
import { createRead } from '../activities/read.js';
import { listSource } from '../activities/source.js';
import { retentionSchema } from '../config/retention.js';
import { Pipelines } from '../pipelines/pipelines.js';
import { Duck } from '../store/duck.js';
import { writeJson } from '../store/frames.js';
import { FolderStore } from '../store/objects/folder-store.js';
import { SourceDatabases } from '../store/source-databases.js';
import type { Backfills } from '../store/tables/backfills.js';
import type { Failures } from '../store/tables/failures.js';
import type { LogLines } from '../store/tables/log-lines.js';
import type { ModelRegistry } from '../store/tables/model-registry.js';
import type { Notices } from '../store/tables/notices.js';
import type { Registry } from '../store/tables/registry.js';
import type { Retention } from '../store/tables/retention.js';
import type { StepCosts } from '../store/tables/step-costs.js';
import type { Triggers } from '../store/tables/triggers.js';
import { ThreadPool } from '../workers/threads.js';
import { ThreadWorkbooks } from '../workers/workbooks.js';

const RUN = { runId: 'bench', workflowId: 'bench', temporalRunId: 'bench', pipeline: 'bench' };

/** The stores of a worker without Postgres: for steps that do not touch the registry. */
export function localStores(folder: string, registry: Registry): Stores {
  const threads = availableParallelism();
  return {
    pipelines: new Pipelines(),
    objects: new FolderStore(join(folder, 'store')),
    registry,
    models: {} as ModelRegistry,
    logs: {} as LogLines,
    backfills: {} as Backfills,
    failures: {} as Failures,
    notices: {} as Notices,
    triggers: {} as Triggers,
    costs: {} as StepCosts,
    retention: {} as Retention,
    retentionPolicy: async () => retentionSchema.parse(undefined),
    alerts: { targetsOf: async () => [], send: async () => undefined },
    databases: new SourceDatabases({}),
    duck: new Duck({ memoryMiB: 768, threads, scratch: join(folder, 'scratch') }),
    parallel: new ThreadPool(threads),
    workbooks: new ThreadWorkbooks(),
    log: pino({ level: 'silent' }),
    buckets: () => Promise.reject(new Error('there are no buckets here')),
    meters: { begin: () => () => {} },
    schedules: { timeBefore: async () => null },
    codeHash: (step) => step,
  };
}

export function quietAttempt(): Attempt {
  const log = { info() {}, warn() {}, error() {} };
  return { signal: new AbortController().signal, last: true, log, progress() {}, measure() {} };
}

/** Plans, works on all batches one after the other, and gathers, as the runner does. */
export async function carryOut<I, O>(
  step: string,
  { plan, batch, gather }: MappedActivities<I, O>,
  inputs: I,
): Promise<O> {
  const call = { run: RUN, step, inputs };
  const { worklist, items, kept, batches } = await plan(call, quietAttempt());
  for (const [at, slice] of batches.entries()) {
    await batch({ ...call, worklist, slice, batch: at + 1, batches: batches.length }, quietAttempt());
  }
  return gather({ ...call, worklist, kept, made: items - kept }, quietAttempt());
}

/** The first steps of a pipeline on a source: pinned by hash, read, cut into chunks. */
export async function chunkSource(stores: Stores, source: string): Promise<Chunks> {
  const files = await listSource(source, []);
  const ref = await writeJson(stores.objects, 'listings', files, files.length);
  const listing = { ref, source, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  const inspected = await carryOut('inspect', createInspect(stores), { listing, ...ALL_FOUND });
  const staged = await carryOut('read', createRead(stores), { inspected, tz: 'UTC' });
  return carryOut('chunk', createChunk(stores), {
    staged,
    tz: 'UTC',
    selection: { from: null, to: null },
    duplicates: 'last',
    counters: [],
    zeroRuns: null,
  });
}
