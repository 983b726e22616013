import type { Column, Layout } from '../formats/layout.js';
import { identifier, quote } from '../store/sql.js';

/** The records of a file as DuckDB reads them, one row each. */
export function scanSql(path: string, gzip: boolean, { text }: Pick<Layout, 'text'>): string {
  if (text === null) return parquetScanSql(path);
  const columns = Array.from({ length: text.width }, (_, at) => `c${at}: 'VARCHAR'`).join(', ');
  const comment = text.comment === '' ? '' : `, comment = ${quote(text.comment)}`;
  return `read_csv(${quote(path)}, header = false, auto_detect = false, skip = ${text.skip}, delim = ${quote(text.delimiter)},
            quote = '"', escape = '"', columns = {${columns}}, store_rejects = true${comment}, ${common(gzip)})`;
}

/** Folders called `month=3` are part of a file's name, no columns of it. */
export const parquetScanSql = (path: string) => `read_parquet(${quote(path)}, hive_partitioning = false)`;

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

/** Finds out again which records the CSV reader rejects: all columns, or it would not look at all of them. */
export const rejectsSql = (scan: string) => `SELECT count(COLUMNS(*)) FROM ${scan}`;

/**
 * The unusable readings of a staged file: `record` (counted from 1, the first below the names), `sensor`, `reason`,
 * `raw`. Records that the CSV reader rejected are missing from the staged rows, so later records are moved up by as
 * many.
 * @param skip lines above the first record of the file whose rejects stand in `reject_errors`, and which has no blank
 * lines: they are counted there, and are no records; null: there are no rejects
 */
export function quarantineSql(staged: string, width: number, skip: number | null): string {
  const rows = `(SELECT count(*) FROM read_parquet(${quote(staged)}))`;
  const own = `SELECT ${recordSql('file_row_number', rows, width)} AS nth, sensor, reason, raw
               FROM read_parquet(${quote(staged)}, file_row_number = true)
               WHERE reason IS NOT NULL AND reason NOT IN ('missing', 'sentinel')`;
  if (skip === null) return `SELECT nth AS record, sensor, reason, raw FROM (${own}) ORDER BY record, sensor`;
  return `
    WITH rejected AS (SELECT line, any_value(csv_line) AS raw FROM reject_errors GROUP BY line),
    numbered AS (SELECT line - ${skip} AS record, ltrim(raw, E'\\r\\n') AS raw FROM rejected),
    rejects AS (SELECT record, raw, record - row_number() OVER (ORDER BY record) AS before FROM numbered),
    steps AS (SELECT before, count(*) AS n FROM rejects GROUP BY before),
    shift AS (SELECT before, sum(n) OVER (ORDER BY before) AS rejected FROM steps),
    own AS (${own})
    SELECT (nth + coalesce(rejected, 0))::BIGINT AS record, sensor, reason, raw FROM own ASOF LEFT JOIN shift ON nth > before
    UNION ALL SELECT record::BIGINT, NULL, 'bad_record', raw FROM rejects
    ORDER BY record, sensor`;
}
