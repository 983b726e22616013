import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dayAfter, daysDue, type Interval, intervalOf, nothingIn } from '../../activities/interval.js';
import { dayName, dayNumber, dayStart } from '../../config/time-zone.js';
import { Registry } from '../../store/tables/registry.js';
import { type TestPostgres, testPostgres } from '../support/database.js';

const DAY_MS = 86_400_000;

describe('the days that are due in an interval', () => {
  it.each([
    ['the day before, at midnight exactly', 'UTC', '2026-05-01T00:00:00Z', '2026-05-02T00:00:00Z', '2026-05-01'],
    [
      'the day before, a moment after midnight',
      'UTC',
      '2026-05-01T00:00:00Z',
      '2026-05-02T00:00:00.001Z',
      '2026-05-01',
    ],
    ['a day that began before', 'UTC', '2026-05-01T06:00:00Z', '2026-05-02T06:00:00Z', '2026-05-01'],
    ['a day of 23 hours', 'Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', '2026-03-29'],
    ['a day of 25 hours', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', '2026-10-25'],
    ['a day east of Greenwich', 'Asia/Kathmandu', '2026-04-30T18:15:00Z', '2026-05-01T18:15:00Z', '2026-05-01'],
    ['a day west of Greenwich', 'America/Bogota', '2026-05-01T05:00:00Z', '2026-05-02T05:00:00Z', '2026-05-01'],
    ['times with offsets', 'Europe/Berlin', '2026-03-29T00:00:00+01:00', '2026-03-30T00:00:00+02:00', '2026-03-29'],
  ])('is one: %s', (_, tz, start, end, day) => {
    expect(daysDue({ start, end }, tz)).toEqual({ from: day, to: day });
  });

  it.each([
    ['within a day', 'UTC', '2026-05-01T10:00:00Z', '2026-05-01T11:00:00Z'],
    ['up to a moment before midnight', 'UTC', '2026-05-01T00:00:00Z', '2026-05-01T23:59:59.999Z'],
    ['24 hours of a day of 25', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T22:00:00Z'],
    ['over midnight of another zone', 'America/Bogota', '2026-05-01T23:00:00Z', '2026-05-02T01:00:00Z'],
  ])('is none: %s', (_, tz, start, end) => {
    const { from, to } = daysDue({ start, end }, tz);
    expect(nothingIn({ from, to })).not.toBeNull();
  });

  it('are all that ended within it', () => {
    expect(daysDue({ start: '2026-02-27T12:00:00Z', end: '2026-03-02T00:00:00Z' }, 'UTC')).toEqual({
      from: '2026-02-27',
      to: '2026-03-01',
    });
  });
});

/** When clocks change, a day is left out, or midnight is skipped or strikes twice. */
const SWITCHES: [string, string][] = [
  ['Europe/Berlin', '2026-03-29'],
  ['Europe/Berlin', '2026-10-25'],
  ['America/Havana', '2024-03-10'],
  ['America/Havana', '2024-11-03'],
  ['Africa/Cairo', '2024-04-26'],
  ['Africa/Cairo', '2024-10-31'],
  ['Australia/Lord_Howe', '2024-04-07'],
  ['Antarctica/Casey', '2023-03-09'],
  ['Pacific/Apia', '2011-12-30'],
];

// Until November 2011 clocks of Newfoundland went back a minute after midnight: the day before came back for an hour.
const FIRST_DAY = dayNumber('2011-12-01');
const anyDay = fc.nat(20 * 365).map((days) => dayName(FIRST_DAY + days));
const place = fc.oneof(
  fc.tuple(fc.constantFrom(...Intl.supportedValuesOf('timeZone')), anyDay),
  fc.constantFrom(...SWITCHES),
);

/** Moments a schedule may fire at: near the beginning of a day, or anywhere in it. */
const firing = fc.record({
  day: fc.integer({ min: -3, max: 4 }),
  ms: fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: 0, max: DAY_MS })),
});

const property = fc.record({ place, firings: fc.array(firing, { minLength: 2, maxLength: 6 }) }).map((drawn) => {
  const [tz, near] = drawn.place;
  const moments = drawn.firings.map(({ day, ms }) => dayStart(dayNumber(near) + day, tz) / 1000 + ms);
  const sorted = [...new Set(moments)].sort((a, b) => a - b).map((moment) => new Date(moment).toISOString());
  const intervals = sorted.slice(1).map((end, at): Interval => ({ start: sorted[at]!, end }));
  return { tz, intervals };
});

const daysIn = (interval: Interval, tz: string): string[] => {
  const { from, to } = daysDue(interval, tz);
  const count = Math.max(0, dayNumber(to) - dayNumber(from) + 1);
  return Array.from({ length: count }, (_, at) => dayName(dayNumber(from) + at));
};

/** What is meant: the days whose last moment has passed since the interval began. */
function ended({ start, end }: Interval, tz: string): string[] {
  const first = Math.floor(Date.parse(start) / DAY_MS) - 3;
  const last = Math.floor(Date.parse(end) / DAY_MS) + 3;
  return Array.from({ length: last - first }, (_, at) => first + at)
    .filter((day) => {
      const over = dayStart(day + 1, tz) / 1000;
      return Date.parse(start) < over && over <= Date.parse(end);
    })
    .map(dayName);
}

describe('intervals side by side', () => {
  it('have the days that ended within them, in any zone', () => {
    fc.assert(
      fc.property(property, ({ tz, intervals }) => {
        for (const interval of intervals) expect(daysIn(interval, tz)).toEqual(ended(interval, tz));
      }),
      { numRuns: 1000 },
    );
  });

  it('share no day and skip none', () => {
    fc.assert(
      fc.property(property, ({ tz, intervals }) => {
        fc.pre(intervals.length > 0);
        const whole = { start: intervals[0]!.start, end: intervals.at(-1)!.end };
        expect(intervals.flatMap((interval) => daysIn(interval, tz))).toEqual(daysIn(whole, tz));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the interval of a firing', () => {
  let postgres: TestPostgres;
  let registry: Registry;
  let asked: [string, string][];
  let before: Date | null;

  beforeAll(async () => {
    postgres = await testPostgres();
  });
  afterAll(() => postgres.close());
  beforeEach(async () => {
    registry = new Registry(await postgres.database());
    asked = [];
    before = null;
  });

  const timeBefore = async (schedule: string, at: Date) => {
    asked.push([schedule, at.toISOString()]);
    return before;
  };
  const fired = (at: string, schedule = 'nightly') =>
    intervalOf({ registry, schedules: { timeBefore } }, { schedule, at });

  /** Records a run of an interval, as `resolve` does. */
  async function record(interval: Interval, schedule: string | null = 'nightly'): Promise<void> {
    const id = `${schedule}.${interval.end}`;
    const run = { runId: id, workflowId: id, temporalRunId: id, pipeline: 'sensor-training' };
    await registry.beginRun(run, {}, interval, { schedule });
  }

  it('begins, for the first, when the schedule would have fired before', async () => {
    before = new Date('2026-05-01T02:00:00Z');
    expect(await fired('2026-05-02T02:00:00Z')).toEqual({
      start: '2026-05-01T02:00:00.000Z',
      end: '2026-05-02T02:00:00.000Z',
    });
    expect(asked).toEqual([['nightly', '2026-05-02T02:00:00.000Z']]);
  });

  it('begins with all time where there is no moment before', async () => {
    expect(await fired('2026-05-02T02:00:00Z')).toEqual({
      start: '1970-01-01T00:00:00.000Z',
      end: '2026-05-02T02:00:00.000Z',
    });
  });

  it('begins where that of the firing before ended, however long ago: what was missed is made up for', async () => {
    before = new Date('2026-05-08T02:00:00Z');
    await record({ start: '2026-05-01T02:00:00Z', end: '2026-05-02T02:00:00Z' });
    await record({ start: '2026-05-02T02:00:00Z', end: '2026-05-03T02:00:00Z' });
    expect((await fired('2026-05-09T02:00:00Z')).start).toBe('2026-05-03T02:00:00.000Z');
    expect(asked).toEqual([]);
  });

  it('lies beside that of a trigger by hand in between', async () => {
    await record({ start: '2026-05-01T02:00:00Z', end: '2026-05-02T02:00:00Z' });
    const byHand = await fired('2026-05-02T15:37:12.345Z');
    await record(byHand);
    const next = await fired('2026-05-03T02:00:00Z');
    expect([byHand, next]).toEqual([
      { start: '2026-05-02T02:00:00.000Z', end: '2026-05-02T15:37:12.345Z' },
      { start: '2026-05-02T15:37:12.345Z', end: '2026-05-03T02:00:00.000Z' },
    ]);
  });

  it('is not touched by runs of other schedules, nor by those that none started', async () => {
    before = new Date('2026-05-02T02:00:00Z');
    await record({ start: '2026-05-02T00:00:00Z', end: '2026-05-02T20:00:00Z' }, 'hourly');
    await record({ start: '2026-05-02T00:00:00Z', end: '2026-05-02T21:00:00Z' }, null);
    expect((await fired('2026-05-03T02:00:00Z')).start).toBe('2026-05-02T02:00:00.000Z');
  });

  it('is empty where a later firing was resolved first, and took its time', async () => {
    before = new Date('2026-05-01T02:00:00Z');
    await record(await fired('2026-05-03T02:00:00Z'));
    const late = await fired('2026-05-02T02:00:00Z');
    expect(late).toEqual({ start: '2026-05-02T02:00:00.000Z', end: '2026-05-02T02:00:00.000Z' });
    expect(nothingIn(daysDue(late, 'UTC'))).not.toBeNull();
    await record(late);
    expect((await fired('2026-05-04T02:00:00Z')).start).toBe('2026-05-03T02:00:00.000Z');
  });

  it('is not touched by firings at the same moment or later', async () => {
    await record({ start: '2026-05-01T02:00:00Z', end: '2026-05-02T02:00:00Z' });
    await record({ start: '2026-05-02T02:00:00Z', end: '2026-05-03T02:00:00Z' });
    await record({ start: '2026-05-03T02:00:00Z', end: '2026-05-04T02:00:00Z' });
    expect(await fired('2026-05-03T02:00:00Z')).toEqual({
      start: '2026-05-02T02:00:00.000Z',
      end: '2026-05-03T02:00:00.000Z',
    });
  });
});

describe('a selection of days', () => {
  it.each([
    [null, null],
    ['2026-05-01', null],
    [null, '2026-05-01'],
    ['2026-05-01', '2026-05-01'],
    ['2026-05-01', '2026-05-02'],
  ])('from %s to %s may hold something', (from, to) => {
    expect(nothingIn({ from, to })).toBeNull();
  });

  it('holds nothing where the interval ends before a day does, and says why', () => {
    expect(nothingIn({ from: '2026-05-02', to: '2026-05-01' })).toBe(
      'no whole day lies between 2026-05-02 and 2026-05-01: it is too early for the next',
    );
  });
});

it('knows the day after', () => {
  expect(['2024-02-28', '2024-02-29', '2025-12-31'].map(dayAfter)).toEqual(['2024-02-29', '2024-03-01', '2026-01-01']);
});
