import { join } from 'node:path';
import { quote } from '../../store/sql.js';
import type { TestStores } from '../support/stores.js';
import { grow, type Plant, type Random } from './plant.js';
import { knownOf, type Oddity, tableOf } from './written.js';

/** A long Parquet file; the moment is `us` in the expression of the time. */
const parquet = (name: string, time: string, how = '', found: Record<string, unknown> = {}): Oddity => ({
  name: `Parquet, ${name}`,
  write: (random) => {
    const plant = grow(random, { stepMinutes: 60 });
    const table = tableOf(random, plant, { form: 'long' });
    const sql = `SELECT ${time}, sensor, value FROM (VALUES ${rowsOf(plant)}) t(us, sensor, value)`;
    return knownOf(table, {}, { kind: 'parquet', ...found }, { make: writing(sql, how) });
  },
});

const wide = (random: Random) => {
  const plant = grow(random);
  const table = tableOf(random, plant, { form: 'wide' });
  const columns = plant.sensors.map((id, nth) => `nullif(v[${nth + 1}], -1e9)::DOUBLE AS "${id}"`);
  const rows = plant.times.map((us, at) => `(${us}, [${plant.values[at]!.map((value) => value ?? -1e9).join(', ')}])`);
  const sql = `SELECT make_timestamp(us) AS "time", ${columns.join(', ')} FROM (VALUES ${rows.join(', ')}) t(us, v)`;
  return knownOf(table, {}, { kind: 'parquet', leftOut: [] }, { make: writing(sql, '') });
};

/** Of each sensor all its readings, then those of the next, in a column of any name. */
const blocks = (random: Random) => {
  const plant = grow(random, { sensors: ['a', 'b', 'c'], stepMinutes: 5, moments: 1100, missing: 0 });
  const table = tableOf(random, plant, { form: 'long' });
  const rows = `SELECT * FROM (VALUES ${rowsOf(plant)}) t(us, sensor, value) ORDER BY sensor, us`;
  const sql = `SELECT make_timestamp(us) AS "zeit", sensor AS "wer", value AS "x" FROM (${rows})`;
  return knownOf(table, {}, { kind: 'parquet', sensor: 'wer' }, { make: writing(sql, '') });
};

function rowsOf({ sensors, times, values }: Plant): string {
  const rows = times.flatMap((us, at) =>
    sensors.map((id, nth) => `(${us}, ${quote(id)}, ${values[at]![nth]}::DOUBLE)`),
  );
  return rows.join(', ');
}

const writing = (sql: string, how: string) => (folder: string, stores: TestStores) =>
  stores.duck.session({ tz: 'UTC', signal: undefined }, async (duck) => {
    await duck.run(`COPY (${sql}) TO ${quote(join(folder, 'plant.parquet'))} (FORMAT parquet${how})`);
  });

const STAMP = 'make_timestamp(us) AS "time"';

export const KINDS: Oddity[] = [
  parquet('timestamps', STAMP),
  parquet('timestamps without a zone in a column called time_utc', 'make_timestamp(us) AS "time_utc"', '', {
    'offset from UTC': 'UTC',
  }),
  parquet('timestamps with a zone', `make_timestamp(us) AT TIME ZONE 'UTC' AS "time"`),
  parquet(
    'date and time of day as texts',
    `strftime(make_timestamp(us), '%d.%m.%Y') AS "Datum", strftime(make_timestamp(us), '%H:%M') AS "Zeit"`,
    '',
    { time: 'Datum + Zeit' },
  ),
  parquet('milliseconds since 1970', '(us // 1000)::BIGINT AS "ts"', '', { 'time format': 'epoch-ms' }),
  parquet('times as texts', `strftime(make_timestamp(us), '%Y-%m-%d %H:%M') AS "time"`),
  parquet('zstd', STAMP, ', COMPRESSION zstd'),
  parquet('gzip', STAMP, ', COMPRESSION gzip'),
  parquet('not compressed', STAMP, ', COMPRESSION uncompressed'),
  { name: 'Parquet, a column per sensor', write: wide },
  { name: 'Parquet, sensors one after the other, in a column of any name', write: blocks },
];
