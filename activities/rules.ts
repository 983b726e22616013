import picomatch from 'picomatch';
import { quote } from '../store/sql.js';

/** What is done where readings say more than one thing. */
export interface Rules {
  /** Which reading is used of several of one sensor at one time. */
  duplicates: 'last' | 'first' | 'mean' | 'error';
  /** Globs of the ids of sensors that count up: their change per hour is used. */
  counters: string[];
  /** Runs of at least so many zeros are missing readings, of a sensor that has other readings that day, which differ and are not near zero. */
  zeroRuns: number | null;
}

/** How near to zero the others must not be, as a part of the largest. */
export const NEAR_ZERO = 0.5;

export const changesValues = ({ counters, zeroRuns }: Rules) => counters.length > 0 || zeroRuns !== null;

/** Those of some sensors that count up. */
export function countersAmong(sensors: readonly string[], { counters }: Rules): string[] {
  if (counters.length === 0) return [];
  const matches = picomatch(counters, { dot: true });
  return sensors.filter((sensor) => matches(sensor));
}

/** Makes the table of counters that `ruledSql` reads. */
export function counterTableSql(counters: readonly string[]): string {
  const rows = counters.map((sensor) => `(${quote(sensor)})`).join(', ');
  return `CREATE TEMP TABLE counters AS SELECT * FROM (VALUES ${rows === '' ? '(NULL)' : rows}) AS t(sensor) WHERE sensor IS NOT NULL`;
}

/**
 * Readings (`day`, `sensor`, `time`, `value`, one of a sensor at a time) by the rules, ordered by day, sensor and time.
 * Of a counter, the change since the reading before, per hour; where it fell, it began again at zero. The first of a
 * day takes the change after it, since the day before may be another chunk; one alone has none and is left out.
 */
export function ruledSql(base: string, { zeroRuns }: Rules): string {
  const alive = zeroRuns === null ? base : withoutZeroRuns(base, zeroRuns);
  return `
    SELECT day, sensor, time, value FROM (
      SELECT day, sensor, time, CASE WHEN counter THEN coalesce(change, lead(change) OVER w) ELSE value END AS value
      FROM (
        SELECT day, each.sensor AS sensor, time, value, counters.sensor IS NOT NULL AS counter,
               CASE WHEN time = before THEN 0
                    ELSE (value - CASE WHEN value < previous THEN 0 ELSE previous END) / (time - before) * 3600e6 END AS change
        FROM (SELECT *, lag(time) OVER w AS before, lag(value) OVER w AS previous FROM (${alive})
              WINDOW w AS (PARTITION BY day, sensor ORDER BY time)) AS each
        LEFT JOIN counters ON counters.sensor = each.sensor::VARCHAR)
      WINDOW w AS (PARTITION BY day, sensor ORDER BY time))
    WHERE value IS NOT NULL ORDER BY 1, 2, 3`;
}

function withoutZeroRuns(base: string, least: number): string {
  return `
    SELECT day, sensor, time, value FROM (
      SELECT *, count(*) OVER (PARTITION BY day, sensor, zero, island) AS run,
             min(abs(value)) FILTER (NOT zero) OVER (PARTITION BY day, sensor) AS nearest,
             max(abs(value)) OVER (PARTITION BY day, sensor) AS largest
      FROM (SELECT *, row_number() OVER (PARTITION BY day, sensor ORDER BY time)
                      - row_number() OVER (PARTITION BY day, sensor, zero ORDER BY time) AS island
            FROM (SELECT *, value = 0 AS zero FROM (${base}))))
    WHERE NOT (zero AND run >= ${least} AND coalesce(nearest >= ${NEAR_ZERO} * largest AND nearest < largest, false))`;
}

/** How often the counters of some readings began again. */
export function resetsSql(base: string): string {
  return `
    SELECT day, count(*)::DOUBLE AS resets
    FROM (SELECT day, sensor, value < lag(value) OVER (PARTITION BY day, sensor ORDER BY time) AS fell FROM (${base})) AS each
    JOIN counters ON counters.sensor = each.sensor::VARCHAR WHERE fell GROUP BY day`;
}
