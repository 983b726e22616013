import { randomUUID } from 'node:crypto';
import {
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  ScheduleNotFoundError,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import { SCHEDULE_NAME, type ScheduleDeclaration } from '../config/schedule.js';
import { checkZone } from '../config/time-zone.js';
import type { Millrace } from './millrace.js';

export interface ScheduleSummary {
  name: string;
  declaration: ScheduleDeclaration;
  /** Whether it stands in the configuration file, so that `apply` keeps it as it is there. */
  declared: boolean;
  paused: boolean;
  note: string | null;
  next: string[];
  /** The newest firings, oldest first: when they were due, when they were taken, and the run. */
  recent: { due: string; taken: string; workflowId: string | null }[];
  /** Firings that nobody caught up, as the server was down for too long. */
  missed: number;
  buffered: number;
  running: string[];
}

/** What `apply` does, or would do. */
export interface ScheduleChange {
  name: string;
  change: 'create' | 'update' | 'delete' | 'none';
}

/** Kept with the schedule's action, so that it can be shown and compared as it was written. */
interface Memo {
  declaration: ScheduleDeclaration;
  declared: boolean;
}

type Action = ScheduleOptionsStartWorkflowAction<Workflow>;

const OVERLAPS: Record<ScheduleDeclaration['overlap'], ScheduleOverlapPolicy> = {
  'buffer-all': ScheduleOverlapPolicy.BUFFER_ALL,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  skip: ScheduleOverlapPolicy.SKIP,
  'allow-all': ScheduleOverlapPolicy.ALLOW_ALL,
  'cancel-other': ScheduleOverlapPolicy.CANCEL_OTHER,
  'terminate-other': ScheduleOverlapPolicy.TERMINATE_OTHER,
};

/** Makes a schedule. @throws MillraceError MR_SCHEDULE when it cannot be made so; MR_PARAM, MR_ZONE_UNKNOWN */
export async function createSchedule(
  millrace: Millrace,
  name: string,
  declaration: ScheduleDeclaration,
  declared = false,
): Promise<void> {
  try {
    await millrace.client.schedule.create(optionsOf(millrace, name, { declaration, declared }));
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) {
      throw new MillraceError('MR_SCHEDULE', `there is a schedule "${name}" already`, {
        next: `choose another name, or delete it: millrace schedules delete ${name}`,
      });
    }
    throw refused(name, error);
  }
}

/** All schedules of ours, by name. */
export async function listSchedules(millrace: Millrace): Promise<ScheduleSummary[]> {
  const names: string[] = [];
  for await (const { scheduleId } of millrace.client.schedule.list()) names.push(scheduleId);
  const all = await Promise.all(names.sort().map((name) => ownSchedule(millrace, name)));
  return all.filter((each) => each !== null);
}

/** A schedule of ours; null where it is of others, or was deleted meanwhile. */
async function ownSchedule(millrace: Millrace, name: string): Promise<ScheduleSummary | null> {
  return showSchedule(millrace, name).catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'MR_SCHEDULE_UNKNOWN') return null;
    throw error;
  });
}

/** @throws MillraceError MR_SCHEDULE_UNKNOWN when there is none of that name */
export async function showSchedule(millrace: Millrace, name: string): Promise<ScheduleSummary> {
  const description = await millrace.client.schedule
    .getHandle(name)
    .describe()
    .catch((error: unknown) => unknown(millrace, name, error));
  const memo = memoOf(description);
  if (memo === null) {
    throw new MillraceError('MR_SCHEDULE_UNKNOWN', `the schedule "${name}" was not made by Millrace`, {
      next: `Temporal's own tools show it: temporal schedule describe --schedule-id ${name}`,
    });
  }
  const { info, state } = description;
  return {
    name,
    ...memo,
    paused: state.paused,
    note: state.note || null,
    next: info.nextActionTimes.map((time) => time.toISOString()),
    recent: info.recentActions.map(({ scheduledAt, takenAt, action }) => ({
      due: scheduledAt.toISOString(),
      taken: takenAt.toISOString(),
      workflowId: 'workflow' in action ? action.workflow.workflowId : null,
    })),
    missed: info.numActionsMissedCatchupWindow,
    buffered: Number(description.raw.info?.bufferSize ?? 0),
    running: info.runningActions.flatMap((action) => ('workflow' in action ? [action.workflow.workflowId] : [])),
  };
}

export async function pauseSchedule(millrace: Millrace, name: string, note: string): Promise<void> {
  await handleOf(millrace, name, (handle) => handle.pause(note));
}

export async function unpauseSchedule(millrace: Millrace, name: string, note: string): Promise<void> {
  await handleOf(millrace, name, (handle) => handle.unpause(note));
}

/** Fires a schedule now, whatever its times: the run is for what lies between the firing before and this moment. */
export async function triggerSchedule(millrace: Millrace, name: string): Promise<void> {
  const { declaration } = await showSchedule(millrace, name);
  await handleOf(millrace, name, (handle) => handle.trigger(OVERLAPS[declaration.overlap]));
}

/** Deletes a schedule; its runs stay. */
export async function deleteSchedule(millrace: Millrace, name: string): Promise<void> {
  await handleOf(millrace, name, (handle) => handle.delete());
}

/** Makes the schedules be those that are declared; what was made by hand is left alone. */
export async function applySchedules(
  millrace: Millrace,
  declarations: Readonly<Record<string, ScheduleDeclaration>>,
  dryRun: boolean,
): Promise<ScheduleChange[]> {
  const wanted = Object.entries(declarations);
  for (const [name, declaration] of wanted) optionsOf(millrace, name, { declaration, declared: true });
  const there = new Map((await listSchedules(millrace)).map((schedule) => [schedule.name, schedule]));
  const changes: ScheduleChange[] = wanted.map(([name, declaration]) => {
    const before = there.get(name);
    if (before === undefined) return { name, change: 'create' };
    return { name, change: before.declared && sameJson(before.declaration, declaration) ? 'none' : 'update' };
  });
  for (const { name, declared } of there.values())
    if (declared && !(name in declarations)) changes.push({ name, change: 'delete' });
  // All are checked before the first is changed.
  for (const { name, change } of changes)
    if (change === 'create' || change === 'update') await checkTimes(millrace, name, declarations[name]!);
  if (dryRun) return changes;
  for (const { name, change } of changes) {
    if (change === 'create') await createSchedule(millrace, name, declarations[name]!, true);
    else if (change === 'update') await updateSchedule(millrace, name, declarations[name]!);
    else if (change === 'delete') await deleteSchedule(millrace, name);
  }
  return changes;
}

/** Only the server knows which times it takes: it is asked by a schedule that is paused, and deleted at once. */
async function checkTimes(millrace: Millrace, name: string, declaration: ScheduleDeclaration): Promise<void> {
  const options = optionsOf(millrace, name, { declaration, declared: true });
  const scheduleId = `millrace-check-${randomUUID()}`;
  try {
    const handle = await millrace.client.schedule.create({
      ...options,
      scheduleId,
      action: { ...options.action, memo: {} },
      state: { paused: true, note: `asks whether the times of "${name}" can be` },
    });
    await handle.delete();
  } catch (error) {
    throw refused(name, error);
  }
}

async function updateSchedule(millrace: Millrace, name: string, declaration: ScheduleDeclaration): Promise<void> {
  const { scheduleId: _, ...options } = optionsOf(millrace, name, { declaration, declared: true });
  await handleOf(millrace, name, (handle) =>
    // Whether it is paused is not declared, so it stays as it is.
    handle.update(({ state }) => ({
      ...options,
      state: { paused: state.paused, ...(state.note && { note: state.note }) },
    })),
  );
}

/** A schedule in Temporal's words. @throws MillraceError MR_SCHEDULE, MR_PIPELINE_UNKNOWN, MR_PARAM, MR_ZONE_UNKNOWN */
function optionsOf(millrace: Pick<Millrace, 'pipelines'>, name: string, memo: Memo): ScheduleOptions<Action> {
  const { declaration } = memo;
  if (!SCHEDULE_NAME.test(name))
    throw new MillraceError('MR_SCHEDULE', `"${name}" is no name of a schedule`, {
      allowed: 'letters, digits, - and _',
    });
  const { pipeline, cron, every, offset, tz, jitter, overlap, catchup, pauseOnFailure, params } = declaration;
  const { graph, parse } = millrace.pipelines.named(pipeline);
  parse(params);
  checkZone(tz);
  return {
    scheduleId: name,
    spec: {
      timezone: tz,
      ...(jitter !== undefined && { jitter }),
      ...(cron !== undefined && { cronExpressions: [cron].flat() }),
      ...(every !== undefined && { intervals: [{ every, ...(offset !== undefined && { offset }) }] }),
    },
    action: {
      type: 'startWorkflow',
      workflowType: pipeline,
      workflowId: `${pipeline}.${name}`,
      taskQueue: WORKFLOW_QUEUE,
      args: [{ params }],
      memo: { millrace: memo },
      staticSummary: graph.title,
    },
    policies: { overlap: OVERLAPS[overlap], catchupWindow: catchup, pauseOnFailure },
  };
}

function memoOf({ action }: ScheduleDescription): Memo | null {
  return action.type === 'startWorkflow' ? ((action.memo?.millrace as Memo | undefined) ?? null) : null;
}

async function handleOf<T>(
  millrace: Millrace,
  name: string,
  work: (handle: ReturnType<Millrace['client']['schedule']['getHandle']>) => Promise<T>,
): Promise<T> {
  // One that others made is left to them.
  await showSchedule(millrace, name);
  try {
    return await work(millrace.client.schedule.getHandle(name));
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return unknown(millrace, name, error);
    throw refused(name, error);
  }
}

async function unknown(millrace: Millrace, name: string, error: unknown): Promise<never> {
  if (!(error instanceof ScheduleNotFoundError)) throw error;
  const names: string[] = [];
  for await (const { scheduleId } of millrace.client.schedule.list()) names.push(scheduleId);
  throw new MillraceError('MR_SCHEDULE_UNKNOWN', `there is no schedule "${name}".${didYouMean(name, names)}`, {
    allowed: names.length === 0 ? 'there are none yet' : `schedules: ${names.sort().join(', ')}`,
  });
}

/** What the server did not take, as a wrong cron expression: the client makes a TypeError of it. */
function refused(name: string, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  return new MillraceError(
    'MR_SCHEDULE',
    `the schedule "${name}" cannot be made so: ${error.message}`,
    {
      allowed: 'cron expressions of five fields: minute, hour, day of month, month, day of week; for example 0 2 * * *',
    },
    { cause: error },
  );
}

const sameJson = (a: unknown, b: unknown) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const pairs = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}
