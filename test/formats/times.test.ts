import { describe, expect, it } from 'vitest';
import { addOrder, decideOrder, guessTime, patternsOf } from '../../formats/times.js';

const days = (n: number, write: (date: Date) => string, stepMs = 86_400_000, from = Date.UTC(2024, 0, 1)) =>
  Array.from({ length: n }, (_, at) => write(new Date(from + at * stepMs)));
const two = (n: number) => String(n).padStart(2, '0');
const dayFirst = (date: Date) => `${two(date.getUTCDate())}/${two(date.getUTCMonth() + 1)}/${date.getUTCFullYear()}`;
const monthFirst = (date: Date) => `${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())}/${date.getUTCFullYear()}`;

describe('the format of a column of times', () => {
  it.each([
    ['as databases write it', days(9, (date) => date.toISOString()), { kind: 'plain' }, true],
    ['without a zone', days(9, (date) => date.toISOString().slice(0, 19)), { kind: 'plain' }, false],
    [
      'with one pattern',
      ['3. Feb 2024 4:05', '13. Feb 2024 14:05'],
      { kind: 'pattern', patterns: ['%d. %b %Y %H:%M'] },
      false,
    ],
    ['in seconds', days(9, (date) => String(date.getTime() / 1000)), { kind: 'epoch', unit: 's' }, true],
    ['in fractions of seconds', ['1704067200.5', '1704067201.5'], { kind: 'epoch', unit: 's' }, true],
    ['in milliseconds', days(9, (date) => String(date.getTime())), { kind: 'epoch', unit: 'ms' }, true],
    ['in microseconds', days(9, (date) => `${date.getTime()}000`), { kind: 'epoch', unit: 'us' }, true],
    ['in nanoseconds', days(9, (date) => `${date.getTime()}000000`), { kind: 'epoch', unit: 'ns' }, true],
    ['in days of spreadsheets', ['45292.25', '45292.5', '45293'], { kind: 'serial' }, false],
  ])('is found: %s', (_, cells, format, zoned) => {
    expect(guessTime(cells)).toMatchObject({ format, zoned, share: 1 });
  });

  it('is several patterns where seconds are left out at full minutes', () => {
    const cells = ['1.2.2024 10:00:30', '1.2.2024 10:01', '1.2.2024 10:01:30'];
    expect(guessTime(cells)?.format).toEqual({ kind: 'pattern', patterns: ['%1.%2.%Y %H:%M:%S', '%1.%2.%Y %H:%M'] });
  });

  it('is found though one cell in ten is something else', () => {
    expect(guessTime([...days(18, dayFirst), 'Sum', 'Mean'])).toMatchObject({ share: 0.9 });
    expect(guessTime([...days(17, dayFirst), 'Sum', 'Mean', ''])).toBeNull();
  });

  it.each([[[]], [['12', '13']], [['a', 'b']], [['0', '1704067200']], [['2024', '2025']]])('is none in %j', (cells) => {
    expect(guessTime(cells)).toBeNull();
  });
});

describe('day or month first', () => {
  const orderOf = (cells: string[]) => decideOrder(guessTime(cells)!.order!);

  it('is certain as soon as a number is above 12', () => {
    expect(orderOf(days(40, dayFirst))).toMatchObject({ order: 'day-first', sure: 'certain' });
    expect(orderOf(days(40, monthFirst))).toMatchObject({ order: 'month-first', sure: 'certain' });
  });

  it('is likely where one way the days follow each other, and the other they jump', () => {
    expect(orderOf(days(10, dayFirst))).toMatchObject({ order: 'day-first', sure: 'likely' });
    expect(orderOf(days(10, monthFirst))).toMatchObject({ order: 'month-first', sure: 'likely' });
    const hours = (write: (date: Date) => string) => days(60, write, 3_600_000);
    expect(orderOf(hours(dayFirst))).toMatchObject({ order: 'day-first', sure: 'likely' });
  });

  it('is left open where nothing says so', () => {
    expect(orderOf(['03/04/2024', '03/04/2024'])).toBeNull();
  });

  it('is no matter where both numbers are the same', () => {
    expect(orderOf(['05/05/2024', '06/06/2024'])).toMatchObject({ sure: 'likely' });
  });

  it('is left open where the cells contradict each other', () => {
    expect(orderOf(['13/01/2024', '01/13/2024'])).toBeNull();
  });

  it('of one file is known from another', () => {
    const [open, known] = [['03/04/2024'], ['13/04/2024']].map((cells) => guessTime(cells)!.order!);
    expect(decideOrder(addOrder(open!, known!))).toMatchObject({ order: 'day-first', sure: 'certain' });
  });

  it('puts day and month into their places', () => {
    expect(patternsOf(['%1.%2.%Y', '%Y-%m-%d'], 'day-first')).toEqual(['%d.%m.%Y', '%Y-%m-%d']);
    expect(patternsOf(['%1.%2.%Y'], 'month-first')).toEqual(['%m.%d.%Y']);
  });
});
