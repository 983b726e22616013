import type { DoubledHour } from '../config/time-zone.js';
import { quote } from '../store/sql.js';

const ofDays = (staged: readonly string[], days: readonly number[]) =>
  `FROM read_parquet([${staged.map(quote).join(', ')}]) WHERE reason IS NULL AND ${among(days)}`;

/** Days mostly follow each other: bounds are compared faster than a list is searched, and whole row groups are left out. */
function among(days: readonly number[]): string {
  const [first, last] = [days[0]!, days.at(-1)!];
  const bounds = `day >= ${first} AND day <= ${last}`;
  return last - first + 1 === days.length ? bounds : `${bounds} AND list_contains([${days.join(', ')}], day)`;
}

/** Makes a type of the sensors of some days, in their order: sorting by it is twice as fast as sorting by their names. */
export function sensorTypeSql(staged: readonly string[], days: readonly number[]): string {
  return `CREATE TEMP TYPE sensors AS ENUM (SELECT DISTINCT sensor ${ofDays(staged, days)} ORDER BY sensor)`;
}

/** The readings of some days from staged files, ordered by day, sensor and time. */
export function daysObjectSql(staged: readonly string[], days: readonly number[]): string {
  return `SELECT day, sensor::sensors AS sensor, time, value ${ofDays(staged, days)} ORDER BY 1, 2, 3`;
}

/**
 * Those of one day with one reading of a sensor at a time: the last, in the order of the files, then of their records.
 * In the hour that clocks show twice, two readings with one time that had no zone are the first and the second pass.
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
  return `SELECT day, sensor, CASE WHEN nth < n THEN time - ${doubled?.length ?? 0} ELSE time END AS time, value
          FROM (SELECT day, sensor, time, value, ${twice} AS twice, count(*) OVER (PARTITION BY sensor, time) AS n,
                       row_number() OVER (PARTITION BY sensor, time ORDER BY file, row) AS nth
                FROM (${ordered}) WHERE reason IS NULL AND day = ${day})
          WHERE nth = n OR (twice AND n = 2)
          ORDER BY sensor, time`;
}
