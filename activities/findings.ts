import type { Decision } from '../formats/role-choice.js';
import { columnsOf } from '../formats/time-role.js';
import type { OrderDecision } from '../formats/times.js';
import type { LeftOut, SeenTable } from './inspect-file.js';
import type { SourceFile } from './source.js';
import { pathOf } from './source-table.js';

/** What was found out about tables that are alike, for people. */
export interface Finding {
  /** The first of them. */
  path: string;
  tables: number;
  kind: SeenTable['kind'];
  packing: SeenTable['packing'];
  encoding: SeenTable['encoding'];
  form: 'long' | 'wide' | 'several';
  decisions: Decision[];
  columns: { name: string; role: string; unit: string | null }[];
  /** How many more columns there are. */
  moreColumns: number;
  preview: string[][];
}

/** What was found out about a source. */
export interface Findings {
  files: number;
  tables: number;
  /** Tables that are written alike, the most first; no more than a page holds. */
  alike: Finding[];
  /** What is not read; the first, and how many there are. */
  leftOut: { path: string; why: string }[];
  leftOutInAll: number;
}

const MOST_FINDINGS = 20;
const MOST_LEFT_OUT = 20;
const MOST_COLUMNS = 60;
const MOST_CELL = 60;

/** What people are told about a source: one finding for all tables that are written alike. */
export function findingsOf(
  files: number,
  tables: readonly (SeenTable & { file: SourceFile })[],
  orders: readonly OrderDecision[],
  leftOut: readonly LeftOut[],
): Findings {
  return {
    files,
    tables: tables.length,
    alike: alikeOf(tables, orders),
    leftOut: leftOut.slice(0, MOST_LEFT_OUT).map(({ path, why }) => ({ path, why })),
    leftOutInAll: leftOut.length,
  };
}

function alikeOf(tables: readonly (SeenTable & { file: SourceFile })[], orders: readonly OrderDecision[]): Finding[] {
  const alike = new Map<string, Finding>();
  for (const [at, table] of tables.entries()) {
    if (table.shape === null) continue;
    const { roles } = table.shape;
    const finding = findingOf(table, orders[at]!);
    const { path: _, preview: __, tables: ___, ...rest } = finding;
    const key = JSON.stringify({
      ...rest,
      // Why is told by numbers that differ from file to file.
      decisions: rest.decisions.map(({ what, decided }) => [what, decided]),
      roles: [roles.form, columnsOf(roles.time), roles.sensors, roles.values, roles.leftOut],
    });
    const first = alike.get(key);
    if (first === undefined) alike.set(key, finding);
    else first.tables++;
  }
  return [...alike.values()].sort((a, b) => b.tables - a.tables).slice(0, MOST_FINDINGS);
}

function findingOf(table: SeenTable & { file: SourceFile }, order: OrderDecision): Finding {
  const shape = table.shape!;
  const { roles, columns } = shape;
  const left = new Map(roles.leftOut.map(({ column, why }) => [column, why]));
  const roleOf = (name: string) => {
    if (roles.sensors.includes(name)) return 'sensor';
    if (roles.values.includes(name)) return 'reading';
    return left.has(name) ? `left out: ${left.get(name)}` : 'time';
  };
  const shown = columns.slice(0, MOST_COLUMNS);
  return {
    path: pathOf(table.file, table),
    tables: 1,
    kind: table.kind,
    packing: table.packing,
    encoding: table.encoding,
    form: roles.form,
    decisions: shape.decisions
      .filter(({ what }) => table.kind === 'text' || (what !== 'delimiter' && what !== 'header'))
      .map((decision) =>
        decision.what === 'day or month first'
          ? { ...decision, decided: order.order, sure: order.sure, why: order.why }
          : decision,
      ),
    columns: shown.map(({ name, unit, number }) => ({
      name,
      role: roleOf(name),
      unit: unit ?? number?.units[0] ?? null,
    })),
    moreColumns: columns.length - shown.length,
    preview: shape.preview.map((row) =>
      row.slice(0, MOST_COLUMNS).map((cell) => (cell.length > MOST_CELL ? `${cell.slice(0, MOST_CELL)}…` : cell)),
    ),
  };
}
