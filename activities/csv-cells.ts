import { open } from 'node:fs/promises';

/** Lines are written when so many characters have come together. */
const BLOCK_CHARS = 1 << 18;
/** What would end a cell, or be taken off it by who reads it. */
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/** A line of CSV without its end. One empty cell alone is quoted, or the line would be taken for none. */
export function csvLine(cells: readonly (string | null)[]): string {
  if (cells.length === 1 && !cells[0]) return '""';
  return cells.map((cell) => (cell === null ? '' : NEEDS_QUOTES.test(cell) ? csvQuoted(cell) : cell)).join(',');
}

/** Line ends within a cell become one kind: with several kinds in a file, DuckDB loses its way. */
export const csvQuoted = (text: string) => `"${text.replaceAll(/\r\n?/g, '\n').replaceAll('"', '""')}"`;

/** Writes lines to a file as they come. Other work has its turn between blocks, so that `signal` can end this one. */
export async function writeLines(
  target: string,
  lines: Iterable<string> | AsyncIterable<string>,
  signal: AbortSignal | undefined,
  encoding: BufferEncoding = 'utf8',
): Promise<void> {
  signal?.throwIfAborted();
  const file = await open(target, 'w');
  try {
    let block = '';
    for await (const line of lines) {
      block += `${line}\n`;
      if (block.length < BLOCK_CHARS) continue;
      await file.writeFile(block, encoding);
      signal?.throwIfAborted();
      block = '';
    }
    await file.writeFile(block, encoding);
  } finally {
    await file.close();
  }
}
