/**
 * Hours from UTC of the names of zones that mean one thing wherever they are written. BST, CST, IST and others mean
 * several, so they are none that is known.
 */
export const ZONE_HOURS: Readonly<Record<string, number>> = {
  UTC: 0,
  GMT: 0,
  UT: 0,
  WET: 0,
  WEST: 1,
  CET: 1,
  MEZ: 1,
  CEST: 2,
  MESZ: 2,
  EET: 2,
  EEST: 3,
  MSK: 3,
  JST: 9,
  KST: 9,
  AEST: 10,
  AEDT: 11,
  NZST: 12,
  NZDT: 13,
  EST: -5,
  EDT: -4,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};

/** As an offset is written: `+02:00`. */
export const offsetOf = (hours: number) => `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;

/** What `minutesOf` takes. */
export const OFFSET = /^(?:UTC|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** Minutes from UTC of `+05:30` or `UTC`. */
export function minutesOf(offset: string): number {
  if (offset === 'UTC') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4));
  return offset.startsWith('-') ? -minutes : minutes;
}

const WORLD = /(?<![A-Za-z])(?:UTC|GMT)(?: ?([+-]) ?(\d{1,2})(?::?([0-5]\d))?)?(?![A-Za-z\d:]| ?[+-] ?\d)/i;
const ALONE = /^([+-])(\d{2}):([0-5]\d)$/;

/**
 * The offset from UTC that the name or the unit of a column of times says, as in `time (UTC)`, `utc_time`,
 * `Time [GMT+1]` or `MST`; null: none.
 */
export function offsetIn(text: string): string | null {
  const bare = text.trim();
  const hours = ZONE_HOURS[bare];
  if (hours !== undefined) return hours === 0 ? 'UTC' : offsetOf(hours);
  const found = WORLD.exec(bare) ?? ALONE.exec(bare);
  if (found === null) return null;
  const [, sign, hour, minute = '00'] = found;
  if (sign === undefined || hour === undefined) return 'UTC';
  const offset = `${sign}${hour.padStart(2, '0')}:${minute}`;
  if (!OFFSET.test(offset)) return null;
  return minutesOf(offset) === 0 ? 'UTC' : offset;
}
