import { sql } from 'kysely';
import type { Millrace } from './millrace.js';

/** What runs are expected to take, by those that were done before. */
export interface Estimate {
  /** How many runs it is taken from. */
  basis: number;
  /** Of all runs together, as many at once as are allowed; null: none was done before. */
  seconds: number | null;
  /** Chunks of the days, where the source's days were chunked before; null: they were not. */
  chunks: number | null;
}

/** So many of the newest runs say how long one takes. */
const NEWEST = 50;

/** What runs of a pipeline for some intervals will take. */
export async function estimateRuns(
  { database: { db } }: Millrace,
  { pipeline, maxActive }: { pipeline: string; maxActive: number },
  intervals: readonly { start: string; end: string }[],
): Promise<Estimate> {
  const { rows } = await sql<{ n: number; seconds: number | null }>`
    SELECT count(*)::int AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
    FROM (SELECT extract(epoch FROM ended_at - started_at)::float8 AS seconds FROM runs
          WHERE pipeline = ${pipeline} AND state = 'done' AND interval_start IS NOT NULL
          ORDER BY started_at DESC LIMIT ${NEWEST}) newest`.execute(db);
  const { n: basis, seconds } = rows[0]!;
  const [first, last] = [intervals[0], intervals.at(-1)];
  if (first === undefined || last === undefined) return { basis, seconds: 0, chunks: 0 };
  const { rows: counted } = await sql<{ n: number }>`
    SELECT count(DISTINCT (sensor, day))::int AS n FROM chunks
    WHERE day >= ${first.start.slice(0, 10)}::date AND day <= ${last.end.slice(0, 10)}::date`.execute(db);
  return {
    basis,
    seconds: seconds === null ? null : (seconds * intervals.length) / Math.min(maxActive, intervals.length),
    chunks: counted[0]!.n === 0 ? null : counted[0]!.n,
  };
}
