import { sql } from 'kysely';
import { explainRun } from './explain.js';
import type { Millrace } from './millrace.js';

/** What runs are expected to take. */
export interface Estimate {
  /** How many runs the time is taken from. */
  basis: number;
  /** Of all runs together, as many at once as are allowed; null: none was done before. */
  seconds: number | null;
  chunks: number;
  /** Chunks whose features are kept from before. */
  keptChunks: number;
  /** Bytes of the source, which each run lists, and which are read once. */
  sourceBytes: number;
  /** Bytes that are written to the store; null: no run before says it. */
  writes: number | null;
}

/** So many of the newest runs say how long one takes. */
const NEWEST = 50;

const NOTHING: Omit<Estimate, 'basis'> = { seconds: 0, chunks: 0, keptChunks: 0, sourceBytes: 0, writes: 0 };

/**
 * What runs of a pipeline for some intervals will take, in the order of time: the source is counted as for one run from
 * the first to the last of them.
 */
export async function estimateRuns(
  millrace: Millrace,
  { pipeline, params, maxActive }: { pipeline: string; params: Record<string, unknown>; maxActive: number },
  intervals: readonly { start: string; end: string }[],
): Promise<Estimate> {
  const { rows } = await sql<{ n: number; seconds: number | null }>`
    SELECT count(*)::int AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
    FROM (SELECT extract(epoch FROM ended_at - started_at)::float8 AS seconds FROM runs
          WHERE pipeline = ${pipeline} AND state = 'done' AND interval_start IS NOT NULL
          ORDER BY started_at DESC LIMIT ${NEWEST}) newest`.execute(millrace.database.db);
  const { n: basis, seconds } = rows[0]!;
  const [first, last] = [intervals[0], intervals.at(-1)];
  if (first === undefined || last === undefined) return { basis, ...NOTHING };
  const interval = { start: first.start, end: last.end };
  const { chunks, keptChunks, source, writes } = await explainRun(millrace, pipeline, { params, interval });
  return {
    basis,
    seconds: seconds === null ? null : (seconds * intervals.length) / Math.min(maxActive, intervals.length),
    chunks,
    keptChunks,
    sourceBytes: source.bytes,
    writes,
  };
}
