import { type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import { sql } from 'kysely';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import type { Decision, Question } from '../dag/failure.js';
import { Failures, type RecordedItem } from '../store/tables/failures.js';
import type { RunError, RunState } from '../store/tables/schema.js';
import { listNotices, type NoticeLine } from './alerts.js';
import type { Millrace } from './millrace.js';
import { runIdOf } from './run-ids.js';

export interface RunSummary {
  id: string;
  pipeline: string;
  state: RunState;
  startedAt: string;
  seconds: number | null;
  /** `[start, end)` of runs that are for an interval. */
  interval: { start: string; end: string } | null;
  /** The schedule that started it. */
  schedule: string | null;
  /** The backfill that started it. */
  backfill: string | null;
  /** The trigger that started it. */
  trigger: string | null;
  /** The run that it was made from. */
  rerunOf: string | null;
  /** Since when it is held between its batches. */
  pausedAt: string | null;
  /** Questions that a person is to answer before it goes on. */
  asks: number;
  /** Files and days that it went on without, since they failed. */
  failed: number;
}

/** What it asks, or asked: what is to be done about a failure. */
export interface RunQuestion extends Question {
  askedAt: string;
  decision: Decision | null;
  decidedAt: string | null;
}

/** One try of one step or of one of its batches. */
export interface StepAttempt {
  step: string;
  phase: 'once' | 'plan' | 'batch' | 'gather';
  batch: number;
  attempt: number;
  state: RunState;
  worker: string;
  startedAt: string;
  seconds: number | null;
  measures: Record<string, number>;
  error: RunError | null;
}

export interface RunDetails extends RunSummary {
  workflowId: string;
  /** Which of the workflow's executions it is. */
  temporalRunId: string;
  params: Record<string, unknown>;
  result: Record<string, unknown> | null;
  error: RunError | null;
  attempts: StepAttempt[];
  /** What people were to be told of it, the newest first. */
  notices: NoticeLine[];
  questions: RunQuestion[];
  /** The first of what it went on without. */
  failedItems: RecordedItem[];
}

const RUN_COLUMNS = [
  'id',
  'pipeline',
  'state',
  'started_at',
  'ended_at',
  'interval_start',
  'interval_end',
  'schedule',
  'backfill',
  'trigger',
  'rerun_of',
  'paused_at',
  'workflow_id',
  'temporal_run_id',
] as const;

const MOST_FAILED_ITEMS = 1000;
const MOST_NOTICES = 100;

const COUNTS = [
  sql<number>`(SELECT count(*)::int FROM questions WHERE run_id = runs.id AND decided_at IS NULL)`.as('asks'),
  sql<number>`(SELECT count(*)::int FROM failed_items WHERE run_id = runs.id)`.as('failed'),
];

/** The newest runs. A run that Temporal ended without us, as by a termination, is recorded as such first. */
export async function listRuns(
  millrace: Millrace,
  options: { limit: number; before?: string; pipeline?: string; schedule?: string },
): Promise<RunSummary[]> {
  let query = millrace.database.db
    .selectFrom('runs')
    .select(RUN_COLUMNS)
    .select(COUNTS)
    .orderBy('started_at', 'desc')
    .limit(options.limit);
  if (options.before !== undefined) query = query.where('started_at', '<', new Date(options.before));
  if (options.pipeline !== undefined) query = query.where('pipeline', '=', options.pipeline);
  if (options.schedule !== undefined) query = query.where('schedule', '=', options.schedule);
  const rows = await query.execute();
  return Promise.all(rows.map(async (row) => summary({ ...row, state: await actualState(millrace, row) })));
}

/** @throws MillraceError MR_RUN_UNKNOWN with the id that looks alike */
export async function showRun(millrace: Millrace, id: string): Promise<RunDetails> {
  const { db } = millrace.database;
  const find = () => db.selectFrom('runs').selectAll().select(COUNTS).where('id', '=', id).executeTakeFirst();
  let row = await find();
  // It may have ended while Temporal was asked: then its end is read, not only that there was one.
  if (row !== undefined && (await actualState(millrace, row)) !== row.state) row = await find();
  if (row === undefined) {
    const early = await unrecorded(millrace, id);
    if (early !== null) return early;
    const ids = await db.selectFrom('runs').select('id').orderBy('started_at', 'desc').limit(200).execute();
    const alike = didYouMean(
      id,
      ids.map((each) => each.id),
    );
    throw new MillraceError('MR_RUN_UNKNOWN', `there is no run "${id}".${alike}`, {
      next: 'millrace runs list shows them',
    });
  }
  const attempts = await db
    .selectFrom('step_attempts')
    .selectAll()
    .where('run_id', '=', id)
    .orderBy('started_at')
    .execute();
  const failures = new Failures(millrace.database);
  return {
    ...summary(row),
    workflowId: row.workflow_id,
    temporalRunId: row.temporal_run_id,
    params: row.params,
    result: row.result,
    error: row.error,
    attempts: attempts.map(({ run_id: _, round: __, output: ___, started_at, ended_at, ...rest }) => ({
      ...rest,
      startedAt: started_at.toISOString(),
      seconds: ended_at === null ? null : (ended_at.getTime() - started_at.getTime()) / 1000,
    })),
    notices: await listNotices(millrace, MOST_NOTICES, id),
    questions: (await failures.questions(id)).map(({ askedAt, decidedAt, nth: _, ...rest }) => ({
      ...rest,
      askedAt: askedAt.toISOString(),
      decidedAt: decidedAt?.toISOString() ?? null,
    })),
    failedItems: await failures.list(id, MOST_FAILED_ITEMS),
  };
}

/** A run that was started and that no worker has taken up yet: only Temporal knows it. */
async function unrecorded(millrace: Millrace, id: string): Promise<RunDetails | null> {
  // The workflow may have run before: this one will have a number.
  for (const workflowId of new Set([id, id.replace(/\.\d+$/, '')])) {
    const there = await millrace.client.workflow
      .getHandle(workflowId)
      .describe()
      .catch((error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      });
    if (there === null || !millrace.pipelines.names.includes(there.type)) continue;
    if ((await runIdOf(millrace.database, workflowId, there.runId)) === id) return begun(millrace, id, there);
  }
  return null;
}

async function begun(millrace: Millrace, id: string, there: WorkflowExecutionDescription): Promise<RunDetails> {
  return {
    id,
    pipeline: there.type,
    state: await millrace.stateOf(there.workflowId, there.runId),
    startedAt: there.startTime.toISOString(),
    seconds: null,
    interval: null,
    schedule: null,
    backfill: null,
    trigger: null,
    rerunOf: null,
    pausedAt: null,
    asks: 0,
    failed: 0,
    workflowId: there.workflowId,
    temporalRunId: there.runId,
    params: {},
    result: null,
    error: null,
    attempts: [],
    notices: [],
    questions: [],
    failedItems: [],
  };
}

async function actualState(
  millrace: Millrace,
  row: { state: RunState; workflow_id: string; temporal_run_id: string },
): Promise<RunState> {
  if (row.state !== 'running') return row.state;
  const there = await millrace.stateOf(row.workflow_id, row.temporal_run_id).catch((error: unknown) => {
    // An execution that Temporal has forgotten ended without ever telling us.
    if (error instanceof MillraceError && error.code === 'MR_RUN_UNKNOWN') return 'failed' as const;
    throw error;
  });
  if (there === 'running') return 'running';
  // The run recorded its own end while we asked, or it was ended from outside and could not.
  const state = there === 'cancelled' ? 'cancelled' : 'lost';
  await millrace.database.db
    .updateTable('runs')
    .set({ state, ended_at: new Date() })
    .where('temporal_run_id', '=', row.temporal_run_id)
    .where('state', '=', 'running')
    .execute();
  const { state: now } = await millrace.database.db
    .selectFrom('runs')
    .select('state')
    .where('temporal_run_id', '=', row.temporal_run_id)
    .executeTakeFirstOrThrow();
  return now;
}

function summary(row: {
  id: string;
  pipeline: string;
  state: RunState;
  started_at: Date;
  ended_at: Date | null;
  interval_start: Date | null;
  interval_end: Date | null;
  schedule: string | null;
  backfill: string | null;
  trigger: string | null;
  rerun_of: string | null;
  paused_at: Date | null;
  asks: number;
  failed: number;
}): RunSummary {
  const { interval_start: start, interval_end: end } = row;
  return {
    id: row.id,
    pipeline: row.pipeline,
    state: row.state,
    startedAt: row.started_at.toISOString(),
    seconds: row.ended_at === null ? null : (row.ended_at.getTime() - row.started_at.getTime()) / 1000,
    interval: start === null || end === null ? null : { start: start.toISOString(), end: end.toISOString() },
    schedule: row.schedule,
    backfill: row.backfill,
    trigger: row.trigger,
    rerunOf: row.rerun_of,
    pausedAt: row.state === 'running' ? (row.paused_at?.toISOString() ?? null) : null,
    asks: row.state === 'running' ? row.asks : 0,
    failed: row.failed,
  };
}
