import { grow, type Random, type Wish } from './plant.js';
import { DAY_US, HOUR_US, iso, stamp, wallClock } from './stamps.js';
import { type Oddity, odd, type Style } from './written.js';

/** Whole hours from the 11th to the 14th: days above 12 are among them, and midnights. */
const someDays = (random: Random, wish: Partial<Wish> = {}) => {
  const [year, month] = [random.int(2001, 2031), String(random.int(1, 12)).padStart(2, '0')];
  return grow(random, { first: `${year}-${month}-11T07:00`, stepMinutes: 60, moments: 75, ...wish });
};

const time = (
  name: string,
  write: Style['stamp'],
  format: string | null,
  more: { wish?: Partial<Wish>; column?: string[]; found?: Record<string, unknown> } = {},
): Oddity =>
  odd(`times as ${name}`, (random) => ({
    plant: someDays(random, more.wish),
    style: { stamp: write, ...(more.column && { time: more.column }) },
    text: { delimiter: random.pick([',', ';', '\t']) },
    found: { 'time format': format, 'decimal mark': '.', ...more.found },
  }));

/** Written as a pattern says, and found to be so. */
const pattern = (name: string, written: string, found = written) => time(name, stamp(written), found);

const DAY_FIRST = { found: { 'day or month first': 'day-first' } };
const MONTH_FIRST = { found: { 'day or month first': 'month-first' } };

/** Midnight as the end of the day before. */
const endOfDay = (date: string, clock: string) => (us: number) =>
  us % DAY_US === 0
    ? `${stamp(date)(us - 1)} ${clock.replace('%H', '24').replaceAll(/%./g, '00')}`
    : stamp(`${date} ${clock}`)(us);

const epoch = (unit: string, perUnit: number, wish: Partial<Wish> = {}) =>
  time(`numbers of ${unit} since 1970`, (us) => String(us / perUnit), `epoch-${unit}`, { wish, column: ['time'] });

const split = (...patterns: string[]) => {
  const each = patterns.map((one) => stamp(one));
  return (us: number) => each.map((write) => write(us));
};

export const TIMES: Oddity[] = [
  pattern('2024-03-01T10:00:00Z', '%Y-%m-%dT%H:%M:%SZ', 'iso'),
  time('2024-03-01T10:00:00+02:00', stamp('%Y-%m-%dT%H:%M:%S+02:00', 2 * HOUR_US), 'iso'),
  time('2024-03-01 10:00:00-0530', stamp('%Y-%m-%d %H:%M:%S-0530', -5.5 * HOUR_US), 'iso'),
  time('2024-03-01 24:00:00', endOfDay('%Y-%m-%d', '%H:%M:%S'), 'iso'),
  time('01.03.2024 24:00', endOfDay('%d.%m.%Y', '%H:%M'), '%d.%m.%Y %H:%M', DAY_FIRST),
  pattern('2024-03-01 10:00', '%Y-%m-%d %H:%M'),
  pattern('2024-03-01T10:00', '%Y-%m-%dT%H:%M'),
  pattern('2024-03-01T10:00Z', '%Y-%m-%dT%H:%MZ'),
  time('2024-03-01 10:00:00.123456', (us) => stamp('%Y-%m-%d %H:%M:%S.%f')(us), 'iso', {
    wish: { stepMinutes: 60.0123 },
  }),
  time('2024-03-01 10:00:00,500', stamp('%Y-%m-%d %H:%M:%S,%L'), '%Y-%m-%d %H:%M:%S,%f', {
    wish: { stepMinutes: 60.025 },
  }),
  time('2024-03-01T10:00:00.500Z', stamp('%Y-%m-%dT%H:%M:%S.%LZ'), 'iso', { wish: { stepMinutes: 60.025 } }),
  pattern('2024/03/01 10:00:00', '%Y/%m/%d %H:%M:%S', 'iso'),
  pattern('2024.03.01 10:00', '%Y.%m.%d %H:%M'),
  time('01.03.2024 10:00', stamp('%d.%m.%Y %H:%M'), '%d.%m.%Y %H:%M', DAY_FIRST),
  time('1.3.2024 9:05', stamp('%-d.%-m.%Y %-H:%M'), '%d.%m.%Y %H:%M', DAY_FIRST),
  time('01/03/2024 10:00:00', stamp('%d/%m/%Y %H:%M:%S'), '%d/%m/%Y %H:%M:%S', DAY_FIRST),
  time('03/01/2024 10:00 AM', stamp('%m/%d/%Y %I:%M %p'), '%d/%m/%Y %I:%M %p', MONTH_FIRST),
  time('3/1/2024 9:05:00 PM', stamp('%-m/%-d/%Y %-I:%M:%S %p'), '%d/%m/%Y %I:%M:%S %p', MONTH_FIRST),
  time('01.03.24 10:00', stamp('%d.%m.%y %H:%M'), '%d.%m.%y %H:%M', DAY_FIRST),
  time('03/01/24 10:00', stamp('%m/%d/%y %H:%M'), '%d/%m/%y %H:%M', MONTH_FIRST),
  pattern('1-Mar-2024 10:00', '%-d-%b-%Y %H:%M', '%d-%b-%Y %H:%M'),
  time('March 1, 2024 10:00', stamp('%B %-d, %Y %H:%M'), '%B %d, %Y %H:%M', { wish: { first: '2024-03-11T07:00' } }),
  time('Fri, 01 Mar 2024 10:00:00 GMT', stamp('%a, %d %b %Y %H:%M:%S GMT'), '%a, %d %b %Y %H:%M:%S %Z'),
  pattern('20240301 1030', '%Y%m%d %H%M'),
  pattern('20240301103000', '%Y%m%d%H%M%S'),
  pattern('20240301T103000', '%Y%m%dT%H%M%S'),
  pattern('20240301T103000Z', '%Y%m%dT%H%M%SZ'),
  time('2024-03-01', stamp('%Y-%m-%d'), 'iso', { wish: { stepMinutes: 1440, moments: 8, first: '2024-02-25T00:00' } }),
  time('a date and a time of day apart', split('%Y-%m-%d', '%H:%M:%S'), 'iso', {
    column: ['Date', 'Time'],
    found: { time: 'Date + Time' },
  }),
  time('01.03.2024 and 10:00 apart', split('%d.%m.%Y', '%H:%M'), '%d.%m.%Y %H:%M', {
    column: ['Datum', 'Uhrzeit'],
    found: { time: 'Datum + Uhrzeit', 'day or month first': 'day-first' },
  }),
  time('a date at midnight and a time of day apart', split('%Y-%m-%d 00:00:00', '%H:%M:%S'), 'iso', {
    column: ['Date', 'Time'],
    found: { time: 'Date + Time' },
  }),
  time('20240301 and 1030 apart', split('%Y%m%d', '%H%M'), '%Y%m%d %H:%M', {
    column: ['Date', 'Time'],
    found: { time: 'Date + Time' },
  }),
  time('2024-03-01 10:00:00 CET', stamp('%Y-%m-%d %H:%M:%S CET', HOUR_US), '%Y-%m-%d %H:%M:%S %Z', {
    wish: { first: '2024-01-11T07:00' },
  }),
  time('2024-07-01 10:00:00 CEST', stamp('%Y-%m-%d %H:%M:%S CEST', 2 * HOUR_US), '%Y-%m-%d %H:%M:%S %Z', {
    wish: { first: '2024-07-11T07:00' },
  }),
  time('year, month, day and hour apart', split('%Y', '%-m', '%-d', '%-H'), null, {
    column: ['year', 'month', 'day', 'hour'],
    found: { time: 'year + month + day + hour' },
  }),
  time('Jahr, Monat, Tag, Stunde und Minute apart', split('%Y', '%m', '%d', '%H', '%M'), null, {
    column: ['Jahr', 'Monat', 'Tag', 'Stunde', 'Minute'],
    wish: { stepMinutes: 50 },
    found: { time: 'Jahr + Monat + Tag + Stunde + Minute' },
  }),
  epoch('s', 1e6),
  epoch('ms', 1e3),
  epoch('us', 1, { stepMinutes: 60.0123 }),
  time('numbers of ns since 1970', (us) => `${us}000`, 'epoch-ns', { column: ['time'] }),
  time('numbers of s since 1970 with fractions', (us) => (us / 1e6).toFixed(3), 'epoch-s', {
    wish: { stepMinutes: 60.025 },
    column: ['ts'],
  }),
  time('days of spreadsheets', (us) => String(us / DAY_US + 25_569), 'serial', { column: ['Datum'] }),
  odd('times with seconds and without them mixed', (random) => ({
    plant: someDays(random, { stepMinutes: 0.5 }),
    style: { stamp: (us) => (us % 60e6 === 0 ? stamp('%Y-%m-%d %H:%M')(us) : iso(us)) },
  })),
  odd('times with Z and with offsets mixed', (random) => ({
    plant: someDays(random),
    style: {
      stamp: (us) =>
        random.chance(0.5) ? stamp('%Y-%m-%dT%H:%M:%SZ')(us) : stamp('%Y-%m-%dT%H:%M:%S+01:00', HOUR_US)(us),
    },
    found: { 'time format': 'iso' },
  })),
  ...['01', '07'].map((month) =>
    odd(`naive times of Berlin in month ${month}, with tz`, (random) => ({
      plant: someDays(random, { first: `2024-${month}-11T07:00` }),
      style: { stamp: wallClock('Europe/Berlin', random.pick(['%Y-%m-%d %H:%M:%S', '%d.%m.%Y %H:%M'])) },
      more: { options: { tz: 'Europe/Berlin' } },
    })),
  ),
  odd('the name of the zone behind times', (random) => ({
    plant: someDays(random, { first: '2024-07-11T07:00' }),
    style: { stamp: wallClock('Europe/Berlin', '%Y-%m-%d %H:%M:%S Europe/Berlin') },
    more: { options: { tz: 'Asia/Tokyo' } },
  })),
  odd('days of the year, as one has to say: 2024-061 10:00', (random) => ({
    plant: someDays(random),
    style: { stamp: stamp('%Y-%j %H:%M'), time: ['time'] },
    more: { options: { timeFormat: '%Y-%j %H:%M', timeColumn: 'time' } },
  })),
  odd('the time in the last column', (random) => ({
    plant: someDays(random),
    edit: (text) => text.replaceAll(/^([^,\n]*),(.*)$/gm, '$2,$1'),
    found: { 'time format': 'iso' },
  })),
];
