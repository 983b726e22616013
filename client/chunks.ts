import { sql } from 'kysely';
import type { Millrace } from './millrace.js';
import { showRun } from './runs.js';

/** How much of each day each sensor recorded, column by column; `sensor` and `day` are places in `sensors` and `days`. */
export interface Coverage {
  chunks: number;
  sensors: string[];
  days: string[];
  cells: { sensor: number[]; day: number[]; readings: number[]; share: number[]; largestGap: number[] };
}

/** Chunks of a run, by sensor and day; the first `limit` of them. @throws MillraceError MR_RUN_UNKNOWN */
export async function readCoverage(millrace: Millrace, runId: string, limit: number): Promise<Coverage> {
  await showRun(millrace, runId);
  const { db } = millrace.database;
  const chunks = db.selectFrom('chunks').where('run_id', '=', runId);
  const [{ n }, rows] = await Promise.all([
    chunks.select((eb) => eb.fn.countAll<string>().as('n')).executeTakeFirstOrThrow(),
    chunks
      .select(['sensor', sql<string>`day::text`.as('day'), 'readings', 'share', 'largest_gap_s'])
      .orderBy('sensor')
      .orderBy('day')
      .limit(limit)
      .execute(),
  ]);
  const sensors = new Map<string, number>();
  for (const { sensor } of rows) if (!sensors.has(sensor)) sensors.set(sensor, sensors.size);
  const days = new Map([...new Set(rows.map(({ day }) => day))].sort().map((day, at) => [day, at]));
  return {
    chunks: Number(n),
    sensors: [...sensors.keys()],
    days: [...days.keys()],
    cells: {
      sensor: rows.map(({ sensor }) => sensors.get(sensor)!),
      day: rows.map(({ day }) => days.get(day)!),
      readings: rows.map(({ readings }) => readings),
      share: rows.map(({ share }) => share),
      largestGap: rows.map((row) => row.largest_gap_s),
    },
  };
}
