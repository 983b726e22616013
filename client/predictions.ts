import { MillraceError } from '../config/errors.js';
import type { Millrace } from './millrace.js';

export interface Prediction {
  sensor: string;
  day: string;
  cluster: number;
  distance: number;
  novel: boolean;
  model: string;
  version: number;
}

const COLUMNS = ['sensor', 'day', 'cluster', 'distance', 'novel', 'model', 'version'] as const;

/** Predictions of a run, by sensor and day. @throws MillraceError MR_RUN_UNKNOWN when the run made none */
export async function listPredictions(millrace: Millrace, run: string, limit?: number): Promise<Prediction[]> {
  let query = millrace.database.db
    .selectFrom('predictions')
    .select(COLUMNS)
    .where('run_id', '=', run)
    .orderBy('sensor')
    .orderBy('day');
  if (limit !== undefined) query = query.limit(limit);
  const rows = await query.execute();
  if (rows.length > 0) return rows;
  throw new MillraceError('MR_RUN_UNKNOWN', `the run "${run}" has no predictions`, {
    next: 'millrace runs list shows the runs; those of sensor-prediction have some',
  });
}

/** The newest run that has predictions, or null. */
export async function newestPredictionRun(millrace: Millrace): Promise<string | null> {
  const { db } = millrace.database;
  const row = await db
    .selectFrom('runs')
    .select('id')
    .where((eb) => eb.exists(eb.selectFrom('predictions').select('sensor').whereRef('run_id', '=', 'runs.id')))
    .orderBy('started_at', 'desc')
    .executeTakeFirst();
  return row?.id ?? null;
}
