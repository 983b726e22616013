import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import { TRIGGER_NAME, type TriggerDeclaration } from '../config/trigger.js';
import { type TriggerRow, Triggers } from '../store/tables/triggers.js';
import type { Millrace } from './millrace.js';

export interface TriggerSummary {
  name: string;
  declaration: TriggerDeclaration;
  paused: boolean;
  createdAt: string;
  lookedAt: string | null;
  /** What was wrong with its source the last time. */
  error: string | null;
  files: { handedOver: number; waiting: number; watermark: string | null };
}

const workflowIdOf = (name: string) => `trigger.${name}`;

/**
 * Has a pipeline run whenever files have arrived in its source, or another pipeline is done.
 * @throws MillraceError MR_TRIGGER when it cannot be made so; MR_PARAM, MR_PIPELINE_UNKNOWN
 */
export async function createTrigger(
  millrace: Millrace,
  name: string,
  declaration: TriggerDeclaration,
): Promise<TriggerSummary> {
  if (!TRIGGER_NAME.test(name))
    throw new MillraceError('MR_TRIGGER', `"${name}" is no name of a trigger`, { allowed: 'letters, digits, - and _' });
  const { pipeline, after, params, every } = declaration;
  const parsed = millrace.pipelines.named(pipeline).parse(params);
  const rows = new Triggers(millrace.database);
  if (after === null) checkWatched(parsed.source);
  else checkNoCircle(millrace.pipelines.named(after).graph.name, pipeline, await rows.list());
  await rows.create(name, declaration);
  if (after === null) {
    await watch(millrace, name, every).catch(async (error: unknown) => {
      await rows.delete(name);
      throw error;
    });
  }
  return showTrigger(millrace, name);
}

function checkWatched(source: unknown): void {
  if (typeof source === 'string' && !source.startsWith('postgres://')) return;
  throw new MillraceError('MR_TRIGGER', `nothing arrives in the source ${String(source)}`, {
    allowed: 'a folder, a glob or s3://bucket/prefix/',
    next: 'run it by a schedule: millrace schedules create',
  });
}

/** A pipeline that follows itself, however far around, would run for ever. */
function checkNoCircle(after: string, pipeline: string, rows: readonly TriggerRow[]): void {
  const followers = (name: string) =>
    rows.filter(({ declaration }) => declaration.after === name).map(({ declaration }) => declaration.pipeline);
  const way = [pipeline];
  for (const name of way) {
    if (name === after) {
      throw new MillraceError(
        'MR_TRIGGER',
        `${pipeline} after ${after} would run for ever: ${after} follows ${pipeline}`,
        {
          next: 'millrace triggers list shows what follows what',
        },
      );
    }
    way.push(...followers(name).filter((each) => !way.includes(each)));
  }
}

async function watch(millrace: Millrace, name: string, everyMs: number): Promise<void> {
  await millrace.client.workflow
    .start('trigger', {
      taskQueue: WORKFLOW_QUEUE,
      workflowId: workflowIdOf(name),
      args: [{ name, everyMs }],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `trigger ${name}`,
    })
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    });
}

/** All, by name. */
export async function listTriggers({ database }: Millrace): Promise<TriggerSummary[]> {
  const rows = new Triggers(database);
  return Promise.all((await rows.list()).map((row) => summary(rows, row)));
}

/** @throws MillraceError MR_TRIGGER_UNKNOWN */
export async function showTrigger(millrace: Millrace, name: string): Promise<TriggerSummary> {
  const rows = new Triggers(millrace.database);
  return summary(rows, await found(rows, name));
}

/** It starts nothing. What arrives meanwhile is taken when it goes on; what others published is not made up for. */
export async function pauseTrigger(millrace: Millrace, name: string): Promise<void> {
  const rows = new Triggers(millrace.database);
  await found(rows, name);
  await rows.setPaused(name, true);
}

/** It starts runs again; also one whose watch was ended by force. */
export async function resumeTrigger(millrace: Millrace, name: string): Promise<void> {
  const rows = new Triggers(millrace.database);
  const { declaration } = await found(rows, name);
  await rows.setPaused(name, false);
  if (declaration.after === null) await watch(millrace, name, declaration.every);
}

/** Deletes it; its runs stay. */
export async function deleteTrigger(millrace: Millrace, name: string): Promise<void> {
  const rows = new Triggers(millrace.database);
  await found(rows, name);
  await millrace.client.workflow
    .getHandle(workflowIdOf(name))
    .terminate('the trigger was deleted')
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  await rows.delete(name);
}

async function found(rows: Triggers, name: string): Promise<TriggerRow> {
  const row = await rows.find(name);
  if (row !== null) return row;
  const names = (await rows.list()).map((each) => each.name);
  throw new MillraceError('MR_TRIGGER_UNKNOWN', `there is no trigger "${name}".${didYouMean(name, names)}`, {
    next: 'millrace triggers list shows them',
  });
}

async function summary(rows: Triggers, row: TriggerRow): Promise<TriggerSummary> {
  const { watermark, ...counts } = await rows.counts(row.name);
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    lookedAt: row.lookedAt?.toISOString() ?? null,
    files: { ...counts, watermark: watermark?.toISOString() ?? null },
  };
}
