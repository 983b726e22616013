import { parse } from 'csv-parse/sync';
import { isNumber } from './numbers.js';
import { parseStamp } from './stamp.js';

/** One record of a text file: its cells, and the line it begins on, from 1. */
export interface Row {
  line: number;
  cells: string[];
}

export interface Dialect {
  /** The sign that separates cells. Of `blank`, any number of blanks and tabs. */
  delimiter: string;
  rows: Row[];
}

const DELIMITERS = [',', ';', '\t', '|'] as const;
/** Lines above the table, notes below it: not all rows have the same number of cells. */
const LEAST_SCORE = 0.3;
/** So many lines say what separates cells. */
const DECIDING_LINES = 300;

/** Cells that say that there is no reading, as loggers and spreadsheets write it. */
export const MISSING = [
  '',
  'na',
  'n/a',
  '#n/a',
  'nan',
  'null',
  'none',
  'nil',
  '-',
  '--',
  '---',
  '?',
  '.',
  'n.a.',
  'missing',
];

export const isMissing = (cell: string): boolean => MISSING.includes(cell.trim().toLowerCase());

/**
 * What separates the cells of a text, by its first lines: of the delimiters with which rows have the same number of
 * cells and cells are numbers, times or words, the one with which they are so most. Null: the text has one column.
 * After van den Burg, Nazábal & Sutton, "Wrangling messy CSV files by detecting row and type patterns" (2019).
 * @param text lines, the last of them whole
 * @param given what a person says it is
 */
export function guessDialect(text: string, given: string | null = null): Dialect {
  if (given !== null) return { delimiter: given, rows: given === 'blank' ? splitBlanks(text) : splitRows(text, given) };
  const some = firstLines(text);
  let best: { delimiter: string; score: number } = { delimiter: ',', score: 0 };
  for (const delimiter of DELIMITERS) {
    if (!some.includes(delimiter)) continue;
    const score = scoreOf(splitRows(some, delimiter));
    if (score > best.score) best = { delimiter, score };
  }
  if (best.score < LEAST_SCORE) {
    const blank = splitBlanks(some);
    // Prose has as many words to a line now and then, but no numbers.
    if (blank.some(({ cells }) => cells.some(isValue)) && scoreOf(blank) > Math.max(LEAST_SCORE, best.score))
      return { delimiter: 'blank', rows: splitBlanks(text) };
  }
  return { delimiter: best.delimiter, rows: splitRows(text, best.delimiter) };
}

function firstLines(text: string): string {
  let end = 0;
  for (let lines = 0; lines < DECIDING_LINES; lines++) {
    const next = text.indexOf('\n', end);
    if (next === -1) return text;
    end = next + 1;
  }
  return text.slice(0, end);
}

/** Splits a text into rows; lines that are blank are none. */
export function splitRows(text: string, delimiter: string): Row[] {
  // Of line ends of two signs within quotes, the parser counts both.
  const records = parse(text.replaceAll('\r\n', '\n'), {
    delimiter,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    // The last record may have been cut.
    skip_records_with_error: true,
    skip_empty_lines: true,
    trim: false,
  }) as unknown as { record: string[]; info: { lines: number } }[];
  // A record ends on the line that was counted last, and began as many lines before as its cells have line ends.
  return records.map(({ record, info }) => ({ line: info.lines - lineEnds(record), cells: record }));
}

const lineEnds = (cells: readonly string[]) =>
  cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);

function splitBlanks(text: string): Row[] {
  return text.split(/\r\n|\n|\r/).flatMap((line, at) => {
    const cells = line.trim().split(/[ \t]+/);
    return cells[0] === '' ? [] : [{ line: at + 1, cells }];
  });
}

/**
 * How much rows look like a table, 0 to 1: the share of rows that have the commonest number of cells, by the share of
 * their cells that mean something. One column is no table.
 */
function scoreOf(rows: readonly Row[]): number {
  if (rows.length === 0) return 0;
  const counts = new Map<number, number>();
  for (const { cells } of rows) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  const [width, alike] = [...counts].sort(([a, m], [b, n]) => n - m || b - a)[0]!;
  if (width < 2) return 0;
  const cells = rows.filter((row) => row.cells.length === width).flatMap((row) => row.cells);
  const known = cells.filter((cell) => isKnown(cell.trim())).length;
  // Of two that divide a table as evenly, the one that makes more columns of it left nothing together.
  return (alike / rows.length) * (known / cells.length) * (1 - 0.5 / width);
}

/** Whether a cell is a number or a moment. */
export const isValue = (cell: string): boolean => isNumber(cell.trim()) || parseStamp(cell.trim()) !== null;

const isKnown = (cell: string) =>
  isMissing(cell) || isValue(cell) || /^[\p{L}_][\p{L}\p{N}_ .:()/°%²³#-]*$/u.test(cell);
