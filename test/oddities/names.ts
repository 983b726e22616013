import { grow } from './plant.js';
import { knownOf, type Oddity, odd, tableOf, textOf } from './written.js';

const numbered = (rows: readonly string[][]) => rows.map((row, at) => [String(at + 1), ...row]);

export const NAMES: Oddity[] = [
  odd('no names, a row per reading', (random) => ({
    plant: grow(random),
    style: { form: 'long' },
    edit: (text) => text.slice(text.indexOf('\n') + 1),
    found: { header: 'none', time: 'column1', sensor: 'column2' },
  })),
  {
    name: 'no names, a column per sensor',
    write: (random) => {
      const plant = grow(random);
      const ids = plant.sensors.map((_, at) => `column${at + 2}`);
      const table = tableOf(random, { ...plant, sensors: ids }, { form: 'wide' });
      return knownOf(table, { 'plant.csv': textOf(table.rows) }, { header: 'none', time: 'column1' });
    },
  },
  odd('ends of lines in the names, in quotes', (random) => ({
    plant: grow(random, { sensors: ['flow in', 'flow out'] }),
    style: { form: 'wide', column: (id) => `${id}\n(m³/h)` },
    found: { header: 'line 1', units: { 'flow in': 'm³/h', 'flow out': 'm³/h' } },
  })),
  {
    name: 'names that come twice',
    write: (random) => {
      const plant = grow(random, { sensors: ['a', 'a_2', 'b'] });
      const table = tableOf(random, plant, { form: 'wide', column: (id) => id.slice(0, 1) });
      return knownOf(table, { 'plant.csv': textOf([table.header, ...table.rows]) }, { header: 'line 1' });
    },
  },
  odd('a column without a name', (random) => ({
    plant: grow(random, { sensors: ['a', 'column3', 'b'] }),
    style: { form: 'wide', column: (id) => (id === 'column3' ? '' : id) },
    found: { header: 'line 1', leftOut: [] },
  })),
  {
    name: 'numbers of rows without a name',
    write: (random) => {
      const table = tableOf(random, grow(random));
      const text = textOf([['', ...table.header], ...numbered(table.rows)]);
      return knownOf(table, { 'plant.csv': text }, { header: 'line 1', leftOut: ['column1'] });
    },
  },
  {
    name: 'numbers of rows called so',
    write: (random) => {
      const table = tableOf(random, grow(random));
      const name = random.pick(['No.', 'index', 'Record', 'Nr']);
      const text = textOf([[name, ...table.header], ...numbered(table.rows)]);
      return knownOf(table, { 'plant.csv': text }, { header: 'line 1', leftOut: [name] });
    },
  },
  {
    name: 'names of rows as R writes them',
    write: (random) => {
      const table = tableOf(random, grow(random));
      const rows = numbered(table.rows).map(([first, ...rest]) => [`"${first}"`, ...rest]);
      const text = textOf([table.header.map((name) => `"${name}"`), ...rows], { quote: 'never' });
      return knownOf(table, { 'plant.csv': text }, { header: 'line 1', leftOut: ['column1'] });
    },
  },
  odd('sensors that are called by numbers', (random) => ({
    plant: grow(random, { sensors: ['101', '102', '2001'] }),
    style: { form: 'wide', time: ['time'] },
    found: { header: 'line 1', time: 'time' },
  })),
  odd('quoted names with delimiters and quotes', (random) => ({
    plant: grow(random, { sensors: ['flow, in', 'pump "B"', 'a;b'] }),
    text: { delimiter: random.pick([',', ';']) },
    found: { header: 'line 1' },
  })),
];
