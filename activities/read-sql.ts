import { identifier, quote } from '../store/sql.js';
import type { Column, Layout } from './layout.js';

export interface ReadSql {
  path: string;
  format: 'csv' | 'tsv' | 'parquet';
  columns: readonly Column[];
  layout: Layout;
  /** Name of the file below the source: the first part of sensor ids in wide form. */
  name: string;
  tz: string;
}

/** Readings are taken from these years; a clock that says otherwise is wrong. */
const EARLIEST = "TIMESTAMP '1970-01-01'";
const LATEST = "TIMESTAMP '2100-01-01'";

/** Cells that say that there is no reading, as loggers and spreadsheets write it. */
const MISSING = ['', 'na', 'n/a', 'null', 'none', '-'];

/**
 * All records of a file in their order, one row per reading: `day` (days since 1970 in the zone), `time` (µs since
 * 1970 as DOUBLE), `sensor`, `value`, `zoneless`, `reason` (null: usable) and `raw`. Times without a zone are read in
 * the zone of the session. There must be no join in it (an IN of many constants is one): DuckDB would write the records
 * in any order. Adding 0 makes 0 of -0: where DuckDB compares they are the same, in value hashes they are not.
 */
export function stagedSql(file: ReadSql): string {
  const { layout, tz } = file;
  const utc = tz === 'UTC';
  const stamp = column(layout.time);
  const parsed = timeSql(layout.time, utc);
  const cells =
    layout.form === 'long'
      ? `SELECT ${parsed} AS t, ${stamp}::VARCHAR AS stamp, ${column(layout.sensor)}::VARCHAR AS sensor, ${column(layout.value)} AS cell
         FROM ${scanSql(file)}`
      : `SELECT ${parsed} AS t, ${stamp}::VARCHAR AS stamp,
                unnest([${layout.sensors.map(({ name }) => quote(`${file.name}/${name}`)).join(', ')}]) AS sensor,
                unnest([${layout.sensors.map((each) => cellSql(each, layout.sensors)).join(', ')}]) AS cell
         FROM ${scanSql(file)}`;
  const text = `trim(coalesce(cell::VARCHAR, ''))`;
  return `
    SELECT CASE WHEN reason IS NULL THEN ${utc ? 'floor(epoch_us(t) / 86400e6)' : "(t::DATE - DATE '1970-01-01')"}::INTEGER END AS day,
           CASE WHEN reason IS NULL THEN epoch_us(t)::DOUBLE END AS time,
           sensor, value + 0 AS value, zoneless, reason,
           CASE WHEN reason IS NOT NULL AND reason <> 'missing' THEN concat_ws(',', stamp, sensor, cell::VARCHAR) END AS raw
    FROM (
      SELECT *, CASE
          WHEN t IS NULL THEN CASE WHEN trim(coalesce(stamp, '')) = '' THEN 'no_time' ELSE 'bad_time' END
          WHEN t < ${EARLIEST} OR t >= ${LATEST} THEN 'time_out_of_range'
          WHEN sensor IS NULL OR blank THEN 'no_sensor'
          WHEN value IS NULL THEN CASE WHEN list_contains([${MISSING.map(quote).join(', ')}], lower(${text})) THEN 'missing' ELSE 'not_a_number' END
          WHEN NOT isfinite(value) THEN 'not_finite'
        END AS reason
      FROM (SELECT t, stamp, sensor, cell, try_cast(cell AS DOUBLE) AS value, ${zonelessSql(layout.time)} AS zoneless,
                   CASE WHEN sensor < '!' THEN trim(sensor) = '' ELSE false END AS blank
            FROM (${cells}))
    )`;
}

/** Cells of columns of several types stand in one list, so they need one type; as text, numbers must stay the same. */
function cellSql(cell: Column, all: readonly Column[]): string {
  if (all.every(({ type }) => type === cell.type)) return column(cell);
  return /^(FLOAT|BOOLEAN|DECIMAL)/.test(cell.type) ? `${column(cell)}::DOUBLE::VARCHAR` : `${column(cell)}::VARCHAR`;
}

function scanSql({ path, format, columns }: ReadSql): string {
  if (format === 'parquet') return parquetScanSql(path);
  const types = columns.map(({ name }) => `${quote(name)}: 'VARCHAR'`).join(', ');
  const delimiter = format === 'tsv' ? "E'\\t'" : "','";
  return `read_csv(${quote(path)}, header = true, auto_detect = false, delim = ${delimiter}, quote = '"', escape = '"',
            columns = {${types}}, store_rejects = true, ${commonSql(path)})`;
}

/** Folders called `month=3` are part of a file's name, no columns of it. */
export const parquetScanSql = (path: string) => `read_parquet(${quote(path)}, hive_partitioning = false)`;

const commonSql = (path: string) => `hive_partitioning = false, compression = ${isGzip(path) ? "'gzip'" : "'none'"}`;

export const isGzip = (path: string) => /\.gz$/i.test(path);

const column = ({ name }: Column) => identifier(name);

/** Most stamps look so: date and time to the second, without a zone. What follows about zones need not be asked of them. */
const isPlain = (stamp: string) => `${stamp} LIKE '____-__-_____:__:__'`;

/** Whether a stamp has an offset: a sign behind the date. Z and names of zones are seen by the parser itself. */
const hasOffset = (stamp: string) => `(instr(${stamp}, '+') > 0 OR instr(substr(${stamp}, 12), '-') > 0)`;

/**
 * A moment from any time column. In UTC as TIMESTAMP, which is parsed three times as fast as one with a zone (but drops
 * offsets, hence the test for them); elsewhere as TIMESTAMPTZ.
 */
function timeSql(time: Column, utc: boolean): string {
  const name = column(time);
  if (time.type !== 'VARCHAR')
    return utc ? `try_cast(try_cast(${name} AS TIMESTAMPTZ) AS TIMESTAMP)` : `try_cast(${name} AS TIMESTAMPTZ)`;
  const zoned = `try_cast(${name} AS TIMESTAMPTZ)`;
  if (!utc) return zoned;
  const plain = `try_cast(${name} AS TIMESTAMP)`;
  return `CASE WHEN ${isPlain(name)} THEN ${plain}
               WHEN ${hasOffset(name)} THEN ${zoned}::TIMESTAMP
               ELSE coalesce(${plain}, ${zoned}::TIMESTAMP) END`;
}

function zonelessSql(time: Column): string {
  if (time.type !== 'VARCHAR') return time.type.includes('WITH TIME ZONE') ? 'false' : 'true';
  return `CASE WHEN ${isPlain('stamp')} THEN true
               ELSE NOT (${hasOffset('stamp')} OR regexp_matches(stamp, '[A-Za-z]$')) END`;
}

/**
 * The unusable readings of a staged file: `record` (counted from 1 below the header), `sensor`, `reason`, `raw`.
 * Records that the CSV reader rejected are missing from the staged rows, so later records are moved up by as many. It
 * counts blank lines, which are no records: they are found by reading the file once more, one cell to a line.
 */
export function quarantineSql(staged: string, width: number, source: string | null): string {
  const own = `SELECT floor(file_row_number / ${width})::BIGINT + 1 AS nth, sensor, reason, raw
               FROM read_parquet(${quote(staged)}, file_row_number = true) WHERE reason IS NOT NULL AND reason <> 'missing'`;
  if (source === null) return `SELECT nth AS record, sensor, reason, raw FROM (${own}) ORDER BY record, sensor`;
  return `
    WITH lines AS (
      SELECT row_number() OVER () AS line, cell
      FROM read_csv(${quote(source)}, header = false, auto_detect = false, delim = E'\\x01', quote = '', escape = '',
                    columns = {cell: 'VARCHAR'}, ignore_errors = true, ${commonSql(source)})),
    blanks AS (SELECT line, row_number() OVER (ORDER BY line) AS n FROM lines WHERE cell IS NULL),
    rejected AS (SELECT line, any_value(csv_line) AS raw FROM reject_errors GROUP BY line),
    numbered AS (
      SELECT rejected.line - 1 - coalesce(n, 0) AS record, ltrim(raw, E'\\r\\n') AS raw
      FROM rejected ASOF LEFT JOIN blanks ON rejected.line > blanks.line),
    rejects AS (SELECT record, raw, record - row_number() OVER (ORDER BY record) AS before FROM numbered),
    steps AS (SELECT before, count(*) AS n FROM rejects GROUP BY before),
    shift AS (SELECT before, sum(n) OVER (ORDER BY before) AS rejected FROM steps),
    own AS (${own})
    SELECT (nth + coalesce(rejected, 0))::BIGINT AS record, sensor, reason, raw FROM own ASOF LEFT JOIN shift ON nth > before
    UNION ALL SELECT record::BIGINT, NULL, 'bad_record', raw FROM rejects
    ORDER BY record, sensor`;
}
