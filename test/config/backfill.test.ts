import { describe, expect, it } from 'vitest';
import { backfillSchema, EVERY, intervalsOf, MOST_INTERVALS } from '../../config/backfill.js';
import { MillraceError } from '../../config/errors.js';

const intervals = (from: string, to: string, every: (typeof EVERY)[number] = 'day', tz = 'UTC') =>
  intervalsOf({ from, to, every, tz }).map(({ start, end }) => `${short(start)} ${short(end)}`);
const short = (iso: string) => iso.replace(':00.000Z', '');
const hours = (tz: string, from: string, to: string) =>
  intervalsOf({ from, to, every: 'day', tz }).map(({ start, end }) => (Date.parse(end) - Date.parse(start)) / 3.6e6);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MillraceError) return error.code;
    throw error;
  }
  return 'none';
}

describe('the intervals of a backfill', () => {
  it('are whole days, both ends included', () => {
    expect(intervals('2024-02-28', '2024-03-01')).toEqual([
      '2024-02-28T00:00 2024-02-29T00:00',
      '2024-02-29T00:00 2024-03-01T00:00',
      '2024-03-01T00:00 2024-03-02T00:00',
    ]);
    expect(intervals('2024-02-29', '2024-02-29')).toHaveLength(1);
  });

  it('are days of the zone, of 23, 24 or 25 hours', () => {
    expect(hours('Europe/Berlin', '2024-03-30', '2024-04-01')).toEqual([24, 23, 24]);
    expect(hours('Europe/Berlin', '2024-10-26', '2024-10-28')).toEqual([24, 25, 24]);
    expect(intervals('2024-03-31', '2024-03-31', 'day', 'Europe/Berlin')).toEqual([
      '2024-03-30T23:00 2024-03-31T22:00',
    ]);
  });

  it('lie side by side, whatever they are', () => {
    for (const every of EVERY) {
      const all = intervalsOf({ from: '2024-01-10', to: '2024-03-20', every, tz: 'Europe/Berlin' });
      for (const [at, { start }] of all.entries()) if (at > 0) expect(start).toBe(all[at - 1]!.end);
      expect([all[0]!.start, all.at(-1)!.end]).toEqual(['2024-01-09T23:00:00.000Z', '2024-03-20T23:00:00.000Z']);
    }
  });

  it('are weeks from Monday, months, and hours; the first and last may be shorter', () => {
    expect(intervals('2024-01-10', '2024-01-24', 'week')).toEqual([
      '2024-01-10T00:00 2024-01-15T00:00',
      '2024-01-15T00:00 2024-01-22T00:00',
      '2024-01-22T00:00 2024-01-25T00:00',
    ]);
    expect(intervals('2023-12-01', '2024-01-31', 'month')).toEqual([
      '2023-12-01T00:00 2024-01-01T00:00',
      '2024-01-01T00:00 2024-02-01T00:00',
    ]);
    expect(intervals('2024-01-10T22:30Z', '2024-01-11T00:00Z', 'hour')).toEqual([
      '2024-01-10T22:30 2024-01-10T23:00',
      '2024-01-10T23:00 2024-01-11T00:00',
    ]);
  });

  it('begin at moments of the zone where they have none of their own', () => {
    expect(intervals('2024-07-01T06:00', '2024-07-01T08:00', 'day', 'Europe/Berlin')).toEqual([
      '2024-07-01T04:00 2024-07-01T06:00',
    ]);
    expect(intervals('2024-07-01T06:00+05:30', '2024-07-01T08:00+05:30')).toEqual([
      '2024-07-01T00:30 2024-07-01T02:30',
    ]);
  });

  it('are some, and not too many', () => {
    expect(codeOf(() => intervals('2024-03-02', '2024-03-01'))).toBe('MR_BACKFILL');
    expect(codeOf(() => intervals('2024-03-01T10:00Z', '2024-03-01T10:00Z'))).toBe('MR_BACKFILL');
    expect(codeOf(() => intervals('0900-01-01', '2024-01-01', 'hour'))).toBe('MR_BACKFILL');
    const last = new Date(Date.UTC(2000, 0, MOST_INTERVALS)).toISOString().slice(0, 10);
    expect(intervals('2000-01-01', last)).toHaveLength(MOST_INTERVALS);
    expect(codeOf(() => intervals('1999-12-31', last))).toBe('MR_BACKFILL');
  });
});

describe('what a backfill is declared as', () => {
  const wrong = (declaration: object) =>
    backfillSchema
      .safeParse({ pipeline: 'p', from: '2024-01-01', to: '2024-01-02', ...declaration })
      .error?.issues.map(({ path }) => path.join('.'));

  it('has defaults', () => {
    expect(backfillSchema.parse({ pipeline: 'p', from: '2024-01-01', to: '2024-01-02' })).toMatchObject({
      every: 'day',
      tz: 'UTC',
      maxActive: 2,
      only: 'missing',
      newestFirst: false,
    });
  });

  it('is of days that there are', () => {
    expect(wrong({ from: '2024-02-29', to: '2024-02-29' })).toBeUndefined();
    expect(wrong({ from: '2023-02-29', to: '2024-04-31' })).toEqual(['from', 'to']);
  });

  it('says all that is wrong with it at once', () => {
    expect(wrong({ from: 'yesterday', to: '2024-13-01', every: 'year', maxActive: 0, more: 1 })).toEqual([
      'from',
      'to',
      'every',
      'maxActive',
      '',
    ]);
  });
});
