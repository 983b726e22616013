import { type ColumnLook, lookAt } from './columns.js';
import { type Decision, decideRoles, type RoleChoice, type Roles } from './roles.js';
import { findTable, type Table } from './table.js';
import { decideOrder, type OrderEvidence } from './times.js';

/** How a text file is written and what its columns are for: all that is needed to read it. */
export interface Shape {
  delimiter: Table['delimiter'];
  /** Sign that lines of remarks begin with; '' where there are none. */
  comment: string;
  headerLine: number | null;
  firstLine: number;
  columns: ColumnLook[];
  roles: Roles;
  /** What the dates say about which number is the day; null where that is no question. */
  order: OrderEvidence | null;
  /** All that was decided, in the order in which one would ask. */
  decisions: Decision[];
  /** The first records, as they stand there. */
  preview: string[][];
}

const PREVIEW_ROWS = 5;
const DELIMITER_NAMES: Record<Table['delimiter'], string> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'bar',
  blank: 'blanks',
};

/**
 * The shape of a text, by its first lines. Null: there is no table in it.
 * @param text whole lines from its beginning
 * @throws RoleMissing when there is a table, but not of readings
 */
export function shapeOf(text: string, choice: RoleChoice): Shape | null {
  const table = findTable(text);
  if (table === null) return null;
  const look = lookAt(table);
  const roles = decideRoles(look.columns, table.rows, choice);
  const { time } = roles;
  const order = time.form === 'parts' ? null : time.guess.order;
  return {
    delimiter: table.delimiter,
    comment: table.comment,
    headerLine: table.headerLine,
    firstLine: table.firstLine,
    columns: look.columns,
    roles,
    order,
    decisions: [
      {
        what: 'delimiter',
        decided: DELIMITER_NAMES[table.delimiter],
        sure: 'certain',
        why: `it makes ${table.columns.length} columns of ${table.rows.length} records`,
        fix: `delimiter: ${JSON.stringify(table.delimiter)}`,
      },
      {
        what: 'header',
        decided: table.headerLine === null ? 'none' : `line ${table.headerLine}`,
        sure: table.sure,
        why: table.why,
        fix: `header: ${table.headerLine}`,
      },
      {
        what: 'decimal mark',
        ...look.decimal,
        decided: look.decimal.decimal,
        fix: `decimal: "${look.decimal.decimal}"`,
      },
      ...roles.decisions,
      ...orderDecision(order),
    ],
    preview: table.rows.slice(0, PREVIEW_ROWS).map(({ cells }) => cells),
  };
}

/** Whether days or months come first, where the dates leave that open and these cells settle it. */
function orderDecision(order: OrderEvidence | null): Decision[] {
  if (order === null) return [];
  const found = decideOrder(order);
  const fix = `dayFirst: ${found?.order !== 'month-first'}`;
  if (found === null)
    return [
      { what: 'day or month first', decided: 'open', sure: 'guess', why: 'the dates can be read both ways', fix },
    ];
  return [{ what: 'day or month first', decided: found.order, sure: found.sure, why: found.why, fix }];
}
