import { type Dialect, guessDialect, isValue, type Row } from './dialect.js';
import type { Sure } from './numbers.js';
import { filled, isWords, metadataAbove, unitsIn } from './word-rows.js';

export interface TableColumn {
  name: string;
  /** From a row of units, or from brackets in the name. */
  unit: string | null;
  /** Whether it has a name of its own. */
  named: boolean;
}

/** Where the table of a text begins, and what its columns are called. */
export interface Table {
  delimiter: Dialect['delimiter'];
  /** Cells of a record. */
  width: number;
  /** Line of the names, from 1; null: there are none, columns are called `column1` and so on. */
  headerLine: number | null;
  /** Line of the first record. */
  firstLine: number;
  columns: TableColumn[];
  /** Signs that a line of remarks begins with, where there are such lines; '' where there are none. */
  comment: string;
  /** Whether rows have a first cell more than there are names: their number or name. */
  rowNames: boolean;
  /** The records of the sample. */
  rows: Row[];
  sure: Sure;
  why: string;
}

const COMMENTS = ['#', '%', '//', '!', '*'];

/** What brackets behind a name hold, as in `Temperature [°C]` or `power (kW)`. */
const BRACKETS = /^(.*\S)\s*[[(]\s*([^\])]{1,15}?)\s*[\])]$/;
const UNIT = /^[[(]?(?:[%‰°]|[°µμ]?\p{L}[\p{L}\d²³°%/·.*^-]{0,11}|-|\d\/\p{L}+)[\])]?$/u;

/** What a person says about a text; null: found from it. */
export interface TableChoice {
  delimiter: string | null;
  /** Line of the names; 0: there are none. */
  header: number | null;
}

/**
 * Finds the table in the first lines of a text: lines of remarks and of metadata above it are passed over, then come
 * the names, a row of units perhaps, and the records. Null: there is no table.
 */
export function findTable(text: string, choice: TableChoice = { delimiter: null, header: null }): Table | null {
  if (isTooWide(text)) return null;
  const comment = commentOf(text);
  const { delimiter, rows: all } = guessDialect(
    comment === '' ? text : withoutRemarks(text, comment),
    choice.delimiter,
  );
  const below = choice.header ? all.filter(({ line }) => line >= choice.header!) : all;
  const width = widthOf(below);
  if (width < 2) return null;
  const start = choice.header ? 0 : below.findIndex((_, at) => isTableFrom(below, at, width));
  if (start === -1) return null;
  const rows = below.slice(choice.header === null ? start + metadataAbove(below.slice(start), width) : start);
  const header = headerOf(rows, width, choice.header);
  const remark = header === null && choice.header === null ? namesInRemark(text, comment, delimiter, rows[0]!) : null;
  const names = header === null ? (remark?.cells ?? null) : rows[0]!.cells;
  const short = names !== null && names.length === width - 1;
  // Some programs end each record with a delimiter, but not the names.
  const rowNames = short && !rows.slice(1).every(({ cells }) => cells.length < width || cells[width - 1] === '');
  const units = header === null ? null : unitsIn(rows.slice(1), width);
  const records = rows.slice(header === null ? 0 : 1 + (units?.rows ?? 0));
  const given = names === null ? [] : rowNames ? ['', ...names] : names;
  const labels = unique(Array.from({ length: width }, (_, at) => given[at]?.trim() || `column${at + 1}`));
  return {
    delimiter,
    width,
    headerLine: remark?.line ?? (header === null ? null : rows[0]!.line),
    firstLine: records[0]?.line ?? rows.at(-1)!.line + 1,
    columns: labels.map((label, at) => ({ ...columnOf(label, units?.units[at]), named: Boolean(given[at]?.trim()) })),
    comment,
    rowNames,
    rows: records,
    sure: header?.sure ?? 'likely',
    why:
      header?.why ??
      (remark === null ? 'its first row looks like the others' : 'the remark above the records has as many words'),
  };
}

/** Lines of more cells than this are no records: their ends were lost, perhaps. */
const MOST_COLUMNS = 60_000;

function isTooWide(text: string): boolean {
  let cells = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === LINE_FEED || sign === RETURN) cells = 0;
    else if (SEPARATORS.has(sign) && ++cells > MOST_COLUMNS) return true;
  }
  return false;
}

const [LINE_FEED, RETURN] = [10, 13];
const SEPARATORS = new Set([...',;\t| '].map((sign) => sign.charCodeAt(0)));

/** The sign that lines of remarks begin with; where most lines begin with it, and others before them, it is no such sign. */
function commentOf(text: string): string {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== '');
  const isSign = (sign: string) => {
    const n = lines.filter((line) => line.startsWith(sign)).length;
    const above = lines.findIndex((line) => !line.startsWith(sign));
    return n > 0 && (n < lines.length / 2 || above === n);
  };
  return COMMENTS.find(isSign) ?? '';
}

/** The names of the columns, where they stand in the last remark above the first record. */
function namesInRemark(text: string, comment: string, delimiter: string, { line, cells }: Row): Row | null {
  if (comment === '') return null;
  const lines = text.split(/\r\n|\n|\r/).slice(0, line - 1);
  const at = lines.findLastIndex((each) => each.startsWith(comment));
  if (at === -1) return null;
  const [names] = guessDialect(lines[at]!.slice(comment.length).trim(), delimiter).rows;
  const words = names?.cells.map((cell) => cell.trim()) ?? [];
  if (words.length !== cells.length || words.some((word) => word === '' || isValue(word))) return null;
  return { line: at + 1, cells: words };
}

/** Remarks as blank lines, so that the others keep their numbers. */
function withoutRemarks(text: string, comment: string): string {
  return text
    .split(/(?<=\n)/)
    .map((line) => (line.startsWith(comment) ? '\n' : line))
    .join('');
}

/** The number of cells most rows have. Of two as common, the larger: metadata are narrow. */
function widthOf(rows: readonly Row[]): number {
  const counts = new Map<number, number>();
  for (const { cells } of rows) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || b - a)[0]?.[0] ?? 0;
}

/** Whether a row and those below it are of a table: as wide as most, or names without one for the names of rows. */
function isTableFrom(rows: readonly Row[], at: number, width: number): boolean {
  const { length } = rows[at]!.cells;
  if (length !== width && length !== width - 1) return false;
  if (filled(rows[at]!) === 0) return false;
  const next = rows.slice(at + 1).find((row) => filled(row) > 0);
  // Names of groups and titles stand above the names, and fewer of their cells are filled.
  if (next !== undefined && isWords(rows[at]!) && isWords(next) && filled(rows[at]!) < filled(next)) return false;
  if (next !== undefined && isWords(rows[at]!) && filled(rows[at]!) * 2 < filled(next)) return false;
  const below = rows.slice(at + 1, at + 11);
  // Some records may be broken.
  if (below.filter(({ cells }) => cells.length === width).length * 2 < below.length) return false;
  if (length === width) return true;
  const [first] = below;
  return width > 2 && isWords(rows[at]!) && first?.cells.length === width && first.cells.some(isValue);
}

/** Whether the first of these rows holds the names of the columns. */
function headerOf(
  [first, ...below]: readonly Row[],
  width: number,
  given: number | null,
): { sure: Sure; why: string } | null {
  if (given !== null) return given === 0 ? null : { sure: 'certain', why: 'it was named' };
  const names = first!.cells.map((cell) => cell.trim());
  if (first!.cells.length === width - 1) return { sure: 'likely', why: 'its rows have one cell more: their names' };
  const values = names.filter(isValue).length;
  const valuesBelow =
    below.length === 0
      ? 0
      : Math.max(...below.slice(0, 20).map(({ cells }) => cells.filter((each) => isValue(each)).length));
  if (values === 0 && valuesBelow > 0) return { sure: 'certain', why: 'its first row has words only' };
  // Columns may be called by numbers, as those of sensors.
  if (values < valuesBelow && !isValue(names[0]!) && names.every((name) => name !== '') && isUnique(names))
    return { sure: 'likely', why: 'the first cell of its first row is a word' };
  if (values === 0 && names.every((name) => name !== '') && isUnique(names))
    return { sure: 'guess', why: 'its first row has words only, as have the others' };
  return null;
}

function columnOf(label: string, unit: string | null | undefined): Omit<TableColumn, 'named'> {
  const brackets = BRACKETS.exec(label);
  if (unit != null || brackets === null || !UNIT.test(brackets[2]!)) return { name: label, unit: unit ?? null };
  return { name: brackets[1]!, unit: brackets[2]! };
}

const isUnique = (names: readonly string[]) => new Set(names).size === names.length;

/** Names that are taken get a number. */
function unique(names: readonly string[]): string[] {
  const taken = new Set<string>();
  // How often a name came: thousands may be the same.
  const times = new Map<string, number>();
  return names.map((name) => {
    let own = name;
    let n = times.get(name) ?? 1;
    while (taken.has(own)) own = `${name}_${++n}`;
    times.set(name, n);
    taken.add(own);
    return own;
  });
}
