import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CellObject, utils, write } from '@e965/xlsx';
import sqlite from 'node-sqlite3-wasm';
import { grow, type Random } from './plant.js';
import { DAY_US, stamp } from './stamps.js';
import { knownOf, type Oddity, type Table, tableOf } from './written.js';

type Cell = CellObject | string | number | null;

const serial = (us: number, format: string): CellObject => ({ t: 'n', v: us / DAY_US + 25_569, z: format });

/** Sheets of cells as a workbook in the folder of the source. */
const book = (sheets: Record<string, Cell[][]>) => async (folder: string) => {
  const made = utils.book_new();
  for (const [name, rows] of Object.entries(sheets)) utils.book_append_sheet(made, utils.aoa_to_sheet(rows), name);
  await writeFile(join(folder, 'plant.xlsx'), write(made, { type: 'buffer', bookType: 'xlsx' }));
};

/** Rows of a table, its stamps written by `time`, readings as numbers. */
function cellsOf(table: Table, moments: readonly number[], time: (us: number) => Cell[]): Cell[][] {
  const width = table.form === 'long' ? moments.length && table.rows.length / moments.length : 1;
  return table.rows.map((row, at) => {
    const texts = table.form === 'long' ? [row[1]!] : [];
    const readings = row.slice(1 + texts.length).map((cell) => (cell === '' ? null : Number(cell)));
    return [...time(moments[Math.floor(at / width)]!), ...texts, ...readings];
  });
}

const excel = (
  name: string,
  time: (us: number) => Cell[],
  more: { above?: string[][]; column?: string[]; found?: Record<string, unknown> } = {},
): Oddity => ({
  name: `Excel, ${name}`,
  write: (random) => {
    const plant = grow(random);
    const table = tableOf(random, plant);
    const { above = [], column = ['Datum'], found = {} } = more;
    const rows = [...above, [...column, ...table.header.slice(1)], ...cellsOf(table, plant.times, time)];
    return knownOf(table, {}, { kind: 'workbook', leftOut: [], ...found }, { make: book({ Sheet1: rows }) });
  },
});

/** A sheet for each of two halls, and one of prose. */
function sheets(random: Random) {
  const plants = ['Nord', 'Süd'].map((hall) => ({ hall, plant: grow(random) }));
  const tables = plants.map(({ hall, plant }) => {
    const table = tableOf(random, plant, { form: 'wide', series: `plant/${hall}`, time: ['time'] });
    const cells = cellsOf(table, plant.times, (us) => [serial(us, 'yyyy-mm-dd hh:mm')]);
    return { hall, table, cells: [table.header, ...cells] };
  });
  const all = {
    ...tables[0]!.table,
    readings: tables.flatMap(({ table }) => table.readings),
    missing: tables.reduce((sum, { table }) => sum + table.missing, 0),
  };
  const prose = { Notes: [['Readings of two halls.'], ['Ask Meyer.']] };
  const make = book({ ...prose, ...Object.fromEntries(tables.map(({ hall, cells }) => [hall, cells])) });
  return knownOf(all, {}, { kind: 'workbook' }, { make });
}

const database = (
  name: string,
  time: (us: number) => string,
  type: string,
  found: Record<string, unknown>,
): Oddity => ({
  name: `SQLite, ${name}`,
  write: (random) => {
    const table = tableOf(random, grow(random), { stamp: time, time: ['ts'], series: 'plant/readings' });
    const names = table.header.map((each) => `"${each}"`);
    const columns = names.map(
      (each, at) => `${each} ${at === 0 ? type : table.form === 'long' && at === 1 ? 'TEXT' : 'REAL'}`,
    );
    const make = async (folder: string) => {
      const made = new sqlite.Database(join(folder, 'plant.db'));
      made.exec(`CREATE TABLE readings (${columns.join(', ')}); BEGIN`);
      const insert = made.prepare(`INSERT INTO readings VALUES (${names.map(() => '?').join(', ')})`);
      for (const row of table.rows) insert.run(row.map((cell) => (cell === '' ? null : cell)));
      made.exec('COMMIT');
      insert.finalize();
      made.close();
    };
    return knownOf(table, {}, { kind: 'sqlite', leftOut: [], ...found }, { make });
  },
});

export const BOOKS: Oddity[] = [
  excel('days as it keeps them', (us) => [serial(us, 'dd.mm.yyyy hh:mm')]),
  excel('days in the American way', (us) => [serial(us, 'm/d/yy h:mm AM/PM')]),
  excel('times as text', (us) => [stamp('%Y-%m-%d %H:%M')(us)]),
  excel(
    'a date and a time of day apart',
    (us) => [serial(us - (us % DAY_US), 'yyyy-mm-dd'), { t: 'n', v: (us % DAY_US) / DAY_US, z: 'hh:mm:ss' }],
    {
      column: ['Date', 'Time'],
      found: { time: 'Date + Time' },
    },
  ),
  excel('a title and a blank row above', (us) => [serial(us, 'yyyy-mm-dd hh:mm:ss')], {
    above: [['Plant North'], ['exported by', 'Meyer'], []],
  }),
  { name: 'Excel, several sheets', write: sheets },
  database('times as text', stamp('%Y-%m-%d %H:%M:%S'), 'TEXT', { 'time format': 'iso' }),
  database('seconds since 1970', (us) => String(us / 1e6), 'INTEGER', { 'time format': 'epoch-s' }),
];
