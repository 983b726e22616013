import type { Database } from '../store/tables/database.js';
import { nthRunId } from '../store/tables/registry.js';

/** The id under which an execution of a workflow is, or will be, recorded as a run. */
export async function runIdOf({ db }: Database, workflowId: string, temporalRunId: string): Promise<string> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'temporal_run_id'])
    .where('workflow_id', '=', workflowId)
    .execute();
  const own = rows.find((row) => row.temporal_run_id === temporalRunId);
  return own?.id ?? nthRunId(db, workflowId, rows.length + 1);
}

/** Whether an execution has recorded that it ended; Temporal may hear of it a moment later. */
export async function hasEnded({ db }: Database, temporalRunId: string): Promise<boolean> {
  const row = await db
    .selectFrom('runs')
    .select('state')
    .where('temporal_run_id', '=', temporalRunId)
    .executeTakeFirst();
  return row !== undefined && row.state !== 'running';
}
