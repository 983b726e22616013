const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

export const HOUR_US = 3_600_000_000;
export const DAY_US = 24 * HOUR_US;

const two = (n: number) => String(n).padStart(2, '0');

/** Writes moments (µs, UTC) as strftime does; `%-d` and the like without zeros in front, `%L` are milliseconds. */
export function stamp(pattern: string, shiftUs = 0): (us: number) => string {
  return (us) => {
    const date = new Date(Math.floor((us + shiftUs) / 1000));
    const fraction = ((us + shiftUs) % 1_000_000) + 1_000_000;
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    const [hour, minute, second] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
    const half = hour % 12 === 0 ? 12 : hour % 12;
    const parts: Record<string, string> = {
      '%Y': String(year),
      '%y': two(year % 100),
      '%m': two(month),
      '%-m': String(month),
      '%B': MONTHS[month - 1]!,
      '%b': MONTHS[month - 1]!.slice(0, 3),
      '%d': two(day),
      '%-d': String(day),
      '%j': String(Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) + 1).padStart(3, '0'),
      '%A': DAYS[date.getUTCDay()]!,
      '%a': DAYS[date.getUTCDay()]!.slice(0, 3),
      '%H': two(hour),
      '%-H': String(hour),
      '%I': two(half),
      '%-I': String(half),
      '%M': two(minute),
      '%S': two(second),
      '%p': hour < 12 ? 'AM' : 'PM',
      '%f': String(fraction).slice(1),
      '%L': String(fraction).slice(1, 4),
    };
    return pattern.replaceAll(/%-?[A-Za-z]/g, (each) => parts[each]!);
  };
}

export const iso = stamp('%Y-%m-%d %H:%M:%S');

/** The wall clock of a zone, for naive times. */
export function wallClock(zone: string, pattern: string): (us: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  return (us) => stamp(pattern)(Date.parse(`${format.format(us / 1000).replace(' ', 'T')}Z`) * 1000);
}
