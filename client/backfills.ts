import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { BACKFILL_NAME, type BackfillDeclaration, intervalsOf } from '../config/backfill.js';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import { checkZone } from '../config/time-zone.js';
import { type BackfillRow, Backfills, type IntervalState } from '../store/tables/backfills.js';
import type { BackfillState } from '../store/tables/schema.js';
import { untilOver } from './ending.js';
import { type Estimate, estimateRuns } from './estimate.js';
import type { Millrace } from './millrace.js';
import { tellWorkflow } from './updates.js';

/** What a backfill would do. */
export interface BackfillPrice {
  intervals: number;
  /** Those that are to be run. */
  due: number;
  first: { start: string; end: string } | null;
  last: { start: string; end: string } | null;
  estimate: Estimate;
}

export interface BackfillSummary {
  id: string;
  state: BackfillState;
  declaration: BackfillDeclaration;
  createdAt: string;
  endedAt: string | null;
  /** How many intervals stand how. */
  counts: Partial<Record<IntervalState['state'], number>>;
}

export interface BackfillDetails extends BackfillSummary {
  intervals: IntervalState[];
}

const workflowIdOf = (id: string) => `backfill.${id}`;

/**
 * What a backfill would do, and about how long it would take.
 * @throws MillraceError as `createBackfill` does, and as its runs would where the source is wrong
 */
export async function priceBackfill(millrace: Millrace, declaration: BackfillDeclaration): Promise<BackfillPrice> {
  const { all, due } = await plan(millrace, declaration);
  return {
    intervals: all.length,
    due: due.length,
    first: due[0] ?? null,
    last: due.at(-1) ?? null,
    estimate: await estimateRuns(millrace, declaration, due),
  };
}

/**
 * Starts a backfill; it goes on whatever happens to this process.
 * @throws MillraceError MR_BACKFILL when it cannot be made so; MR_PARAM, MR_PIPELINE_UNKNOWN, MR_ZONE_UNKNOWN
 */
export async function createBackfill(
  millrace: Millrace,
  id: string,
  declaration: BackfillDeclaration,
): Promise<BackfillDetails> {
  if (!BACKFILL_NAME.test(id))
    throw new MillraceError('MR_BACKFILL', `"${id}" is no name of a backfill`, { allowed: 'letters, digits, - and _' });
  const { all, due } = await plan(millrace, declaration);
  if (due.length === 0) {
    throw new MillraceError('MR_BACKFILL', `of ${all.length} intervals none is ${declaration.only}`, {
      next: 'set only=all to run them once more',
    });
  }
  const rows = new Backfills(millrace.database);
  await rows.create(id, declaration, due);
  await start(millrace, id, declaration, 'waiting').catch(async (error: unknown) => {
    await rows.delete(id);
    throw error;
  });
  return showBackfill(millrace, id);
}

async function plan(millrace: Millrace, declaration: BackfillDeclaration) {
  const { pipeline, params, tz, only } = declaration;
  millrace.pipelines.named(pipeline).parse(params);
  checkZone(tz);
  const all = intervalsOf(declaration);
  return { all, due: await new Backfills(millrace.database).due(pipeline, only, all) };
}

async function start(
  millrace: Millrace,
  id: string,
  { pipeline, params, newestFirst, maxActive }: BackfillDeclaration,
  pass: 'waiting' | 'failed',
): Promise<void> {
  await millrace.client.workflow.start('backfill', {
    taskQueue: WORKFLOW_QUEUE,
    workflowId: workflowIdOf(id),
    args: [{ id, pipeline, params, newestFirst, maxActive, pass }],
    workflowIdConflictPolicy: 'FAIL',
    staticSummary: `backfill of ${pipeline}`,
  });
}

/** The newest first. */
export async function listBackfills(millrace: Millrace, limit = 20): Promise<BackfillSummary[]> {
  const rows = new Backfills(millrace.database);
  const all = await Promise.all((await rows.list(limit)).map((row) => withActualState(millrace, rows, row)));
  const counts = await rows.counts(all.map(({ id }) => id));
  return all.map((row) => summary(row, counts.get(row.id)!));
}

/** @throws MillraceError MR_BACKFILL_UNKNOWN */
export async function showBackfill(millrace: Millrace, id: string): Promise<BackfillDetails> {
  const rows = new Backfills(millrace.database);
  const row = await withActualState(millrace, rows, await found(rows, id));
  const intervals = await rows.intervals(id);
  const counts: Record<string, number> = {};
  for (const { state } of intervals) counts[state] = (counts[state] ?? 0) + 1;
  return { ...summary(row, counts), intervals };
}

/** No new run begins; those that go on end. */
export async function pauseBackfill(millrace: Millrace, id: string): Promise<void> {
  const rows = new Backfills(millrace.database);
  await found(rows, id);
  if (await tellWorkflow(millrace, { workflowId: workflowIdOf(id) }, 'pause')) return;
  throw over(id, (await withActualState(millrace, rows, await found(rows, id))).state);
}

/** Goes on; also one that was cancelled or ended by force, where intervals wait. */
export async function resumeBackfill(millrace: Millrace, id: string): Promise<void> {
  await again(millrace, id, 'waiting', 'resume');
}

/** Runs the intervals whose newest run failed once more, and no others. */
export async function retryBackfill(millrace: Millrace, id: string): Promise<void> {
  await again(millrace, id, 'failed', 'retry');
}

/** Tells a backfill that goes on, and starts one anew that has ended where there is something left to do. */
async function again(
  millrace: Millrace,
  id: string,
  pass: 'waiting' | 'failed',
  name: 'resume' | 'retry',
): Promise<void> {
  const rows = new Backfills(millrace.database);
  const row = await withActualState(millrace, rows, await found(rows, id));
  const goesOn = row.state === 'running' || row.state === 'paused';
  // One that ends just now is begun anew as soon as it has.
  if (goesOn && (await tellWorkflow(millrace, { workflowId: workflowIdOf(id) }, name))) return;
  await untilOver(millrace, workflowIdOf(id));
  const [left] = await rows.next({ id, pass, newestFirst: false, after: null, limit: 1 });
  if (left === undefined) {
    throw new MillraceError(
      'MR_BACKFILL_STATE',
      `the backfill ${id} is ${row.state}, and no interval of it ${pass === 'failed' ? 'failed' : 'waits'}`,
      {
        next: `millrace backfill show ${id} --all says how each stands`,
      },
    );
  }
  await rows.setState(id, 'running');
  await start(millrace, id, row.declaration, pass).catch((error: unknown) => {
    // Somebody else was as fast.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });
}

/** Ends a backfill and the runs of it that go on. @throws MillraceError MR_BACKFILL_STATE when it has ended already */
export async function cancelBackfill(millrace: Millrace, id: string): Promise<void> {
  const { state } = await found(new Backfills(millrace.database), id);
  if (state !== 'running' && state !== 'paused') throw over(id, state);
  await millrace.client.workflow
    .getHandle(workflowIdOf(id))
    .cancel()
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
}

const over = (id: string, state: BackfillState) =>
  new MillraceError('MR_BACKFILL_STATE', `the backfill ${id} has ended: it is ${state}`, {
    next: `millrace backfill retry ${id} runs again what failed, resume what waits`,
  });

async function found(rows: Backfills, id: string): Promise<BackfillRow> {
  const row = await rows.find(id);
  if (row !== null) return row;
  const names = (await rows.list(200)).map((each) => each.id);
  throw new MillraceError('MR_BACKFILL_UNKNOWN', `there is no backfill "${id}".${didYouMean(id, names)}`, {
    next: 'millrace backfill list shows them',
  });
}

/** One that Temporal ended without us, as by a termination, is recorded as such first. */
async function withActualState(millrace: Millrace, rows: Backfills, row: BackfillRow): Promise<BackfillRow> {
  if (row.state !== 'running' && row.state !== 'paused') return row;
  const there = await millrace.stateOf(workflowIdOf(row.id)).catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'MR_RUN_UNKNOWN') return 'failed' as const;
    throw error;
  });
  if (there === 'running') return row;
  // It recorded its own end while we asked, or was ended from outside and could not.
  const now = await rows.find(row.id);
  if (now !== null && now.state !== 'running' && now.state !== 'paused') return now;
  await rows.setState(row.id, there === 'cancelled' ? 'cancelled' : 'failed');
  return (await rows.find(row.id)) ?? row;
}

function summary(row: BackfillRow, counts: Record<string, number>): BackfillSummary {
  const { id, state, declaration, createdAt, endedAt } = row;
  return {
    id,
    state,
    declaration,
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    counts,
  };
}
