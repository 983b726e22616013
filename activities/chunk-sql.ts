import { quote } from '../store/sql.js';

/**
 * The readings of one day from staged files, ordered by sensor and time. Readings of one sensor at one time are kept
 * all, or (`distinct`) only the last of them: in the order of the files, then of their records.
 */
export function dayObjectSql(staged: readonly string[], day: number, distinct: boolean): string {
  const day_ = `reason IS NULL AND day = ${day}`;
  if (!distinct) {
    return `SELECT sensor, time, value FROM read_parquet([${staged.map(quote).join(', ')}]) WHERE ${day_} ORDER BY sensor, time`;
  }
  const ordered = staged
    .map(
      (path, nth) =>
        `SELECT sensor, time, value, ${nth} AS nth, file_row_number AS row FROM read_parquet(${quote(path)}, file_row_number = true) WHERE ${day_}`,
    )
    .join(' UNION ALL ');
  return `SELECT sensor, time, value FROM (${ordered})
          QUALIFY row_number() OVER (PARTITION BY sensor, time ORDER BY nth DESC, row DESC) = 1
          ORDER BY sensor, time`;
}
