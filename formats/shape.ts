import type { Choice } from './choice.js';
import { type ColumnLook, lookAt } from './columns.js';
import { guessDialect, type Row } from './dialect.js';
import { parseNumber } from './numbers.js';
import type { Decision } from './role-choice.js';
import { decideRoles, type Roles } from './roles.js';
import { findSentinels } from './sentinels.js';
import { findTable, type Table } from './table.js';
import { columnsOf } from './time-role.js';
import { decideOrder, type OrderEvidence, type TimeFormat } from './times.js';
import { offsetIn } from './zones.js';

/** How a table is written and what its columns are for: all that is needed to read it. */
export interface Shape {
  /** How its text is divided; of files that have types of their own, as Parquet, null. */
  text: (Pick<Table, 'delimiter' | 'width' | 'comment' | 'headerLine' | 'firstLine'> & TextOddities) | null;
  columns: ColumnLook[];
  roles: Roles;
  /** How moments are written; null where they are in parts. */
  time: TimeFormat | null;
  /** What the dates say about which number is the day; null where that is no question. */
  order: OrderEvidence | null;
  /** Of times that name no zone, as `+01:00`; null: nothing says it. */
  utcOffset: string | null;
  /** Numbers that stand for a missing reading. */
  sentinels: number[];
  /** All that was decided, in the order in which one would ask. */
  decisions: Decision[];
  /** The first records, as they stand there. */
  preview: string[][];
}

/** What readers of CSV stumble over. */
interface TextOddities {
  /** Whether there are quotes in the lines above the first record, which are no CSV perhaps. */
  quotesAbove: boolean;
  /** Whether lines end in several ways, or with a lone carriage return. */
  oddLineEnds: boolean;
}

const PREVIEW_ROWS = 5;
const SENTINEL_ROWS = 2000;
const LINE_END = /\r\n|\n|\r/;
const LINE_ENDS = /\r\n|\n|\r/g;
const DELIMITER_NAMES: Record<string, string> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'bar',
  blank: 'blanks',
};

/**
 * The shape of a text, by its first lines. Null: there is no table in it; `empty`: it has names and no records.
 * @param text whole lines from its beginning
 * @param later whole lines from further down, some from each of several places
 * @throws RoleMissing when there is a table, but not of readings
 */
export function shapeOf(text: string, choice: Choice, later: readonly string[] = []): Shape | 'empty' | null {
  const table = findTable(text, choice);
  if (table === null) return null;
  if (table.rows.length === 0) return 'empty';
  const { delimiter, width, comment, headerLine, firstLine } = table;
  const look = lookAt(table, choice.decimal);
  const decisions: Decision[] = [
    {
      what: 'delimiter',
      decided: DELIMITER_NAMES[delimiter] ?? JSON.stringify(delimiter),
      sure: 'certain',
      why:
        choice.delimiter === null
          ? `it makes ${table.columns.length} columns of ${table.rows.length} records`
          : 'it was named',
      fix: `delimiter: ${JSON.stringify(delimiter)}`,
    },
    {
      what: 'header',
      decided: headerLine === null ? 'none' : `line ${headerLine}`,
      sure: table.sure,
      why: table.why,
      fix: `header: ${headerLine ?? 0}`,
    },
    {
      what: 'decimal mark',
      ...look.decimal,
      decided: look.decimal.decimal ?? 'none',
      fix: `decimal: "${look.decimal.decimal ?? '.'}"`,
    },
  ];
  const rows = table.rows.map(({ cells }) => cells);
  const above = text.split(LINE_END, firstLine - 1);
  const oddities = {
    quotesAbove: above.some((line) => line.includes('"')),
    oddLineEnds: new Set(text.match(LINE_ENDS)).size > 1 || (text.includes('\r') && !text.includes('\n')),
  };
  const further = later.map((lines) =>
    guessDialect(lines, delimiter).rows.filter(({ cells }) => cells.length === width),
  );
  const own = { delimiter, width, comment, headerLine, firstLine, ...oddities };
  return shaped(own, look.columns, { rows, later: further }, choice, decisions);
}

/**
 * The shape of a table whose columns have types, by its first records as text.
 * @param typed names and types as DuckDB calls them
 * @param later records from further down, some from each of several places
 * @throws RoleMissing when it is not one of readings
 */
export function shapeOfTyped(
  typed: readonly { name: string; type: string }[],
  rows: readonly string[][],
  choice: Choice,
  later: readonly string[][][] = [],
): Shape {
  const look = lookAt(
    {
      delimiter: 'typed',
      width: typed.length,
      headerLine: null,
      firstLine: 1,
      columns: typed.map(({ name }) => ({ name, unit: null, named: true })),
      comment: '',
      rowNames: false,
      rows: rows.map(rowOf),
      sure: 'certain',
      why: '',
    },
    choice.decimal,
  );
  const columns = look.columns.map((column, at) => ofType(column, typed[at]!.type));
  return shaped(null, columns, { rows, later: later.map((some) => some.map(rowOf)) }, choice, []);
}

const NUMBER_TYPE = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;

/** What a type says goes before what the cells look like. */
function ofType(column: ColumnLook, type: string): ColumnLook {
  if (NUMBER_TYPE.test(type)) return { ...column, kind: 'number' };
  if (type === 'BOOLEAN') return { ...column, kind: 'boolean' };
  return column;
}

const rowOf = (cells: string[], at: number): Row => ({ line: at + 1, cells });

function shaped(
  text: Shape['text'],
  columns: ColumnLook[],
  { rows, later }: { rows: readonly string[][]; later: readonly (readonly Row[])[] },
  choice: Choice,
  before: Decision[],
): Shape {
  const withFormat = choice.timeFormat === null ? columns : columns.map((each) => named(each, choice));
  const roles = decideRoles(withFormat, rows.map(rowOf), choice, later);
  const guess = roles.time.form === 'parts' ? null : roles.time.guess;
  const time = choice.timeFormat === null ? (guess?.format ?? null) : formatNamed(choice.timeFormat);
  const order = choice.timeFormat === null ? (guess?.order ?? null) : null;
  const offset = offsetDecision(columns, roles, time, choice);
  const sentinels = sentinelsOf(columns, roles, rows, choice);
  return {
    text,
    columns,
    roles,
    time,
    order,
    utcOffset: offset?.decided ?? null,
    sentinels: sentinels.numbers,
    decisions: [
      ...before,
      ...roles.decisions,
      ...(guess === null || choice.timeFormat !== null ? [] : [formatDecision(guess.why, time!)]),
      ...orderDecision(order, choice.dayFirst),
      ...(offset === null ? [] : [offset]),
      ...sentinels.decisions,
    ],
    preview: rows.slice(0, PREVIEW_ROWS).map((cells) => [...cells]),
  };
}

/** A column that was named for the time is one, however strange its cells are: their format was named too. */
function named(column: ColumnLook, { time, timeFormat }: Choice): ColumnLook {
  if (time?.[0] !== column.name && column.time === null) return column;
  const format = formatNamed(timeFormat!);
  return {
    ...column,
    kind: time?.[0] === column.name ? 'time' : column.kind,
    time: { format, share: 1, zoned: format.kind === 'epoch', dateOnly: false, why: 'as named', order: null },
  };
}

/** What `timeFormat` stands for. */
export function formatNamed(format: string): TimeFormat {
  if (format === 'iso') return { kind: 'plain' };
  if (format === 'serial') return { kind: 'serial' };
  const epoch = /^epoch-(s|ms|us|ns)$/.exec(format)?.[1];
  return epoch === undefined
    ? { kind: 'pattern', patterns: format.endsWith('%Z') ? [format, format.replace(/%Z$/, '%K')] : [format] }
    : { kind: 'epoch', unit: epoch as 's' | 'ms' | 'us' | 'ns' };
}

function formatDecision(why: string, format: TimeFormat): Decision {
  const name =
    format.kind === 'pattern'
      ? format.patterns[0]!
      : format.kind === 'epoch'
        ? `epoch-${format.unit}`
        : format.kind === 'plain'
          ? 'iso'
          : 'serial';
  const sure = format.kind === 'epoch' || format.kind === 'serial' ? 'likely' : 'certain';
  // Where the day stands is another decision.
  const shown = name.replace('%1', '%d').replace('%2', '%m').replace('%K', '%Z');
  return { what: 'time format', decided: shown, sure, why, fix: `timeFormat: ${JSON.stringify(shown)}` };
}

/** Whether days or months come first, where the dates leave that open and these cells settle it. */
function orderDecision(order: OrderEvidence | null, given: boolean | null): Decision[] {
  if (order === null) return [];
  const what = 'day or month first';
  if (given !== null) {
    const decided = given ? 'day-first' : 'month-first';
    return [{ what, decided, sure: 'certain', why: 'it was named', fix: `dayFirst: ${given}` }];
  }
  const found = decideOrder(order);
  const fix = `dayFirst: ${found?.order !== 'month-first'}`;
  if (found === null) return [{ what, decided: 'open', sure: 'guess', why: 'the dates can be read both ways', fix }];
  return [{ what, decided: found.order, sure: found.sure, why: found.why, fix }];
}

/** The offset from UTC of times that name none themselves, where a person or the name of a column says it. */
function offsetDecision(
  columns: readonly ColumnLook[],
  roles: Roles,
  time: TimeFormat | null,
  choice: Choice,
): Decision | null {
  if (time?.kind === 'epoch') return null;
  const what = 'offset from UTC';
  const named = choice.utcOffset;
  if (named !== null)
    return { what, decided: named, sure: 'certain', why: 'it was named', fix: `utcOffset: "${named}"` };
  for (const name of columnsOf(roles.time)) {
    const unit = columns.find((column) => column.name === name)?.unit;
    for (const text of [unit, name]) {
      const decided = offsetIn(text ?? '');
      if (decided !== null)
        return {
          what,
          decided,
          sure: 'likely',
          why: `the column is called so: ${text}`,
          fix: `utcOffset: "${decided}"`,
        };
    }
  }
  return null;
}

function sentinelsOf(
  columns: readonly ColumnLook[],
  roles: Roles,
  rows: readonly string[][],
  choice: Choice,
): { numbers: number[]; decisions: Decision[] } {
  const what = 'numbers for missing';
  if (choice.sentinels !== null) {
    const numbers = [...choice.sentinels];
    const decided = numbers.join(', ') || 'none';
    const fix = `sentinels: [${numbers.join(', ')}]`;
    return { numbers, decisions: [{ what, decided, sure: 'certain', why: 'they were named', fix }] };
  }
  const numbers = columns.map((column, at) => {
    if (column.kind !== 'number' || column.number === null || !roles.values.includes(column.name)) return [];
    return rows.slice(0, SENTINEL_ROWS).flatMap((cells) => parseNumber(cells[at] ?? '', column.number!) ?? []);
  });
  const { seen, later } = findSentinels(numbers);
  const why = seen.map(({ number, times }) => `${number} comes ${times} times`).join(', ');
  const decisions: Decision[] =
    seen.length === 0
      ? []
      : [
          {
            what,
            decided: seen.map(({ number }) => number).join(', '),
            sure: 'likely',
            why: `${why}, and no other reading is near`,
            fix: `sentinels: [${seen.map(({ number }) => number).join(', ')}]`,
          },
        ];
  return { numbers: [...seen.map(({ number }) => number), ...later], decisions };
}
