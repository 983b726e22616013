import { MISSING } from '../formats/dialect.js';
import type { Column, Layout, ValueColumn } from '../formats/layout.js';
import { quote } from '../store/sql.js';
import { valueSql } from './number-sql.js';
import { COLUMNS_AT_ONCE, columnSql, scanSql } from './scan-sql.js';
import { momentSql } from './time-sql.js';

export interface ReadSql {
  path: string;
  gzip: boolean;
  /** Whether it was written by `writeNumbered`. */
  numbered: boolean;
  layout: Layout;
  /** Name of the file below the source: the first part of sensor ids in wide form. */
  name: string;
  /** The first part of sensor ids in the other forms; may be empty. */
  site: string;
  tz: string;
}

/** Signs that nobody sees: a name of such alone is none. */
const BLANKS = '[\\x00-\\x20\\x7f-\\x{a0}\\x{feff}\\p{Z}]*';

/** Readings are taken from these years; a clock that says otherwise is wrong. */
const EARLIEST = "TIMESTAMP '1970-01-01'";
const LATEST = "TIMESTAMP '2100-01-01'";

/**
 * All records of a file in their order, one row per reading: `day` (days since 1970 in the zone), `time` (µs since
 * 1970 as DOUBLE), `sensor`, `value`, `zoneless`, `reason` (null: usable) and `raw`, and `record` where they
 * are numbered. Times without a zone are read in the zone of the session. There must be no join in it (an IN of many
 * constants is one): DuckDB would write the records in any order. Adding 0 makes 0 of -0: where DuckDB compares they
 * are the same, in value hashes they are not.
 */
export function stagedSql(read: ReadSql): string {
  const { layout } = read;
  const parts = Math.ceil(layout.values.length / COLUMNS_AT_ONCE);
  return Array.from({ length: parts }, (_, part) => {
    const values = layout.values.slice(part * COLUMNS_AT_ONCE, (part + 1) * COLUMNS_AT_ONCE);
    return partSql({ ...read, layout: { ...layout, values } });
  }).join(' UNION ALL ');
}

function partSql({ path, gzip, numbered, layout, name, site, tz }: ReadSql): string {
  const { utcOffset } = layout;
  const utc = tz === 'UTC' || utcOffset !== null;
  const column = (each: Column) => columnSql(layout, each);
  const { time, stamp, zoneless } = momentSql(layout.time, utc, column);
  const { cells, value } = readingsOf(layout, layout.form === 'wide' ? name : site, column);
  const moment = utcOffset === null || zoneless === 'false' ? 't' : shiftedSql(utcOffset, zoneless);
  const number = numbered ? 'record, ' : '';
  // A name with NUL is none for types of DuckDB, nor for Postgres.
  const named = layout.form === 'wide' ? 'sensor' : "replace(sensor, chr(0), '\uFFFD')";
  return `
    SELECT ${number}CASE WHEN reason IS NULL THEN ${daySql(tz, utc)}::INTEGER END AS day,
           CASE WHEN reason IS NULL THEN epoch_us(t)::DOUBLE END AS time,
           ${named} AS sensor, value + 0 AS value, zoneless, reason,
           CASE WHEN reason IS NOT NULL AND reason <> 'missing' AND reason <> 'sentinel' THEN concat_ws(',', stamp, sensor, cell::VARCHAR) END AS raw
    FROM (
      SELECT *, CASE
          WHEN t IS NULL THEN CASE WHEN trim(coalesce(stamp, '')) = '' THEN 'no_time' ELSE 'bad_time' END
          WHEN t < ${EARLIEST} OR t >= ${LATEST} THEN 'time_out_of_range'
          WHEN sensor IS NULL OR blank THEN 'no_sensor'
          WHEN value IS NULL OR NOT isfinite(value) THEN CASE
            WHEN list_contains([${MISSING.map(quote).join(', ')}], lower(trim(coalesce(cell::VARCHAR, '')))) THEN 'missing'
            WHEN value IS NULL THEN 'not_a_number' ELSE 'not_finite' END
          ${sentinelSql(layout.sentinels)}
        END AS reason
      FROM (
        SELECT *, CASE WHEN sensor < '!' OR sensor > '~' THEN regexp_full_match(sensor, ${quote(BLANKS)}) ELSE false END AS blank
        FROM (SELECT ${number}${moment} AS t, stamp, sensor, cell, ${value} AS value, ${utcOffset === null ? zoneless : 'false'} AS zoneless
              FROM (SELECT ${number}${time} AS t, ${stamp} AS stamp, ${cells} FROM ${scanSql(path, gzip, layout, numbered)})))
    )`;
}

/** Days since 1970 in a zone, of moments in UTC or with their zone. */
function daySql(tz: string, utc: boolean): string {
  if (tz === 'UTC') return 'floor(epoch_us(t) / 86400e6)';
  return `(${utc ? `timezone(${quote(tz)}, timezone('UTC', t))` : 't'}::DATE - DATE '1970-01-01')`;
}

/** Moments in UTC of those that were read as if they were there. */
function shiftedSql(utcOffset: number, zoneless: string): string {
  if (utcOffset === 0) return 't';
  const shifted = `t - to_minutes(${utcOffset})`;
  return zoneless === 'true' ? shifted : `CASE WHEN ${zoneless} THEN ${shifted} ELSE t END`;
}

function sentinelSql(sentinels: readonly number[]): string {
  if (sentinels.length === 0) return '';
  return `WHEN ${sentinels.map((each) => `value = ${each}::DOUBLE`).join(' OR ')} THEN 'sentinel'`;
}

/**
 * Columns `sensor` and `cell` of each reading of a record, and how the value is had of a cell.
 * @param before begins all ids, where it is not empty
 */
function readingsOf(
  layout: Layout,
  before: string,
  column: (each: Column) => string,
): { cells: string; value: string } {
  const { form, sensors, values } = layout;
  const own = sensors.map((each) => `${column(each)}::VARCHAR`);
  const site = before === '' || form === 'wide' ? [] : [quote(before.replaceAll('\0', '\uFFFD'))];
  const joined = (parts: string[]) => [...site, ...parts].join(` || '/' || `);
  const id = own.length === 1 && site.length === 0 ? own[0]! : joined(own.map(present));
  if (form === 'long') {
    const [value] = values as [ValueColumn];
    return { cells: `${id} AS sensor, ${column(value)} AS cell`, value: valueSql(value, value.type, 'cell') };
  }
  const names = values.map(({ name }) =>
    form === 'wide'
      ? quote((before === '' ? name : `${before}/${name}`).replaceAll('\0', '\uFFFD'))
      : `${joined(own.map(present))} || ${quote(`/${name}`)}`,
  );
  const [first] = values as [ValueColumn];
  const format = (each: ValueColumn) => JSON.stringify([each.type, each.number, each.words]);
  const list = (cells: string[]) => `unnest([${cells.join(', ')}])`;
  if (values.every((each) => format(each) === format(first)))
    return {
      cells: `${list(names)} AS sensor, ${list(values.map(column))} AS cell`,
      value: valueSql(first, first.type, 'cell'),
    };
  // Cells of several types stand in one list, so they need one; as text, numbers must stay the same.
  const texts = values.map((each) =>
    /^(FLOAT|BOOLEAN|DECIMAL)/.test(each.type) ? `${column(each)}::DOUBLE::VARCHAR` : `${column(each)}::VARCHAR`,
  );
  const numbers = values.map((each) => valueSql(each, each.type, column(each)));
  return {
    cells: `${list(names)} AS sensor, ${list(texts)} AS cell, ${list(numbers)} AS number`,
    value: 'number',
  };
}

/** A part of a sensor's name that is blank leaves it without one. */
const present = (text: string) => `CASE WHEN NOT regexp_full_match(${text}, ${quote(BLANKS)}) THEN ${text} END`;
