import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { MillraceError } from '../config/errors.js';
import type { Question } from '../dag/failure.js';
import type { RunStanding, StepStatus } from '../dag/plan.js';
import type { Millrace } from './millrace.js';

export type { Question };

/** How a run stands. */
export interface RunProgress {
  state: 'running' | 'done' | 'failed' | 'cancelled';
  steps: StepStatus[];
  /** Whether it is held between its batches. */
  paused: boolean;
  /** What a person is to decide before it goes on. */
  questions: Question[];
  /** What is tried again just now, and why it failed before; null when nothing is. */
  trouble: { step: string; attempt: number; message: string } | null;
  /** How far the batches are that are worked on just now, by step, as they said some seconds ago. */
  doing: { step: string; done: number; total: number; unit: string }[];
}

const POLL_MS = 150;
const PATIENCE_MS = 3000;
const NOTHING_KNOWN: RunStanding = { steps: [], paused: false, questions: [] };

/** A run as it changes, until it ends or the signal is aborted. */
export async function* followRun(
  millrace: Millrace,
  handle: WorkflowHandle,
  signal: AbortSignal | undefined,
): AsyncGenerator<RunProgress> {
  let before = '';
  for (;;) {
    const look = await lookAt(handle);
    const progress: RunProgress = { ...look, ...(await standingOf(millrace, handle)) };
    const text = JSON.stringify(progress);
    if (text !== before) yield progress;
    before = text;
    if (look.state !== 'running') return;
    await sleep(POLL_MS, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    if (signal?.aborted) return;
  }
}

/** What Temporal itself says of an execution. @throws MillraceError MR_RUN_UNKNOWN */
export async function lookAt(handle: WorkflowHandle): Promise<Omit<RunProgress, keyof RunStanding>> {
  try {
    const { status, raw } = await handle.describe();
    const again = raw.pendingActivities?.find(({ lastFailure }) => lastFailure?.message);
    const trouble = again && {
      step: again.activityType?.name ?? '',
      attempt: again.attempt ?? 0,
      message: again.lastFailure?.message ?? '',
    };
    if (status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW' || status.name === 'PAUSED')
      return { state: 'running', trouble: trouble ?? null, doing: doingOf(raw.pendingActivities ?? []) };
    if (status.name === 'COMPLETED') return { state: 'done', trouble: null, doing: [] };
    return { state: status.name === 'CANCELLED' ? 'cancelled' : 'failed', trouble: null, doing: [] };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw unknownRun(handle.workflowId);
    throw error;
  }
}

/** A worker that is down answers no query; the run goes on when it is back, so this is no error. */
export async function standingOf({ connection }: Millrace, handle: WorkflowHandle): Promise<RunStanding> {
  try {
    return await connection.withDeadline(Date.now() + PATIENCE_MS, () => handle.query<RunStanding>('standing'));
  } catch {
    return NOTHING_KNOWN;
  }
}

export const unknownRun = (workflowId: string) =>
  new MillraceError('MR_RUN_UNKNOWN', `there is no run "${workflowId}"`, { next: 'millrace runs list shows them' });

type Pending = NonNullable<Awaited<ReturnType<WorkflowHandle['describe']>>['raw']['pendingActivities']>[number];

const heartbeat = z.object({ done: z.number(), total: z.number(), unit: z.string() });

/** What the last heartbeats said, summed by step. */
function doingOf(pending: readonly Pending[]): RunProgress['doing'] {
  const doing = new Map<string, RunProgress['doing'][number]>();
  for (const { activityType, heartbeatDetails } of pending) {
    const payload = heartbeatDetails?.payloads?.[0];
    if (payload == null) continue;
    const said = heartbeat.safeParse(defaultPayloadConverter.fromPayload(payload));
    if (!said.success) continue;
    const step = activityType?.name ?? '';
    const { done, total, unit } = said.data;
    const before = doing.get(step);
    doing.set(step, { step, done: done + (before?.done ?? 0), total: total + (before?.total ?? 0), unit });
  }
  return [...doing.values()];
}
