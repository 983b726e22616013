import { grow } from './plant.js';
import { stamp } from './stamps.js';
import { asText, knownOf, type Oddity, odd, tableOf } from './written.js';

/** One day, so that nothing says which of its two numbers it is. */
const oneDay = { first: '2024-04-03T02:00', stepMinutes: 10, moments: 80 };

const ambiguous = (name: string, pattern: string, dayFirst: boolean): Oddity =>
  odd(name, (random) => ({
    plant: grow(random, oneDay),
    style: { stamp: stamp(pattern) },
    found: { 'day or month first': dayFirst ? 'day-first' : 'month-first' },
    more: { refused: 'MR_TIME_AMBIGUOUS', options: { dayFirst } },
  }));

const following = (name: string, pattern: string, order: string): Oddity =>
  odd(name, (random) => ({
    plant: grow(random, { first: '2024-04-02T02:00', stepMinutes: 80, moments: 72 }),
    style: { stamp: stamp(pattern) },
    found: { 'day or month first': order },
  }));

const elsewhere = (name: string, pattern: string, order: string): Oddity => ({
  name,
  write: (random) => {
    const style = { form: 'long' as const, stamp: stamp(pattern), time: ['time'], sensor: 'sensor', value: 'value' };
    const sensors = ['a', 'b'];
    const one = tableOf(random, grow(random, { ...oneDay, sensors }), style);
    const other = tableOf(random, grow(random, { ...oneDay, sensors, first: '2024-04-23T01:00' }), style);
    const all = { ...one, readings: [...one.readings, ...other.readings], missing: one.missing + other.missing };
    const files = { 'april.csv': asText(one), 'later.csv': asText(other) };
    return knownOf(all, files, { 'day or month first': order });
  },
});

export const DAYS: Oddity[] = [
  ambiguous('one day that may be another, and is the first number', '%d/%m/%Y %H:%M', true),
  ambiguous('one day that may be another, and is the second number', '%m/%d/%Y %H:%M', false),
  following('days that follow each other, as 02.04. to 06.04.', '%d.%m.%Y %H:%M', 'day-first'),
  following('days that follow each other, as 4/2 to 4/6', '%-m/%-d/%Y %H:%M', 'month-first'),
  elsewhere('days that another file explains: day first', '%d/%m/%Y %H:%M', 'day-first'),
  elsewhere('days that another file explains: month first', '%m/%d/%Y %H:%M', 'month-first'),
];
