import { grow } from './plant.js';
import { stamp } from './stamps.js';
import { knownOf, type Oddity, odd, tableOf } from './written.js';

const separated = (name: string, delimiter: string, decided: string): Oddity =>
  odd(`${name} between cells`, (random) => ({
    plant: grow(random),
    text: { delimiter },
    found: { delimiter: decided, header: 'line 1', 'decimal mark': '.', 'time format': 'iso', leftOut: [] },
  }));

/** Blanks in names would be taken for those between cells. */
const SENSORS = ['TI-101', 'P12', 'north'];

const aligned = (rows: readonly (readonly string[])[]) =>
  rows
    .map(
      (row) =>
        `${row
          .map((cell) => cell.padEnd(22))
          .join(' ')
          .trimEnd()}\n`,
    )
    .join('');

export const DELIMITERS: Oddity[] = [
  separated('commas', ',', 'comma'),
  separated('semicolons', ';', 'semicolon'),
  separated('tabs', '\t', 'tab'),
  separated('bars', '|', 'bar'),
  odd('everything in quotes', (random) => ({
    plant: grow(random),
    text: { quote: 'everything', delimiter: random.pick([',', ';', '\t']) },
    found: { header: 'line 1', 'decimal mark': '.' },
  })),
  {
    name: 'blanks between cells, in columns',
    write: (random) => {
      const plant = grow(random, { sensors: SENSORS });
      const table = tableOf(random, plant, { stamp: stamp('%Y-%m-%dT%H:%M:%SZ'), missing: () => 'NA' });
      return knownOf(table, { 'plant.dat': aligned([table.header, ...table.rows]) }, { delimiter: 'blanks' });
    },
  },
  {
    name: 'blanks between cells, the date and the time of day apart',
    write: (random) => {
      const style = { stamp: clocked, time: ['Date', 'Time'], missing: () => '-' };
      const table = tableOf(random, grow(random, { sensors: SENSORS }), style);
      const files = { 'plant.txt': aligned([table.header, ...table.rows]) };
      return knownOf(table, files, { delimiter: 'blanks', time: 'Date + Time', 'time format': '%Y-%m-%d %H:%M' });
    },
  },
  odd('a blank behind each comma', (random) => ({
    plant: grow(random),
    style: { form: 'wide' },
    text: { delimiter: ', ', quote: 'never' },
    found: { delimiter: 'comma', 'decimal mark': '.' },
  })),
  odd('a delimiter behind the last cell of every line', (random) => ({
    plant: grow(random),
    text: { end: ',\n' },
    found: { header: 'line 1', delimiter: 'comma' },
  })),
  odd('a delimiter behind the last cell of records only', (random) => ({
    plant: grow(random),
    text: { end: ';\n', delimiter: ';' },
    edit: (text) => text.replace(';\n', '\n'),
    found: { header: 'line 1', delimiter: 'semicolon' },
  })),
];

function clocked(us: number): string[] {
  return [stamp('%Y-%m-%d')(us), stamp('%H:%M')(us)];
}
