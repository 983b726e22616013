import type { Database } from '../store/tables/database.js';
import { nthRunId } from '../store/tables/registry.js';

/** The id under which an execution of a workflow is, or will be, recorded as a run. */
export async function runIdOf({ db }: Database, workflowId: string, temporalRunId: string): Promise<string> {
  const runs = db.selectFrom('runs').select('id');
  const earlier = await runs
    .where('workflow_id', '=', workflowId)
    .where('temporal_run_id', '<>', temporalRunId)
    .execute();
  const id = await nthRunId(db, workflowId, earlier.length + 1);
  // It may have been recorded meanwhile, and then took that name itself.
  const own = await runs.where('temporal_run_id', '=', temporalRunId).executeTakeFirst();
  return own?.id ?? id;
}

/** With what the first run of a workflow was started, also when Temporal has forgotten it; null: there was none. */
export async function firstRequest(
  { db }: Database,
  workflowId: string,
): Promise<{ id: string; params: Record<string, unknown>; interval: { start: string; end: string } | null } | null> {
  const row = await db
    .selectFrom('runs')
    .select(['id', 'params', 'interval_start', 'interval_end'])
    .where('workflow_id', '=', workflowId)
    .orderBy('started_at')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { id, params, interval_start: start, interval_end: end } = row;
  const interval = start === null || end === null ? null : { start: start.toISOString(), end: end.toISOString() };
  return { id, params, interval };
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
