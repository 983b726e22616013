import type { Database } from '../../store/tables/database.js';
import type { RunState } from '../../store/tables/schema.js';

/** An attempt of a step; times are seconds after the run began. */
export interface PastAttempt {
  step: string;
  from: number;
  to: number;
  phase?: 'once' | 'plan' | 'batch' | 'gather';
  worker?: string;
  measures?: Record<string, number>;
}

export interface PastRun {
  id: string;
  began: Date;
  seconds: number;
  attempts: readonly PastAttempt[];
  pipeline?: string;
  state?: RunState;
}

/** Records a run as if it had been carried out. */
export async function recordRun({ pool }: Database, run: PastRun): Promise<void> {
  const { id, began, pipeline = 'sensor-training', state = 'done' } = run;
  const after = (seconds: number) => new Date(began.getTime() + seconds * 1000);
  await pool.query(
    `INSERT INTO runs (id, pipeline, workflow_id, temporal_run_id, state, params, started_at, ended_at)
     VALUES ($1, $2, $1, $1, $3, '{}', $4, $5)`,
    [id, pipeline, state, began, after(run.seconds)],
  );
  for (const [at, { step, from, to, phase = 'once', worker = 'host:1', measures = {} }] of run.attempts.entries()) {
    await pool.query(
      `INSERT INTO step_attempts (run_id, step, phase, batch, attempt, state, worker, started_at, ended_at, measures)
       VALUES ($1, $2, $3, $4, 1, 'done', $5, $6, $7, $8)`,
      [id, step, phase, at, worker, after(from), after(to), JSON.stringify(measures)],
    );
  }
}
