import type { Sure } from './numbers.js';
import { parseStamp, type Stamp } from './stamp.js';

/** How the moments of a column are written. */
export type TimeFormat =
  /** As databases write them, a zone may follow: DuckDB's cast reads them. */
  | { kind: 'plain' }
  /** Patterns of strptime, the commonest first. */
  | { kind: 'pattern'; patterns: string[] }
  /** A number of these since 1970, in UTC. */
  | { kind: 'epoch'; unit: EpochUnit }
  /** Days since 1899-12-30, as spreadsheets count them. */
  | { kind: 'serial' };

export type EpochUnit = 's' | 'ms' | 'us' | 'ns';
export type DayOrder = 'day-first' | 'month-first';

/** What the cells of a column say about which of the two numbers of `03/04/2024` is the day. */
export interface OrderEvidence {
  /** Cells that can only be read so: the other number is above 12. */
  dayFirst: number;
  monthFirst: number;
  /** Cells whose two numbers differ: the others are the same day either way. */
  different: number;
  /** Days from each cell to the next, summed, in either reading: data go on from day to day. */
  dayFirstJumps: number;
  monthFirstJumps: number;
}

export interface TimeGuess {
  format: TimeFormat;
  /** Share of the cells that are written so. */
  share: number;
  zoned: boolean;
  /** Whether they are days, without a time of day. */
  dateOnly: boolean;
  why: string;
  /** Of dates whose two first numbers may be day or month. */
  order: OrderEvidence | null;
}

/** Moments that numbers may stand for: from 1980 to 2100; what a unit smaller is, is a thousand times as large. */
const FIRST_S = 315_532_800;
const LAST_S = 4_102_444_800;
const UNITS: EpochUnit[] = ['s', 'ms', 'us', 'ns'];
/** The same in days of spreadsheets. */
const FIRST_SERIAL = 29_221;
const LAST_SERIAL = 73_051;
/** Cells of one column are written alike; what is not will be set apart. */
const LEAST_SHARE = 0.9;
const MOST_PATTERNS = 6;
const DAY_MS = 86_400_000;

/**
 * How the moments of a column are written, by some of its cells; null: they are none.
 * @param leastShare of the cells that have to be moments
 */
export function guessTime(cells: readonly string[], leastShare = LEAST_SHARE): TimeGuess | null {
  if (cells.length === 0) return null;
  const stamps = cells.map(parseStamp).filter((stamp) => stamp !== null);
  if (stamps.length > 0 && stamps.length >= leastShare * cells.length) return ofStamps(stamps, cells.length);
  const numbers = cells.map(Number).filter((number) => Number.isFinite(number));
  return numbers.length < LEAST_SHARE * cells.length ? null : ofNumbers(numbers, cells.length);
}

function ofStamps(stamps: readonly Stamp[], cells: number): TimeGuess {
  const counts = new Map<string, number>();
  for (const { pattern } of stamps) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  const patterns = [...counts].sort(([, a], [, b]) => b - a).map(([pattern]) => pattern);
  const plain = stamps.every((stamp) => stamp.plain);
  const dates = stamps.map(({ either }) => either).filter((either) => either !== null);
  return {
    format: plain ? { kind: 'plain' } : { kind: 'pattern', patterns: patterns.slice(0, MOST_PATTERNS) },
    share: stamps.length / cells,
    zoned: stamps.some(({ zoned }) => zoned),
    dateOnly: !patterns.some((pattern) => /%[HI]/.test(pattern)),
    why: plain ? 'written as databases write it' : `written as ${patterns[0]}`,
    order: dates.length === 0 ? null : orderOf(dates),
  };
}

function ofNumbers(numbers: readonly number[], cells: number): TimeGuess | null {
  const within = (from: number, to: number) => numbers.filter((number) => number >= from && number < to).length;
  const guess = (format: TimeFormat, n: number, why: string): TimeGuess | null => {
    if (n < LEAST_SHARE * cells) return null;
    return { format, share: n / cells, zoned: format.kind === 'epoch', dateOnly: false, why, order: null };
  };
  for (const [power, unit] of UNITS.entries()) {
    const scale = 1000 ** power;
    const found = guess({ kind: 'epoch', unit }, within(FIRST_S * scale, LAST_S * scale), `${unit} since 1970`);
    if (found !== null) return found;
  }
  return guess({ kind: 'serial' }, within(FIRST_SERIAL, LAST_SERIAL), 'days since 1899-12-30, as spreadsheets count');
}

/** What dates say, in the order of their records. */
export function orderOf(dates: readonly [number, number][]): OrderEvidence {
  const evidence = { dayFirst: 0, monthFirst: 0, different: 0, dayFirstJumps: 0, monthFirstJumps: 0 };
  // In any one year: only the steps count.
  const dayOf = (day: number, month: number) => Date.UTC(2001, month - 1, day) / DAY_MS;
  let before: [number, number] | null = null;
  for (const [one, two] of dates) {
    if (one > 12) evidence.dayFirst++;
    if (two > 12) evidence.monthFirst++;
    if (one !== two) evidence.different++;
    if (before !== null) {
      evidence.dayFirstJumps += Math.abs(dayOf(one, two) - dayOf(...before));
      evidence.monthFirstJumps += Math.abs(dayOf(two, one) - dayOf(before[1], before[0]));
    }
    before = [one, two];
  }
  return evidence;
}

export interface OrderDecision {
  order: DayOrder;
  sure: Sure;
  why: string;
}

/** Which of two readings goes on from day to day, and the other not: the one has to be so much calmer. */
const CALMER = 3;

/** Whether days or months come first; null where nothing says so, or the cells contradict each other. */
export function decideOrder(evidence: OrderEvidence): OrderDecision | null {
  const { dayFirst, monthFirst, different, dayFirstJumps, monthFirstJumps } = evidence;
  if (different === 0) return { order: 'day-first', sure: 'likely', why: 'day and month are the same in all cells' };
  if (dayFirst > 0 && monthFirst === 0)
    return { order: 'day-first', sure: 'certain', why: `in ${dayFirst} cells the first number is above 12` };
  if (monthFirst > 0 && dayFirst === 0)
    return { order: 'month-first', sure: 'certain', why: `in ${monthFirst} cells the second number is above 12` };
  if (dayFirst > 0 || dayFirstJumps === monthFirstJumps) return null;
  const [calm, wild] = [Math.min(dayFirstJumps, monthFirstJumps), Math.max(dayFirstJumps, monthFirstJumps)];
  if (wild < CALMER * Math.max(1, calm)) return null;
  const order = dayFirstJumps < monthFirstJumps ? 'day-first' : 'month-first';
  return { order, sure: 'likely', why: `so the days follow each other; the other way they jump by ${wild} days` };
}

/** The same evidence from two places, as from two files of one source. */
export function addOrder(a: OrderEvidence, b: OrderEvidence): OrderEvidence {
  return {
    dayFirst: a.dayFirst + b.dayFirst,
    monthFirst: a.monthFirst + b.monthFirst,
    different: a.different + b.different,
    dayFirstJumps: a.dayFirstJumps + b.dayFirstJumps,
    monthFirstJumps: a.monthFirstJumps + b.monthFirstJumps,
  };
}

/** The patterns of a format, with day and month in their places. */
export function patternsOf(patterns: readonly string[], order: DayOrder): string[] {
  const [one, two] = order === 'day-first' ? ['%d', '%m'] : ['%m', '%d'];
  return patterns.map((pattern) => pattern.replace('%1', one!).replace('%2', two!));
}
