import { sql } from 'kysely';
import type { Database } from './database.js';

/** What a step cost in one run; null where it was not measured, or was kept from before. */
export interface StepCost {
  step: string;
  seconds: number | null;
  work: number | null;
  rssMiB: number | null;
  /** Bytes of what it wrote. */
  bytes: number | null;
  /** Of the run. */
  readings: number | null;
  /** A worker did its first work in that run: its code was not warm, and took longer. */
  cold: boolean;
}

/** What the worker process holds that did a step last. */
export interface Held {
  step: string;
  /** `host:pid` */
  worker: string;
  /** When it last began an attempt. */
  at: Date;
  rssMiB: number;
}

/** So many of the newest runs say how long a step takes. */
const NEWEST = 20;

/** What steps cost, by the runs that were done. */
export class StepCosts {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  /** What each step of a pipeline took in the newest runs that were done: the median, in ms. */
  async expectedMs(pipeline: string): Promise<Record<string, number>> {
    const { rows } = await sql<{ step: string; ms: number }>`
      WITH newest AS (
        SELECT id FROM runs WHERE pipeline = ${pipeline} AND state = 'done' ORDER BY started_at DESC LIMIT ${NEWEST}),
      took AS (
        SELECT step, extract(epoch FROM max(ended_at) - min(started_at)) * 1000 AS ms
        FROM step_attempts JOIN newest ON run_id = newest.id GROUP BY run_id, step)
      SELECT step, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::float8 AS ms FROM took GROUP BY step`.execute(
      this.database.db,
    );
    return Object.fromEntries(rows.map(({ step, ms }) => [step, Math.round(ms)]));
  }

  /**
   * What steps of a pipeline cost in the newest runs that were done, and `resolve` before them; mapped steps, which are
   * the same in all pipelines, in runs of others too. `work` is in the unit
   * of the weights of mapped steps, in chunks for others, and in bytes of the source for `resolve`.
   */
  async of(pipeline: string): Promise<{ runs: number; costs: StepCost[] }> {
    const { rows } = await sql<StepCost & { run: string }>`
      WITH newest AS (
        SELECT id, pipeline, started_at FROM runs WHERE state = 'done' ORDER BY started_at DESC LIMIT ${2 * NEWEST}),
      per_step AS (
        SELECT run_id, step, min(s.started_at) AS began, extract(epoch FROM max(s.ended_at) - min(s.started_at))::float8 AS seconds,
               max((measures->>'weight')::float8) AS weight, max((measures->>'rssMiB')::float8) AS rss,
               max((measures->>'bytes')::float8) AS bytes, max((measures->>'chunks')::float8) AS chunks,
               max((measures->>'readings')::float8) AS readings, bool_or(measures->>'kept' = '1') AS kept,
               bool_or(phase = 'plan') AS mapped
        FROM step_attempts s JOIN newest ON s.run_id = newest.id GROUP BY run_id, step),
      per_run AS (
        SELECT run_id, min(began) AS began, max(chunks) FILTER (WHERE step = 'chunk') AS chunks,
               max(readings) FILTER (WHERE step = 'chunk') AS readings
        FROM per_step GROUP BY run_id),
      first_of AS (
        SELECT DISTINCT ON (worker) run_id FROM step_attempts JOIN newest ON run_id = newest.id
        ORDER BY worker, step_attempts.started_at)
      SELECT s.run_id AS run, s.run_id IN (SELECT run_id FROM first_of) AS cold, step, CASE WHEN kept THEN NULL ELSE seconds END AS seconds,
             CASE WHEN mapped THEN weight ELSE r.chunks END AS work, rss AS "rssMiB", bytes, r.readings
      FROM per_step s JOIN per_run r USING (run_id) JOIN newest n ON n.id = s.run_id
      WHERE mapped OR pipeline = ${pipeline}
      UNION ALL
      SELECT n.id, n.id IN (SELECT run_id FROM first_of), 'resolve', extract(epoch FROM r.began - n.started_at)::float8,
             (SELECT sum(bytes)::float8 FROM source_files f WHERE f.run_id = n.id), NULL, NULL, NULL
      FROM newest n JOIN per_run r ON r.run_id = n.id`.execute(this.database.db);
    return { runs: new Set(rows.map(({ run }) => run)).size, costs: rows.map(({ run: _, ...cost }) => cost) };
  }

  /**
   * The time of a run of a pipeline, after its first step began, in which no step was at work: the median of the newest
   * runs that were done, in seconds. Null without any.
   */
  async idleSeconds(pipeline: string): Promise<number | null> {
    const { rows } = await sql<{ seconds: number | null }>`
      WITH newest AS (
        SELECT id, ended_at FROM runs WHERE pipeline = ${pipeline} AND state = 'done'
        ORDER BY started_at DESC LIMIT ${NEWEST}),
      spans AS (
        SELECT run_id, newest.ended_at AS run_ended, min(s.started_at) AS began, max(s.ended_at) AS ended
        FROM step_attempts s JOIN newest ON s.run_id = newest.id GROUP BY run_id, run_ended, step),
      waits AS (
        SELECT run_id, began - max(ended) OVER (
                 PARTITION BY run_id ORDER BY began ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS wait
        FROM spans
        UNION ALL
        SELECT run_id, run_ended - max(ended) FROM spans GROUP BY run_id, run_ended),
      idle AS (
        SELECT extract(epoch FROM sum(wait) FILTER (WHERE wait > interval '0')) AS seconds FROM waits GROUP BY run_id)
      SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(seconds, 0))::float8 AS seconds FROM idle`.execute(
      this.database.db,
    );
    return rows[0]?.seconds ?? null;
  }

  /**
   * What worker processes hold, by the steps that they did last, whatever became of the runs: the median of the RSS
   * over the attempts of the newest run of a worker. Of the most that it had, it gives some back.
   */
  async held(): Promise<Held[]> {
    const { rows } = await sql<Held>`
      WITH newest AS (SELECT id FROM runs ORDER BY started_at DESC LIMIT ${2 * NEWEST}),
      weighed AS (
        SELECT run_id, step, worker, s.started_at AS at, (measures->>'rssMiB')::float8 AS rss
        FROM step_attempts s JOIN newest ON s.run_id = newest.id WHERE measures ? 'rssMiB'),
      last AS (SELECT DISTINCT ON (worker) worker, run_id, at FROM weighed ORDER BY worker, at DESC),
      held AS (
        SELECT worker, last.at, percentile_cont(0.5) WITHIN GROUP (ORDER BY rss)::float8 AS rss
        FROM last JOIN weighed USING (worker, run_id) GROUP BY worker, last.at),
      served AS (SELECT DISTINCT ON (step) step, worker FROM weighed ORDER BY step, at DESC)
      SELECT step, worker, at, rss AS "rssMiB" FROM served JOIN held USING (worker)`.execute(this.database.db);
    return rows;
  }
}
