import { ZONE_HOURS } from './zones.js';

/** A stamp taken apart: how it is written. */
export interface Stamp {
  /**
   * Pattern of strptime; `%1` and `%2` stand for day and month where either may be first, `%K` for the short name of a
   * zone. A Z at its end is UTC.
   */
  pattern: string;
  /** Whether a zone or an offset stands in it. */
  zoned: boolean;
  /** Whether it is written as a database writes it: a cast reads it faster than a pattern. */
  plain: boolean;
  /** The two numbers of a date as `03/04/2024`. */
  either: [number, number] | null;
}

type Part = Omit<Stamp, 'zoned'> & { rest: string };

const SHORT = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
const MONTH = `january|february|march|april|june|july|august|september|october|november|december|${SHORT}`;
const WEEKDAY = /^(?:(mon|tue|wed|thu|fri|sat|sun)|(monday|tuesday|wednesday|thursday|friday|saturday|sunday))(,? )/i;

const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/;
const YEAR_LAST = /^(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?!\d)/;
const DAY_MONTH = new RegExp(`^(\\d{1,2})([-/ .]{0,2})(${MONTH})([-/ .,]{0,2})(\\d{4}|\\d{2})(?!\\d)`, 'i');
const MONTH_DAY = new RegExp(`^(${MONTH})([-/ .]{0,2})(\\d{1,2})(,? |[-/])(\\d{4})(?!\\d)`, 'i');
const DIGITS = /^((?:19|20)\d{2})(\d{2})(\d{2})(?=$|\D|\d{4}(?:\D|$)|\d{6})/;

const GAP = /^(T|[ ,_-]{1,3}|:)(?=\d)/i;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:([.,])(\d{1,9}))?)?(?:(\s?)([ap]\.?m\.?))?(?!\d)/i;
const CLOCK_DIGITS = /^([T_ :-]?)(\d{2})(\d{2})(\d{2})?(?!\d)/i;
const ZONE = /^(\s?)(Z|[+-]\d{2}(?::?\d{2})?|[A-Z]{2,4}|[A-Z][a-z]+(?:\/[A-Za-z_]+)+)$/;

/** Takes a stamp apart: a date, then a time of day and a zone where there are any. Null: it is none that is known. */
export function parseStamp(cell: string): Stamp | null {
  const weekday = WEEKDAY.exec(cell);
  const date = dateOf(cell.slice(weekday?.[0].length ?? 0));
  if (date === null) return null;
  const clock = clockOf(date.rest);
  if (clock === null) return null;
  const zone = clock.rest === '' ? null : ZONE.exec(clock.rest);
  if (clock.rest !== '' && zone === null) return null;
  const [, space = '', name = ''] = zone ?? [];
  if (/^[A-Z]{2,4}$/.test(name) && !(name in ZONE_HOURS)) return null;
  const sign = signOf(name);
  const day = weekday === null ? '' : `${weekday[1] === undefined ? '%A' : '%a'}${weekday[3]}`;
  return {
    pattern: `${day}${date.pattern}${clock.pattern}${space}${sign}`,
    zoned: sign !== '',
    plain: weekday === null && date.plain && clock.plain && sign !== '%Z' && sign !== '%K',
    either: date.either,
  };
}

/** What stands for a zone in a pattern. Patterns have no word for a Z: it stands there as itself. */
function signOf(zone: string): string {
  if (zone === '' || zone === 'Z') return zone;
  if (/^[+-]/.test(zone)) return '%z';
  return zone in ZONE_HOURS ? '%K' : '%Z';
}

function dateOf(text: string): Part | null {
  const part = (match: RegExpExecArray, pattern: string, plain = false): Part => {
    return { pattern, plain, either: null, rest: text.slice(match[0].length) };
  };
  const yearFirst = YEAR_FIRST.exec(text);
  if (yearFirst !== null) {
    const [, , mark, month, day] = yearFirst;
    return isMonth(month) && isDay(day) ? part(yearFirst, `%Y${mark}%m${mark}%d`, mark !== '.') : null;
  }
  const yearLast = YEAR_LAST.exec(text);
  if (yearLast !== null) {
    const [, one, mark, two, year] = yearLast;
    const either: [number, number] = [Number(one), Number(two)];
    if (Math.min(...either) < 1 || Math.min(...either) > 12 || Math.max(...either) > 31) return null;
    return { ...part(yearLast, `%1${mark}%2${mark}${yearOf(year)}`), either };
  }
  const dayMonth = DAY_MONTH.exec(text);
  if (dayMonth !== null) {
    const [, day, before, month, after, year] = dayMonth;
    return isDay(day) ? part(dayMonth, `%d${before}${monthOf(month)}${after}${yearOf(year)}`) : null;
  }
  const monthDay = MONTH_DAY.exec(text);
  if (monthDay !== null) {
    const [, month, before, day, after] = monthDay;
    return isDay(day) ? part(monthDay, `${monthOf(month)}${before}%d${after}%Y`) : null;
  }
  const digits = DIGITS.exec(text);
  if (digits !== null) return isMonth(digits[2]) && isDay(digits[3]) ? part(digits, '%Y%m%d') : null;
  return null;
}

/** The time of day behind a date; none is midnight. */
function clockOf(text: string): Omit<Part, 'either'> | null {
  const gap = GAP.exec(text)?.[0] ?? '';
  const clock = gap === '' ? null : CLOCK.exec(text.slice(gap.length));
  if (clock !== null) {
    const [whole, hour, minute, second, point, fraction, space = '', half] = clock;
    if (!isClock(hour, minute, second)) return null;
    const seconds = second === undefined ? '' : ':%S';
    // Patterns read six digits of a second; what is finer is left to the cast.
    const fine = fraction === undefined ? '' : `${point}%f`;
    return {
      pattern: `${gap}${half === undefined ? '%H' : '%I'}:%M${seconds}${fine}${half === undefined ? '' : `${space}%p`}`,
      plain: /^[T ]$/.test(gap) && hour!.length === 2 && seconds !== '' && point !== ',' && half === undefined,
      rest: text.slice(gap.length + whole.length),
    };
  }
  const digits = CLOCK_DIGITS.exec(text);
  if (digits !== null) {
    const [whole, mark, hour, minute, second] = digits;
    if (!isClock(hour, minute, second)) return null;
    return { pattern: `${mark}%H%M${second === undefined ? '' : '%S'}`, plain: false, rest: text.slice(whole.length) };
  }
  return { pattern: '', plain: true, rest: text };
}

/** 24:00 is the end of a day. */
const isClock = (hour?: string, minute?: string, second = '0') =>
  Number(hour) <= 24 && Number(minute) <= 59 && Number(second) <= 60;
const isMonth = (text?: string) => Number(text) >= 1 && Number(text) <= 12;
const isDay = (text?: string) => Number(text) >= 1 && Number(text) <= 31;
const yearOf = (text?: string) => (text?.length === 4 ? '%Y' : '%y');
const monthOf = (text = '') => (text.length === 3 ? '%b' : '%B');
