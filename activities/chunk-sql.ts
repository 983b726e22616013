import type { DoubledHour } from '../config/time-zone.js';
import { quote } from '../store/sql.js';

const dayOf = (staged: readonly string[], day: number) =>
  `FROM read_parquet([${staged.map(quote).join(', ')}]) WHERE reason IS NULL AND day = ${day}`;

/** Makes a type of the sensors of a day, in their order: sorting by it is twice as fast as sorting by their names. */
export function sensorTypeSql(staged: readonly string[], day: number): string {
  return `CREATE TEMP TYPE sensors AS ENUM (SELECT DISTINCT sensor ${dayOf(staged, day)} ORDER BY sensor)`;
}

/** The readings of one day from staged files, ordered by sensor and time. */
export function dayObjectSql(staged: readonly string[], day: number): string {
  return `SELECT sensor::sensors AS sensor, time, value ${dayOf(staged, day)} ORDER BY 1, 2`;
}

/**
 * The same with one reading of a sensor at a time: the last, in the order of the files, then of their records. In the
 * hour that clocks show twice, two readings with one time that had no zone are the first and the second pass.
 */
export function distinctDaySql(staged: readonly string[], day: number, doubled: DoubledHour | null): string {
  const ordered = staged
    .map(
      (path, file) =>
        `SELECT *, ${file} AS file, file_row_number AS row FROM read_parquet(${quote(path)}, file_row_number = true)`,
    )
    .join(' UNION ALL ');
  const twice =
    doubled === null ? 'false' : `zoneless AND time >= ${doubled.from} AND time < ${doubled.from + doubled.length}`;
  return `SELECT sensor, CASE WHEN nth < n THEN time - ${doubled?.length ?? 0} ELSE time END AS time, value
          FROM (SELECT sensor, time, value, ${twice} AS twice, count(*) OVER (PARTITION BY sensor, time) AS n,
                       row_number() OVER (PARTITION BY sensor, time ORDER BY file, row) AS nth
                FROM (${ordered}) WHERE reason IS NULL AND day = ${day})
          WHERE nth = n OR (twice AND n = 2)
          ORDER BY sensor, time`;
}
