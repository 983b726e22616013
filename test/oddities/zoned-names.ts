import { grow, type Random } from './plant.js';
import { HOUR_US, stamp } from './stamps.js';
import { type Oddity, odd } from './written.js';

/** Over the night in which clocks are put forward, and that in which they are put back: in UTC there is neither. */
const nights = (random: Random) =>
  grow(random, { first: random.pick(['2024-03-30T19:00', '2024-10-26T19:00']), stepMinutes: 30, moments: 60 });

const named = (name: string, hours: number, offset: string, pattern = '%Y-%m-%d %H:%M:%S'): Oddity =>
  odd(`times without a zone in a column called ${name}`, (random) => ({
    plant: nights(random),
    style: { time: [name], stamp: stamp(pattern, hours * HOUR_US) },
    found: { 'offset from UTC': offset },
    more: { options: { tz: 'Europe/Berlin' } },
  }));

export const ZONED_NAMES: Oddity[] = [
  named('time(UTC)', 0, 'UTC'),
  named('timestamp_utc', 0, 'UTC', '%d.%m.%Y %H:%M'),
  named('Time [GMT+1]', 1, '+01:00'),
  named('Zeit (MEZ)', 1, '+01:00', '%d.%m.%Y %H:%M'),
  named('UTC-03:30 time', -3.5, '-03:30', '%Y-%m-%dT%H:%M'),
  odd('numbers of seconds since 1970 in a column called time (CET)', (random) => ({
    plant: nights(random),
    style: { time: ['time (CET)'], stamp: (us) => String(us / 1e6) },
    found: { 'time format': 'epoch-s', 'offset from UTC': null },
    more: { options: { tz: 'Europe/Berlin' } },
  })),
  odd('times with and without an offset, in a column called time (UTC)', (random) => ({
    plant: nights(random),
    style: {
      time: ['time (UTC)'],
      stamp: (us) => {
        const bare = (us / (30 * 60e6)) % 2 === 0;
        return bare ? stamp('%Y-%m-%d %H:%M:%S')(us) : stamp('%Y-%m-%d %H:%M:%S+02:00', 2 * HOUR_US)(us);
      },
    },
    found: { 'offset from UTC': 'UTC' },
    more: { options: { tz: 'Europe/Berlin' } },
  })),
  odd('times in UTC that do not say so, of which one has to say it', (random) => ({
    plant: nights(random),
    style: { time: ['time'] },
    found: { 'offset from UTC': 'UTC' },
    more: { options: { tz: 'Europe/Berlin', utcOffset: 'UTC' } },
  })),
];
