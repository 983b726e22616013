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
  /** Of booleans, the words for 1 and 0, in small letters. */
  words: [string, string] | null;
  /** Different cells in the sample. */
  distinct: number;
  /** Whether its cells are whole numbers. */
  whole: boolean;
  /** Whether its cells count up by one, as the numbers of rows do. */
  counts: boolean;
}

export interface Look {
  columns: ColumnLook[];
  decimal: NumberDecision;
}

/** So many cells of a column say how it is written. */
const SAMPLE = 1000;

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

/** What the columns of a table hold, by the records of the sample. `given` is what a person says the decimal mark is. */
export function lookAt(table: Table, given: '.' | ',' | null = null): Look {
  const cells = table.columns.map((_, column) =>
    table.rows.map((row) => (row.cells[column] ?? '').trim()).filter((cell) => !isMissing(cell)),
  );
  const evidence = noEvidence();
  // Dates with dots are no numbers, but those of a column of numbers may look like dates.
  const samples = cells.map((column) => column.slice(0, SAMPLE));
  const kinds = samples.map(kindOf);
  for (const [at, sample] of samples.entries()) if (kinds[at] === 'number') weigh(sample, evidence);
  const decimal: NumberDecision =
    given === null
      ? decideDecimal(evidence, table.delimiter)
      : { decimal: given, sure: 'certain', why: 'it was named' };
  const columns = table.columns.map((column, at): ColumnLook => {
    const own = cells[at]!;
    const sample = samples[at]!;
    const kind = kinds[at]!;
    return {
      ...column,
      kind,
      number: kind === 'number' ? formatOf(sample, decimal.decimal) : null,
      // Of dates, all are asked: where days are above 12 they say what the others mean.
      time: kind === 'time' ? (guessTime(own) ?? guessTime(sample)) : kind === 'number' ? guessTime(sample) : null,
      words: kind === 'boolean' ? booleansOf(sample) : null,
      distinct: new Set(own).size,
      whole: sample.length > 0 && sample.every((cell) => /^-?\d+$/.test(cell)),
      counts:
        sample.length > 2 && sample.every((cell, row) => row === 0 || Number(cell) === Number(sample[row - 1]) + 1),
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
