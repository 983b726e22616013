import type { ColumnLook } from './columns.js';
import { isMissing, type Row } from './dialect.js';
import type { Sure } from './numbers.js';
import { columnNamed, type Decision, RoleMissing, yamlOf } from './role-choice.js';
import { PART_NAMES, PARTS, type Part, plainName, TIME_NAMES } from './role-names.js';
import { guessTime, type TimeGuess } from './times.js';

/** Where the moment of a record stands. */
export type TimeColumns =
  | { form: 'one'; column: string; guess: TimeGuess }
  /** A date in one column, the time of day in another, of which whole hours or 930 for 09:30 may be the numbers. */
  | { form: 'date-clock'; date: string; clock: string; style: ClockStyle; guess: TimeGuess }
  | { form: 'parts'; columns: Partial<Record<Part, string>> };

export type ClockStyle = 'clock' | 'digits' | 'hours';

/** So many cells say how times of day are written. */
const CLOCKS = 1000;
const MIDNIGHT = /[ T]0?0:00(:00(\.0+)?)?$/;

export function columnsOf(time: TimeColumns): string[] {
  if (time.form === 'one') return [time.column];
  return time.form === 'date-clock' ? [time.date, time.clock] : Object.values(time.columns);
}

/** The columns of the time: those that a person named, else by what they hold and how they are called. */
export function timeOf(
  columns: readonly ColumnLook[],
  rows: readonly Row[],
  chosen: readonly string[] | null,
  decisions: Decision[],
): TimeColumns {
  const found = chosen === null ? findTime(columns, rows) : namedTime(columns, rows, chosen);
  if (found === null) {
    const names = columns.map(({ name }) => name);
    throw new RoleMissing('time', chosen === null ? 'no column holds times' : `${chosen.join(', ')}: no times`, names);
  }
  const names = columnsOf(found.time);
  decisions.push({ what: 'time', decided: names.join(' + '), ...found, fix: `timeColumn: ${yamlOf(names)}` });
  return found.time;
}

type Found<T> = { time: T; sure: Sure; why: string };

function namedTime(
  columns: readonly ColumnLook[],
  rows: readonly Row[],
  chosen: readonly string[],
): Found<TimeColumns> | null {
  const named = chosen.map((name) => columnNamed(columns, name, 'time'));
  const [first, second] = named;
  const given = { sure: 'certain', why: 'it was named' } as const;
  if (named.length === 1) {
    const guess = first!.time;
    return guess === null ? null : { time: { form: 'one', column: first!.name, guess }, ...given };
  }
  if (named.length === 2 && first!.kind === 'time') return dateClock(columns, rows, first!, second!, given);
  const parts = partsOf(named, columns, rows) ?? partsInOrder(named);
  return parts === null ? null : { time: parts, ...given };
}

/** Columns whose names say nothing, named in the order of year, month, day and so on. */
function partsInOrder(columns: readonly ColumnLook[]): Extract<TimeColumns, { form: 'parts' }> | null {
  if (columns.length < 3 || columns.length > IN_ORDER.length) return null;
  return { form: 'parts', columns: Object.fromEntries(columns.map(({ name }, at) => [IN_ORDER[at], name])) };
}

const IN_ORDER: readonly Part[] = ['year', 'month', 'day', 'hour', 'minute', 'second'];

function findTime(columns: readonly ColumnLook[], rows: readonly Row[]): Found<TimeColumns> | null {
  const stamps = columns.filter(({ kind }) => kind === 'time');
  // Of several, the one that is called so, and of those the beginning before the end.
  const [best] = [...stamps].sort((a, b) => scoreOf(b.name) - scoreOf(a.name));
  if (best !== undefined) {
    const why = stamps.length === 1 ? 'it alone holds dates' : `of ${stamps.length} columns with dates, by its name`;
    const clock = isDate(best, columns, rows) ? clockBeside(best, columns, rows) : undefined;
    const joined =
      clock && dateClock(columns, rows, best, clock, { sure: 'likely', why: 'a date, and a time of day beside it' });
    if (joined != null) return joined;
    return { time: { form: 'one', column: best.name, guess: best.time! }, sure: 'certain', why };
  }
  const parts = partsOf(columns, columns, rows);
  if (parts !== null) {
    const day = parts.columns.day === undefined ? 'year and day of the year' : 'year, month and day';
    return { time: parts, sure: 'certain', why: `columns are called ${day}` };
  }
  const numbers = columns.filter(({ kind, time }) => kind === 'number' && time !== null);
  const called = numbers.find(({ name }) => scoreOf(name) > 0);
  const [first] = columns;
  const grows = first !== undefined && numbers.includes(first) && isGrowing(rows.map(({ cells }) => Number(cells[0])));
  const only = called ?? (grows ? first : undefined);
  if (only === undefined) return timeByName(columns, rows);
  const why = `its numbers may be ${only.time!.why}${called === undefined ? ', and they grow' : ''}`;
  return { time: { form: 'one', column: only.name, guess: only.time! }, sure: called ? 'likely' : 'guess', why };
}

/** Time goes on: of numbers that no name calls times, hardly any is smaller than the one before. */
function isGrowing(numbers: readonly number[]): boolean {
  const back = numbers.filter((number, at) => at > 0 && number < numbers[at - 1]!).length;
  return numbers.length > 1 && back <= numbers.length / 20 && numbers.at(-1)! > numbers[0]!;
}

/** A column that is called a time is one, also when most of its cells are none: they are to be set apart. */
function timeByName(columns: readonly ColumnLook[], rows: readonly Row[]): Found<TimeColumns> | null {
  const at = columns.findIndex(({ name }) => TIME_NAMES.has(plainName(name)));
  if (at === -1) return null;
  const cells = rows.map(({ cells: own }) => own[at]?.trim() ?? '').filter((cell) => !isMissing(cell));
  const why =
    cells.length === 0 ? 'it is called so; it is empty' : `it is called so; ${cells[0]} is no time that is known`;
  const guess = guessTime(cells, 0) ?? UNKNOWN;
  return { time: { form: 'one', column: columns[at]!.name, guess }, sure: 'guess', why };
}

const UNKNOWN: TimeGuess = {
  format: { kind: 'plain' },
  share: 0,
  zoned: false,
  dateOnly: false,
  why: 'nothing else is known',
  order: null,
};

/** Whether a column holds days: databases and spreadsheets write them as their midnights. */
function isDate(column: ColumnLook, columns: readonly ColumnLook[], rows: readonly Row[]): boolean {
  if (column.time!.dateOnly) return true;
  const at = columns.indexOf(column);
  return rows.every(({ cells }) => isMissing(cells[at] ?? '') || MIDNIGHT.test(cells[at]!.trim()));
}

/**
 * The column of the time of day: one of clocks, or of numbers that are called so and can be some, or that stand
 * beside the date without a name and look like 0930.
 */
function clockBeside(date: ColumnLook, columns: readonly ColumnLook[], rows: readonly Row[]): ColumnLook | undefined {
  const next = columns[columns.indexOf(date) + 1];
  return (
    columns.find(({ kind }) => kind === 'clock') ??
    columns.find(({ name, kind, whole }) => {
      const plain = plainName(name);
      const called =
        PART_NAMES.hour.includes(plain) ||
        PART_NAMES.clock.includes(plain) ||
        /time|zeit|uhr|hora|heure|hhmm/.test(plain);
      return kind === 'number' && whole && called;
    }) ??
    (next?.named === false && date.distinct < rows.length && isDigits(next, columns, rows) ? next : undefined)
  );
}

/** Whether the cells of a column look like 0930, and none of them like 9999. */
function isDigits(column: ColumnLook, columns: readonly ColumnLook[], rows: readonly Row[]): boolean {
  const at = columns.indexOf(column);
  const cells = rows.slice(0, CLOCKS).flatMap(({ cells: own }) => own[at]?.trim() || []);
  return column.whole && cells.every((cell) => /^\d{4}$/.test(cell)) && clockStyle(cells) === 'digits';
}

/** How a time of day is written in some cells; null: it is none. */
function clockStyle(cells: readonly string[]): ClockStyle | null {
  if (cells.some((cell) => cell.includes(':'))) return 'clock';
  const numbers = cells.map(Number);
  if (numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 24)) return 'hours';
  const hundreds = numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 2400 && n % 100 < 60);
  return hundreds ? 'digits' : null;
}

/** A moment of a date and a time of day, as one would write it. */
function joinClock(date: string, clock: string, style: ClockStyle): string {
  const time = style === 'clock' ? clock : style === 'hours' ? `${clock.padStart(2, '0')}:00` : clock.padStart(4, '0');
  return `${date.replace(MIDNIGHT, '')} ${style === 'digits' ? `${time.slice(0, 2)}:${time.slice(2)}` : time}`;
}

function dateClock(
  columns: readonly ColumnLook[],
  rows: readonly Row[],
  date: ColumnLook,
  clock: ColumnLook,
  how: { sure: Sure; why: string },
): Found<TimeColumns> | null {
  const at = (column: ColumnLook) => columns.findIndex(({ name }) => name === column.name);
  const [one, two] = [at(date), at(clock)];
  const pairs = rows
    .map(({ cells }) => [cells[one]?.trim() ?? '', cells[two]?.trim() ?? ''] as const)
    .filter(([day, time]) => !isMissing(day) && !isMissing(time));
  const style = clockStyle(pairs.slice(0, CLOCKS).map(([, time]) => time));
  if (style === null) return null;
  const guess = guessTime(pairs.map(([day, time]) => joinClock(day, time, style)));
  if (guess === null) return null;
  return { time: { form: 'date-clock', date: date.name, clock: clock.name, style, guess }, ...how };
}

/** The parts among `columns` by their names; `all` are those of the records. */
function partsOf(
  columns: readonly ColumnLook[],
  all: readonly ColumnLook[],
  rows: readonly Row[],
): Extract<TimeColumns, { form: 'parts' }> | null {
  const parts: Partial<Record<Part, string>> = {};
  for (const part of PARTS) {
    const called = (column: ColumnLook) => PART_NAMES[part].includes(plainName(column.name));
    const column = columns.find((each) => called(each) && mayBe(part, each, all, rows));
    if (column !== undefined) parts[part] = column.name;
  }
  const { year, month, day, yearday, ...others } = parts;
  if (year === undefined) return null;
  // A time of day says all that hours and minutes do.
  const { clock, hour: _, minute: __, ...rest } = others;
  const time = clock === undefined ? others : { clock, ...rest };
  if (month !== undefined && day !== undefined) return { form: 'parts', columns: { year, month, day, ...time } };
  return yearday === undefined ? null : { form: 'parts', columns: { year, yearday, ...time } };
}

function mayBe(part: Part, column: ColumnLook, columns: readonly ColumnLook[], rows: readonly Row[]): boolean {
  if (part !== 'clock') return column.kind === 'number' || column.kind === 'time';
  if (column.kind === 'clock') return true;
  const at = columns.indexOf(column);
  const cells = rows.slice(0, CLOCKS).flatMap(({ cells: own }) => own[at]?.trim() || []);
  return column.whole && clockStyle(cells) === 'digits';
}

/** How much a name is one of a time. */
function scoreOf(name: string): number {
  const plain = plainName(name);
  let score = TIME_NAMES.has(plain) ? 3 : /time|date|stamp|zeit|datum/.test(plain) ? 2 : 0;
  if (/start|begin|from|von/.test(plain)) score += 0.5;
  if (/end|stop|until|bis|update|upload|insert|received/.test(plain)) score -= 1;
  return score;
}
