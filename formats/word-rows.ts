import { isMissing, isValue, type Row } from './dialect.js';

/** So far below the first row, the names may stand beneath metadata that are as wide as the table. */
const MOST_ABOVE = 12;
/** So many rows of words may stand beneath the names: of units, of how values were had. */
const MOST_BENEATH = 3;
/** So many rows say what stands in the columns. */
const RECORDS = 10;

const UNIT = /^[[(]?(?:[%‰°]|[°µμ]?\p{L}[\p{L}\d²³°%/·.*^ -]{0,19}|-|\d\/\p{L}+)[\])]?$/u;

export const isWords = ({ cells }: Row) => !cells.some(isValue);
export const filled = ({ cells }: Row) => cells.filter((cell) => cell.trim() !== '').length;

/**
 * How many rows of metadata stand above the names: rows with values, though not where the records have theirs, above a
 * row of different words that stands above records.
 */
export function metadataAbove(rows: readonly Row[], width: number): number {
  for (let at = 1; at < Math.min(MOST_ABOVE, rows.length - 1); at++) {
    const above = rows.slice(0, at);
    if (!isNamesRow(rows[at]!, width) || above.every(isWords)) continue;
    const below = rows.slice(at + 1).filter((row) => !isWords(row));
    const values = valueColumns(below, width);
    if (values.length > 1 && !above.some((row) => valuesAmong(row, values) * 2 >= values.length)) return at;
  }
  return 0;
}

/** A row of words that all differ, some of its last cells may be empty. */
function isNamesRow(row: Row, width: number): boolean {
  const cells = row.cells.map((cell) => cell.trim());
  const given = cells.filter((cell) => cell !== '');
  if (cells.length !== width || given.length < 2 || !isWords(row)) return false;
  return given.every((cell) => !isMissing(cell)) && new Set(given).size === given.length;
}

/** The columns in which records mostly have values. */
function valueColumns(records: readonly Row[], width: number): number[] {
  const some = records.slice(0, RECORDS);
  const columns = Array.from({ length: width }, (_, at) => at);
  return columns.filter((at) => some.filter(({ cells }) => isValue(cells[at] ?? '')).length * 2 > some.length);
}

const valuesAmong = ({ cells }: Row, columns: readonly number[]) =>
  columns.filter((at) => isValue(cells[at] ?? '')).length;

/**
 * The rows beneath the names that are no records: words that are short, above values. Of the first of them are the
 * units of the columns.
 * @param rows those below the names
 */
export function unitsIn(rows: readonly Row[], width: number): { rows: number; units: (string | null)[] } | null {
  const first = rows.slice(0, MOST_BENEATH + 1).findIndex((row) => !isWords(row));
  if (first < 1) return null;
  const records = rows.slice(first).filter((row) => !isWords(row));
  const values = new Set(valueColumns(records, width));
  const above = rows.slice(0, first);
  // Of tables that are narrow, a record that was damaged looks so too.
  if ((width < 3 && first > 1) || !above.every((row) => isUnits(row, width, values))) return null;
  const units = above[0]!.cells.map((cell) => cell.trim().replaceAll(/^[[(]|[\])]$/g, ''));
  return { rows: first, units: units.map((unit) => (unit === '' || unit === '-' ? null : unit)) };
}

function isUnits({ cells }: Row, width: number, values: ReadonlySet<number>): boolean {
  const given = cells.flatMap((cell, at) => (cell.trim() === '' ? [] : [{ text: cell.trim(), at }]));
  if (cells.length !== width || given.length === 0 || given.every(({ text }) => isMissing(text))) return false;
  // Where the records have words in the same places, it is one of them.
  return (
    given.every(({ text }) => UNIT.test(text)) && given.filter(({ at }) => values.has(at)).length * 2 > given.length
  );
}
