import type { Column, Layout } from '../formats/layout.js';
import { identifier, quote } from '../store/sql.js';

/**
 * The records of a file as DuckDB reads them, one row each. What it cannot take it leaves out, and makes a table
 * `reject_errors` with the first error: all of them would be more than the file.
 * @param numbered whether its number begins each record, as column `record`
 */
export function scanSql(path: string, gzip: boolean, { text }: Pick<Layout, 'text'>, numbered = false): string {
  if (text === null) return parquetScanSql(path);
  const cells = Array.from({ length: text.width }, (_, at) => `c${at}: 'VARCHAR'`).join(', ');
  const columns = numbered ? `record: 'BIGINT', ${cells}` : cells;
  const comment = text.comment === '' ? '' : `, comment = ${quote(text.comment)}`;
  return `read_csv(${quote(path)}, header = false, auto_detect = false, skip = ${text.skip}, delim = ${quote(text.delimiter)},
            quote = '"', escape = '"', columns = {${columns}}, store_rejects = true, rejects_limit = 1${comment}, ${common(gzip)})`;
}

/** Folders called `month=3` are part of a file's name, no columns of it. */
export const parquetScanSql = (path: string, { numbered }: { numbered: boolean } = { numbered: false }) =>
  `read_parquet(${quote(path)}, hive_partitioning = false${numbered ? ', file_row_number = true' : ''})`;

/** What a column is called in a scan. */
export const columnSql = ({ text }: Pick<Layout, 'text'>, { at, name }: Column) =>
  text === null ? identifier(name) : `c${at}`;

const common = (gzip: boolean) => `hive_partitioning = false, compression = ${gzip ? "'gzip'" : "'none'"}`;

/**
 * DuckDB makes the readings of some two thousand records at once: of as many columns they are some hundred megabytes. A
 * file with more is read again for the others.
 */
export const COLUMNS_AT_ONCE = 1000;

/** The place of a record, from 1, by the row of one of its readings in a staged file. */
function recordSql(row: string, rows: string, width: number): string {
  if (width <= COLUMNS_AT_ONCE) return `floor(${row} / ${width})::BIGINT + 1`;
  const records = `(${rows} / ${width})`;
  const part = `floor(${row} / (${records} * ${COLUMNS_AT_ONCE}))`;
  const within = `(${row} - ${part} * ${records} * ${COLUMNS_AT_ONCE})`;
  return `floor(${within} / least(${COLUMNS_AT_ONCE}, ${width} - ${part} * ${COLUMNS_AT_ONCE}))::BIGINT + 1`;
}

/**
 * The unusable readings of a staged file: `record` (counted from 1, the first below the names), `sensor`, `reason`,
 * `raw`.
 * @param bad what `writeBadRecords` found, where the records of the file were numbered
 */
export function quarantineSql(staged: string, width: number, bad: string | null): string {
  const own = (record: string, options: string) =>
    `SELECT ${record} AS record, sensor, reason, raw FROM read_parquet(${quote(staged)}${options})
     WHERE reason IS NOT NULL AND reason NOT IN ('missing', 'sentinel')`;
  if (bad === null) {
    const rows = `(SELECT count(*) FROM read_parquet(${quote(staged)}))`;
    const sql = own(recordSql('file_row_number', rows, width), ', file_row_number = true');
    return `${sql} ORDER BY record, sensor`;
  }
  return `
    ${own('record', '')} UNION ALL
    SELECT record, NULL, 'bad_record', raw
    FROM read_csv(${quote(bad)}, auto_detect = false, header = true, quote = '"', escape = '"',
                  columns = {record: 'BIGINT', raw: 'VARCHAR'})
    ORDER BY record, sensor`;
}
