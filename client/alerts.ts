import { randomUUID } from 'node:crypto';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import type { Notice } from '../dag/notice.js';
import { type Delivery, Notices } from '../store/tables/notices.js';
import type { Millrace } from './millrace.js';

/** What people were to be told, and whether they were. */
export interface NoticeLine extends Omit<Notice, 'interval'> {
  deliveries: Delivery[];
}

/** The newest first; of one run, or of all. */
export async function listNotices({ database }: Millrace, limit: number, runId?: string): Promise<NoticeLine[]> {
  const rows = await new Notices(database).list(limit, runId);
  return rows.map(({ at, ...rest }) => ({ ...rest, at: at.toISOString() }));
}

/**
 * Tells one of the alerts of `millrace.yaml` that this is a test, as the workers tell it of runs, and waits for it.
 * @throws MillraceError MR_ALERT when it could not be told, MR_CONFIG when there is none of that name or a setting lacks
 */
export async function testAlert(millrace: Millrace, target: string): Promise<void> {
  const notice: Notice = {
    id: `test.${randomUUID()}`,
    kind: 'test',
    runId: null,
    pipeline: '',
    interval: null,
    step: null,
    code: null,
    message: 'This is a test: so Millrace will tell you of its runs.',
    at: new Date().toISOString(),
  };
  await new Notices(millrace.database).add(notice, [target]);
  const workflowId = `alert.${notice.id}.${target}`;
  await millrace.client.workflow.start('alert', {
    taskQueue: WORKFLOW_QUEUE,
    workflowId,
    args: [{ notice, target, once: true }],
    staticSummary: `${target}: test`,
  });
  await millrace.result<null>(workflowId);
}
