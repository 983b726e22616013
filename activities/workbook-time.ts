const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** The day after 9999-12-31, the last one that workbooks have. */
const END_DAYS = 2_958_466;
/** Workbooks take 1900 for a leap year: up to its 29th of February, days are one less than they should be. */
const LEAP_DAYS = 60;
const [EPOCH_1900, EPOCH_1904] = [Date.UTC(1899, 11, 30), Date.UTC(1904, 0, 1)];
/** What of a number format is shown as it stands, and colours and languages. */
const LITERAL = /"[^"]*"|[\\_*].|\[[^\]]*\]/g;

/** What the number format of a cell says of the time in it. */
export interface TimeFormat {
  /** Hours or more that are counted on past a day. */
  elapsed: boolean;
  /** Shows the year or the day. */
  day: boolean;
  /** Shows hours or seconds. */
  clock: boolean;
}

/** @param format of which is known that it is one of dates or times */
export function timeFormat(format: string): TimeFormat {
  const shown = format.replaceAll(LITERAL, '');
  return { elapsed: /\[(h+|m+|s+)\]/i.test(format), day: /[yd]/i.test(shown), clock: /[hs]/i.test(shown) };
}

/**
 * Days, as workbooks count them, as a date with its time, or as a time alone where the format has no date or the
 * number no day. Null where a workbook shows no time either.
 */
export function timeText(days: number, { elapsed, day, clock }: TimeFormat, since1904: boolean): string | null {
  if (!(days >= 0 && days < END_DAYS)) return null;
  // Days are binary fractions: what was a whole second is not any more.
  const ms = Math.round(days * DAY_MS);
  if (elapsed) return `${String(Math.floor(ms / HOUR_MS)).padStart(2, '0')}${clockText(ms).slice(2)}`;
  if (days < 1 && clock && !(day && since1904)) return clockText(Math.min(ms, DAY_MS - 1));
  const shift = !since1904 && ms < LEAP_DAYS * DAY_MS ? DAY_MS : 0;
  const at = (since1904 ? EPOCH_1904 : EPOCH_1900) + ms + shift;
  const date = new Date(at).toISOString().slice(0, 10);
  return clock || at % DAY_MS !== 0 ? `${date} ${clockText(at)}` : date;
}

const clockText = (ms: number) => new Date(ms).toISOString().slice(11, 23).replace('.000', '');
