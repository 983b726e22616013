import type { Millrace } from '../client/millrace.js';
import { selectSql } from '../client/sql.js';
import { count, type Output } from './output.js';

/** Shows what a reading statement finds. */
export async function sqlCommand(out: Output, millrace: Millrace, text: string): Promise<void> {
  const { columns, rows } = await selectSql(millrace, text);
  out.document(rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]]))));
  const numbers = columns
    .map((_, at) => at)
    .filter((at) => rows.every((row) => row[at] === null || typeof row[at] === 'number'));
  out.print(
    out.table(
      columns,
      rows.map((row) => row.map(cell)),
      numbers,
    ),
  );
  out.note(`\n  ${count(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`);
}

function cell(value: unknown): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
