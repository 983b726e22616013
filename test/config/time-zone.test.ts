import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkZone, dayName, dayNumber, dayStart } from '../../config/time-zone.js';
import { quote } from '../../store/sql.js';
import { type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
});
afterAll(() => stores.close());

/** When a day begins in a zone, and how many hours it has. */
function bounds(day: string, tz: string): [string, number] {
  const start = dayStart(dayNumber(day), tz);
  const end = dayStart(dayNumber(day) + 1, tz);
  return [new Date(start / 1000).toISOString(), (end - start) / 3600e6];
}

describe('the bounds of a day', () => {
  test.each([
    ['an ordinary day', 'UTC', '2024-03-31', '2024-03-31T00:00:00.000Z', 24],
    ['a day of 23 hours', 'Europe/Berlin', '2024-03-31', '2024-03-30T23:00:00.000Z', 23],
    ['the day after it', 'Europe/Berlin', '2024-04-01', '2024-03-31T22:00:00.000Z', 24],
    ['a day of 25 hours', 'Europe/Berlin', '2024-10-27', '2024-10-26T22:00:00.000Z', 25],
    ['an offset of 5:45', 'Asia/Kathmandu', '2024-01-01', '2023-12-31T18:15:00.000Z', 24],
    ['a switch of half an hour', 'Australia/Lord_Howe', '2024-04-07', '2024-04-06T13:00:00.000Z', 24.5],
    ['the largest offset', 'Pacific/Kiritimati', '2024-01-01', '2023-12-31T10:00:00.000Z', 24],
    ['a skipped midnight', 'America/Havana', '2024-03-10', '2024-03-10T05:00:00.000Z', 23],
    ['a midnight that strikes twice', 'America/Havana', '2024-11-03', '2024-11-03T04:00:00.000Z', 25],
    ['a skipped midnight east of Greenwich', 'Africa/Cairo', '2024-04-26', '2024-04-25T22:00:00.000Z', 23],
    ['a last hour that comes twice', 'Africa/Cairo', '2024-10-31', '2024-10-30T21:00:00.000Z', 25],
    ['clocks that go back three hours to midnight', 'Antarctica/Casey', '2023-03-09', '2023-03-08T13:00:00.000Z', 27],
    ['a day that was left out', 'Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00.000Z', 0],
  ])('%s: %s %s', (_, tz, day, start, hours) => {
    expect(bounds(day, tz)).toEqual([start, hours]);
  });

  test.each([
    'Europe/Berlin',
    'America/Havana',
    'Africa/Cairo',
    'Asia/Kathmandu',
    'America/Sao_Paulo',
    'Asia/Beirut',
    'Pacific/Chatham',
  ])('are those by which DuckDB tells the days of %s apart', async (tz) => {
    const days = Array.from({ length: 800 }, (_, i) => dayNumber('2017-01-01') + i * 4 + (i % 4));
    const starts = days.map((day) => dayStart(day, tz));
    const wrong = await stores.duck.session({ tz, signal: undefined }, (duck) =>
      duck.rows(
        `SELECT day FROM (SELECT unnest([${days.join()}]) AS day, unnest([${starts.join()}])::BIGINT AS start)
           WHERE make_timestamptz(start)::DATE - DATE '1970-01-01' <> day
              OR make_timestamptz(start - 1)::DATE - DATE '1970-01-01' <> day - 1`,
      ),
    );
    expect(wrong).toEqual([]);
  });
});

test('days have names and numbers', () => {
  expect(dayNumber('1970-01-01')).toBe(0);
  expect(dayNumber('2024-02-29')).toBe(19_782);
  expect(dayName(19_782)).toBe('2024-02-29');
  expect(dayName(-1)).toBe('1969-12-31');
});

describe('the name of a zone', () => {
  test.each(['UTC', 'Europe/Berlin', 'Asia/Calcutta', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'])(
    '%s is taken, by DuckDB too',
    async (tz) => {
      expect(() => checkZone(tz)).not.toThrow();
      const [row] = await stores.duck.session({ tz, signal: undefined }, (duck) =>
        duck.rows<{ zone: string }>(`SELECT current_setting('TimeZone') = ${quote(tz)} AS zone`),
      );
      expect(row).toEqual({ zone: true });
    },
  );

  test('one that is not known is refused with those that look alike', () => {
    expect(() => checkZone('Europe/Berln')).toThrow(
      expect.objectContaining({
        code: 'MR_ZONE_UNKNOWN',
        message: expect.stringMatching(/there is no time zone "Europe\/Berln"\n.*these look alike: Europe\/Berlin/),
      }),
    );
  });

  test.each(['+02:00', '', 'Mars/Olympus', "x'; DROP TABLE a"])('%j is refused', (tz) => {
    expect(() => checkZone(tz)).toThrow(expect.objectContaining({ code: 'MR_ZONE_UNKNOWN' }));
  });
});
