import type { DoubledHour } from '../config/time-zone.js';
import { quote } from '../store/sql.js';
import type { Rules } from './rules.js';

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
 * Those of one day with one reading of a sensor at a time: the last or first, in the order of the files, then of their
 * records, or their mean. In the hour that clocks show twice, two readings with one time that had no zone are the first and the second pass.
 */
export function distinctDaySql(
  staged: readonly string[],
  day: number,
  doubled: DoubledHour | null,
  duplicates: Rules['duplicates'],
): string {
  const ordered = staged
    .map(
      (path, file) =>
        `SELECT day, time, sensor, value, zoneless, reason, ${file} AS file, file_row_number AS row FROM read_parquet(${quote(path)}, file_row_number = true)`,
    )
    .join(' UNION ALL ');
  const twice =
    doubled === null ? 'false' : `zoneless AND time >= ${doubled.from} AND time < ${doubled.from + doubled.length}`;
  const mean =
    'avg(value) OVER (PARTITION BY sensor, time ORDER BY file, row ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)';
  return `SELECT day, sensor, CASE WHEN pair AND nth = 1 THEN time - ${doubled?.length ?? 0} ELSE time END AS time,
                 ${duplicates === 'mean' ? 'CASE WHEN pair THEN value ELSE mean END' : 'value'} AS value
          FROM (SELECT *, twice AND n = 2 AS pair
                FROM (SELECT day, sensor, time, value, ${twice} AS twice, count(*) OVER (PARTITION BY sensor, time) AS n,
                             row_number() OVER (PARTITION BY sensor, time ORDER BY file, row) AS nth
                             ${duplicates === 'mean' ? `, ${mean} AS mean` : ''}
                      FROM (${ordered}) WHERE reason IS NULL AND day = ${day}))
          WHERE pair OR nth = ${duplicates === 'first' ? '1' : 'n'}
          ORDER BY sensor, time`;
}

/** The first time of which a sensor has several readings, and how many such times there are. */
export function duplicatesSql(staged: readonly string[], day: number): string {
  return `SELECT sensor, time, n::DOUBLE AS n, (count(*) OVER ())::DOUBLE AS more
          FROM (SELECT sensor, time, count(*) AS n ${ofDays(staged, [day])} GROUP BY sensor, time HAVING count(*) > 1)
          ORDER BY time, sensor LIMIT 1`;
}
