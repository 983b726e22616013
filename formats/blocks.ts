import type { ColumnLook } from './columns.js';
import { isMissing, type Row } from './dialect.js';
import { decideOrder, type TimeGuess } from './times.js';

/**
 * Of a table that has its sensors one after the other, the text that changes wherever time begins again; undefined:
 * there is none, or time just goes on.
 * @param texts columns that may name sensors
 * @param time place of the column of the time among the cells, and how it is written
 * @param samples rows that follow each other, from several places of the table, in their order
 */
export function tellingBlocks(
  texts: readonly { column: ColumnLook; at: number }[],
  time: { at: number; guess: TimeGuess },
  samples: readonly (readonly Row[])[],
): ColumnLook | undefined {
  const rows = samples
    .flat()
    .map(({ cells }) => ({ cells, moment: sortKey(cells[time.at]?.trim() ?? '', time.guess) }))
    .filter(({ moment }) => moment !== null);
  const starts = rows.flatMap(({ moment }, at) => (at > 0 && moment! < rows[at - 1]!.moment! ? [at] : []));
  if (starts.length === 0) return undefined;
  return texts.find(({ at: place }) => {
    const text = (at: number) => rows[at]!.cells[place]?.trim() ?? '';
    return starts.every((at) => text(at) !== text(at - 1) && !isMissing(text(at)));
  })?.column;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What sorts as moments do that are written so; null: it is none. Zones are left out of account. */
export function sortKey(cell: string, { format, order }: Pick<TimeGuess, 'format' | 'order'>): string | number | null {
  if (isMissing(cell)) return null;
  if (format.kind === 'epoch' || format.kind === 'serial') return Number.isFinite(Number(cell)) ? Number(cell) : null;
  if (!/^\d/.test(cell)) return null;
  // What begins with the year sorts by itself, once its numbers are as long.
  if (format.kind === 'plain' || format.patterns[0]!.startsWith('%Y'))
    return cell.replace(/[T_]/, ' ').replaceAll(/\d+/g, (digits) => digits.padStart(2, '0'));
  const monthFirst = order !== null && decideOrder(order)?.order === 'month-first';
  const tokens = format.patterns[0]!.match(/%[A-Za-z12]/g) ?? [];
  const words = cell.match(/\d+|\p{L}+/gu) ?? [];
  const parts = new Map(tokens.map((token, at) => [token, words[at] ?? '']));
  const one = parts.get('%1');
  const two = parts.get('%2');
  const named = parts.get('%b') ?? parts.get('%B');
  const month =
    parts.get('%m') ?? (monthFirst ? one : two) ?? `${MONTHS.indexOf(named?.slice(0, 3).toLowerCase() ?? '') + 1}`;
  const day = parts.get('%d') ?? (monthFirst ? two : one) ?? '';
  const half = /^p/i.test(parts.get('%p') ?? '') ? 12 : 0;
  const hour = parts.get('%H') ?? `${(Number(parts.get('%I') ?? 0) % 12) + half}`;
  const rest = [month, day, hour, parts.get('%M') ?? '', parts.get('%S') ?? ''];
  return [parts.get('%Y') ?? parts.get('%y') ?? '', ...rest].map((part) => part.padStart(2, '0')).join(' ');
}
