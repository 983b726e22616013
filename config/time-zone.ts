import { MillraceError } from './errors.js';
import { nearest } from './nearest.js';

const DAY_MS = 86_400_000;

/** @throws MillraceError MR_ZONE_UNKNOWN with the zones that look alike */
export function checkZone(tz: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: tz });
    // Intl also takes fixed offsets, which DuckDB does not.
    if (/^[+-]/.test(tz)) throw new RangeError(tz);
  } catch {
    const alike = nearest(tz, Intl.supportedValuesOf('timeZone'));
    throw new MillraceError('MR_ZONE_UNKNOWN', `there is no time zone "${tz}"`, {
      allowed: `names of the IANA database, for example UTC or Europe/Berlin${alike.length > 0 ? `; these look alike: ${alike.join(', ')}` : ''}`,
    });
  }
}

/** `2024-03-31` of days since 1970-01-01. */
export function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Days since 1970-01-01 of `2024-03-31`. */
export function dayNumber(name: string): number {
  return Math.floor(Date.parse(`${name}T00:00:00Z`) / DAY_MS);
}

/** The moment a day begins in a zone, in µs since 1970: 23, 24 or 25 hours before the next one does. */
export function dayStart(day: number, tz: string): number {
  const wall = day * DAY_MS;
  // Midnight in the largest offset near: where clocks go back over it, the day begins when it first strikes.
  let moment = Math.min(...[wall - DAY_MS, wall, wall + DAY_MS].map((near) => wall - offsetMs(near, tz)));
  // In a smaller offset, or where midnight is skipped, it begins later; offsets since 1972 are quarters of hours.
  while (wallDay(moment, tz) < day) moment += 15 * 60_000;
  return moment * 1000;
}

/** The hour that clocks show twice on a day when they go back: its second time, in µs since 1970, and how long it is. */
export interface DoubledHour {
  from: number;
  length: number;
}

/** The hour that clocks show twice on a day, or null where they do not go back. */
export function doubledHour(day: number, tz: string): DoubledHour | null {
  const start = dayStart(day, tz) / 1000;
  const length = dayStart(day + 1, tz) / 1000 - start - DAY_MS;
  if (length <= 0) return null;
  const before = offsetMs(start, tz);
  let moment = start;
  while (offsetMs(moment, tz) >= before) moment += 15 * 60_000;
  return { from: moment * 1000, length: length * 1000 };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallMs(moment: number, tz: string): number {
  let format = formats.get(tz);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: tz,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(tz, format);
  }
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
}

/** Days since 1970-01-01 in a zone, of a moment in ms. */
export const dayOf = (moment: number, tz: string) => wallDay(moment, tz);

const offsetMs = (moment: number, tz: string) => wallMs(moment, tz) - moment;
const wallDay = (moment: number, tz: string) => Math.floor(wallMs(moment, tz) / DAY_MS);
