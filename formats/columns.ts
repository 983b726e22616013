import { isMissing } from './dialect.js';
import {
  decideDecimal,
  formatOf,
  isNumber,
  type NumberDecision,
  type NumberFormat,
  noEvidence,
  weigh,
} from './numbers.js';
import type { Table, TableColumn } from './table.js';
import { guessTime, type TimeGuess } from './times.js';

/** What the cells of a column are. */
export type Kind = 'number' | 'boolean' | 'time' | 'clock' | 'text' | 'empty';

export interface ColumnLook extends TableColumn {
  kind: Kind;
  /** How its numbers are written; of other kinds null. */
  number: NumberFormat | null;
  /** How its moments are written, if its cells may be moments; numbers may be. */
  time: TimeGuess | null;
  /** Different cells in the sample, up to a few more than could be sensors. */
  distinct: number;
  /** Whether its cells count up by one, as the numbers of rows do. */
  counts: boolean;
}

export interface Look {
  columns: ColumnLook[];
  decimal: NumberDecision;
}

/** Of a column, so many cells are numbers that the others are taken for mistakes. */
const NUMBER_SHARE = 0.5;

const BOOLEANS: [string, string][] = [
  ['true', 'false'],
  ['yes', 'no'],
  ['on', 'off'],
  ['t', 'f'],
  ['y', 'n'],
  ['ja', 'nein'],
  ['open', 'closed'],
  ['active', 'inactive'],
];
const CLOCK = /^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[ap]\.?m\.?)?$/i;

/** What the columns of a table hold, by the records of the sample. */
export function lookAt(table: Table): Look {
  const cells = table.columns.map((_, column) =>
    table.rows.map((row) => (row.cells[column] ?? '').trim()).filter((cell) => !isMissing(cell)),
  );
  const evidence = noEvidence();
  // Dates with dots are no numbers, but those of a column of numbers may look like dates.
  for (const column of cells) if (kindOf(column) === 'number') weigh(column, evidence);
  const decimal = decideDecimal(evidence, table.delimiter);
  const columns = table.columns.map((column, at): ColumnLook => {
    const own = cells[at]!;
    const kind = kindOf(own);
    return {
      ...column,
      kind,
      number: kind === 'number' ? formatOf(own, decimal.decimal) : null,
      time: kind === 'time' || kind === 'number' ? guessTime(own) : null,
      distinct: new Set(own).size,
      counts: own.length > 2 && own.every((cell, row) => row === 0 || Number(cell) === Number(own[row - 1]) + 1),
    };
  });
  return { columns, decimal };
}

function kindOf(cells: readonly string[]): Kind {
  if (cells.length === 0) return 'empty';
  const time = guessTime(cells);
  // `1704067200` is a number, whatever else it may be; `20240301` and `1.2.2024` are dates.
  if (time !== null && (time.format.kind === 'plain' || time.format.kind === 'pattern')) return 'time';
  if (cells.every((cell) => CLOCK.test(cell))) return 'clock';
  if (cells.filter(isNumber).length >= NUMBER_SHARE * cells.length) return 'number';
  return booleansOf(cells) === null ? 'text' : 'boolean';
}

/** The words of a column that stand for 1 and for 0; null: it has others. */
export function booleansOf(cells: readonly string[]): [string, string] | null {
  const words = new Set(cells.map((cell) => cell.toLowerCase()));
  return BOOLEANS.find((pair) => [...words].every((word) => pair.includes(word))) ?? null;
}
