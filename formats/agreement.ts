import type { NumberFormat } from './numbers.js';
import type { Decision } from './role-choice.js';
import type { Roles } from './roles.js';
import type { Shape } from './shape.js';
import { columnsOf } from './time-role.js';

/**
 * Lets the tables of a source agree where a table alone cannot know: what `1.234` is, where others say which mark is
 * decimal; and whether a column names sensors, where others with the same columns have several of them. Else the same
 * sensor would have another id, or another scale, in one file than in the next.
 * @param isWritten whether numbers of a table stand there as a person, or a program for persons, wrote them
 */
export function agreed<T extends Seen>(tables: readonly T[], isWritten: (table: T) => boolean): T[] {
  return withCommonRoles(withCommonDecimal(tables, isWritten));
}

interface Seen {
  /** Null: it has no records. */
  shape: Shape | null;
}

function withCommonDecimal<T extends Seen>(tables: readonly T[], isWritten: (table: T) => boolean): T[] {
  const marks = new Set<string>();
  for (const table of tables) {
    const own = table.shape?.decisions.find(isDecimal);
    if (isWritten(table) && own?.sure === 'certain' && own.decided !== 'none') marks.add(own.decided);
  }
  const [mark, other] = marks;
  if ((mark !== '.' && mark !== ',') || other !== undefined) return [...tables];
  return tables.map((table) => {
    const { shape } = table;
    const own = shape?.decisions.find(isDecimal);
    if (shape === null || !isWritten(table) || own === undefined || own.decided === mark) return table;
    const columns = shape.columns.map((column) => ({
      ...column,
      number: column.number && marked(column.number, mark),
    }));
    const why = 'so are numbers written in other files of the source';
    const decision: Decision = { ...own, decided: mark, sure: 'likely', why, fix: `decimal: "${mark}"` };
    return { ...table, shape: { ...shape, columns, decisions: replaced(shape.decisions, decision) } };
  });
}

const isDecimal = ({ what }: Decision) => what === 'decimal mark';

const marked = (format: NumberFormat, decimal: '.' | ','): NumberFormat => ({
  ...format,
  decimal,
  group: format.group === decimal ? '' : format.group,
  plain: decimal === '.' && format.plain,
});

function withCommonRoles<T extends Seen>(tables: readonly T[]): T[] {
  const alike = new Map<string, Shape[]>();
  const keyOf = ({ columns, roles }: Shape) => JSON.stringify([columns.map(({ name }) => name), columnsOf(roles.time)]);
  for (const { shape } of tables) {
    if (shape === null) continue;
    const key = keyOf(shape);
    const same = alike.get(key);
    if (same === undefined) alike.set(key, [shape]);
    else same.push(shape);
  }
  const most = new Map(
    [...alike].map(([key, shapes]) => [key, shapes.reduce((a, b) => (tells(b.roles, a.roles) ? b : a))]),
  );
  return tables.map((table) => {
    if (table.shape === null) return table;
    const first = most.get(keyOf(table.shape))!;
    return isSame(first.roles, table.shape.roles) ? table : { ...table, shape: withRoles(table.shape, first) };
  });
}

/** Whether roles tell more than others: of more columns that name sensors, then of more readings. */
const tells = (one: Roles, two: Roles) =>
  one.sensors.length !== two.sensors.length
    ? one.sensors.length > two.sensors.length
    : one.values.length > two.values.length;

const isSame = (one: Roles, two: Roles) =>
  JSON.stringify([one.form, one.sensors, one.values]) === JSON.stringify([two.form, two.sensors, two.values]);

function withRoles(shape: Shape, { roles }: Shape): Shape {
  const why = 'so it is in other files with the same columns';
  const decisions = roles.decisions
    .filter(({ what }) => what === 'sensor')
    .reduce((all, each) => replaced(all, { ...each, sure: 'likely', why }), shape.decisions);
  // Of words, no readings become that way.
  const isRead = (name: string) =>
    shape.roles.values.includes(name) ||
    shape.columns.some((column) => column.name === name && column.kind === 'empty');
  const values = roles.values.filter(isRead);
  const leftOut = shape.roles.leftOut.filter(
    ({ column }) => !values.includes(column) && !roles.sensors.includes(column),
  );
  return { ...shape, roles: { ...shape.roles, form: roles.form, sensors: roles.sensors, values, leftOut }, decisions };
}

/** With a decision in the place of that on the same question, or behind the others. */
function replaced(decisions: readonly Decision[], own: Decision): Decision[] {
  const at = decisions.findIndex(({ what }) => what === own.what);
  return at === -1 ? [...decisions, own] : decisions.with(at, own);
}
