import { grow } from './plant.js';
import { iso, stamp } from './stamps.js';
import { anyForm, knownOf, type Oddity, odd, type Table, tableOf, textOf, type Written } from './written.js';

/** Rows put in after some of the others, and what becomes of them. */
const torn = (
  name: string,
  extra: (table: Table) => string[][],
  quarantined: (table: Table) => Record<string, number>,
): Oddity => ({
  name,
  write: (random) => {
    const table = tableOf(random, grow(random));
    const rows = [...table.rows];
    for (const row of extra(table)) rows.splice(random.int(10, rows.length), 0, row);
    const text = textOf([table.header, ...rows]);
    return knownOf(table, { 'plant.csv': text }, { header: 'line 1' }, { quarantined: quarantined(table) });
  },
});

const times = (n: number, what: (table: Table) => string[]) => (table: Table) =>
  Array.from({ length: n }, () => what(table));
const reading = (table: Table, time: string, value: string) =>
  table.form === 'long' ? [time, 'x', value] : [time, ...Array.from({ length: table.width }, () => value)];

/** One line below all others. */
const below = (name: string, line: (table: Table) => string, reason: string): Oddity =>
  odd(name, (random) => ({
    plant: grow(random),
    edit: (text, table) => `${text}${line(table)}\n`,
    more: (table) => ({ quarantined: { [reason]: table.width } }),
  }));

/** Some of the numbers are others than those that were known. */
function extremes(random: Parameters<Oddity['write']>[0]): Written {
  const plant = grow(random, { missing: 0 });
  const strange: Record<number, string> = {
    3: '1e308',
    5: '-1e308',
    7: 'inf',
    9: '-Infinity',
    11: '1e400',
    13: '5e-324',
  };
  const table = tableOf(random, plant, { form: 'wide' });
  for (const [at, cell] of Object.entries(strange)) table.rows[Number(at)]![1] = cell;
  const readings = table.readings.flatMap((each, nth) => {
    const cell = nth % table.width === 0 ? strange[nth / table.width] : undefined;
    if (cell === undefined) return [each];
    return Number.isFinite(Number(cell)) ? [{ ...each, value: Number(cell) }] : [];
  });
  const text = textOf([table.header, ...table.rows]);
  return knownOf({ ...table, readings }, { 'plant.csv': text }, {}, { quarantined: { not_finite: 3 } });
}

/** From somewhere in the second half, a column says `standby`. */
function turning(random: Parameters<Oddity['write']>[0]): Written {
  const plant = grow(random, { missing: 0 });
  const table = tableOf(random, plant, { form: 'wide' });
  const from = Math.ceil(table.rows.length * 0.6);
  for (const row of table.rows.slice(from)) row[1] = 'standby';
  const readings = table.readings.filter((_, nth) => nth % table.width > 0 || nth / table.width < from);
  const text = textOf([table.header, ...table.rows]);
  const quarantined = { not_a_number: table.rows.length - from };
  return knownOf({ ...table, readings }, { 'plant.csv': text }, { leftOut: [] }, { quarantined });
}

/** The same records twice, the second time with other values: the last counts. */
function twice(random: Parameters<Oddity['write']>[0]): Written {
  const style = { form: anyForm(random), time: ['time'], sensor: 'sensor', value: 'value' };
  const plant = grow(random, { missing: 0 });
  const other = { ...plant, values: plant.values.map((row) => row.map((value) => value! + 100)) };
  const [one, two] = [tableOf(random, plant, style), tableOf(random, other, style)];
  const text = textOf([one.header, ...one.rows, ...two.rows]);
  return knownOf(two, { 'plant.csv': text }, {}, { duplicates: one.readings.length });
}

export const BROKEN: Oddity[] = [
  torn(
    'records that are too short',
    times(3, (table) => reading(table, iso(1.6e15), '1').slice(0, -1)),
    ({ width }) => ({ bad_record: 3 * width }),
  ),
  torn(
    'records that are too long',
    times(3, (table) => [...reading(table, iso(1.6e15), '1'), 'x']),
    ({ width }) => ({ bad_record: 3 * width }),
  ),
  torn(
    'the names again between records, as where files were joined',
    times(2, ({ header }) => header),
    ({ width }) => ({ bad_time: 2 * width }),
  ),
  torn(
    'records of nothing but delimiters',
    times(4, (table) => table.header.map(() => '')),
    ({ width }) => ({ no_time: 4 * width }),
  ),
  torn(
    'times in 1900 and in 2999',
    (table) => [reading(table, '1900-01-01 00:00:00', '1'), reading(table, '2999-01-01 00:00:00', '1')],
    ({ width }) => ({ time_out_of_range: 2 * width }),
  ),
  torn(
    'times that are none',
    (table) => [reading(table, '2024-02-30 00:00:00', '1'), reading(table, 'soon', '1')],
    ({ width }) => ({ bad_time: 2 * width }),
  ),
  odd('years 1900 and 2999 in 01.01.1900', (random) => ({
    plant: grow(random, { first: '2024-03-13T00:00' }),
    style: { stamp: stamp('%d.%m.%Y %H:%M') },
    edit: (text, table) =>
      text + textOf([reading(table, '01.01.1900 00:00', '1'), reading(table, '31.12.2999 00:00', '1')]),
    more: ({ width }) => ({ quarantined: { time_out_of_range: 2 * width } }),
  })),
  below(
    'a line of totals at the end',
    (table) => ['Total', ...table.header.slice(1).map(() => '123.4')].join(','),
    'bad_time',
  ),
  below('a sentence at the end', () => '-- end of export', 'bad_record'),
  below('a last line that was cut off', (table) => table.rows[0]!.slice(0, -1).join(','), 'bad_record'),
  { name: '1e308, inf and numbers beyond', write: extremes },
  { name: 'a column that turns to text', write: turning },
  { name: 'all records twice', write: twice },
];
