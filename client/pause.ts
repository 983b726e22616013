import { MillraceError } from '../config/errors.js';
import type { Millrace } from './millrace.js';
import { showRun } from './runs.js';
import { tellWorkflow } from './updates.js';

/**
 * Holds a run between its batches: those that workers are at end, no others begin.
 * @throws MillraceError MR_RUN_UNKNOWN, MR_RUN_STATE when it has ended
 */
export async function pauseRun(millrace: Millrace, id: string): Promise<void> {
  await update(millrace, id, 'pause');
}

/** Lets a run go on. @throws MillraceError MR_RUN_UNKNOWN, MR_RUN_STATE when it has ended */
export async function resumeRun(millrace: Millrace, id: string): Promise<void> {
  await update(millrace, id, 'resume');
}

async function update(millrace: Millrace, id: string, name: 'pause' | 'resume'): Promise<void> {
  const { workflowId, temporalRunId, state } = await showRun(millrace, id);
  const ended = new MillraceError('MR_RUN_STATE', `the run ${id} goes on no more: it cannot be ${name}d`, {
    next: `millrace runs show ${id} says how it ended`,
  });
  if (state !== 'running') throw ended;
  if (!(await tellWorkflow(millrace, { workflowId, temporalRunId }, name))) throw ended;
}
