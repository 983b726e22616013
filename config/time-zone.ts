import { MillraceError } from './errors.js';
import { nearest } from './nearest.js';

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
