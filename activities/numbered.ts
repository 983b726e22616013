import { join } from 'node:path';
import type { Layout } from '../formats/layout.js';
import { MOST_RECORD_CHARS, parted, type TextRecord } from '../formats/text-records.js';
import { csvLine, csvQuoted, writeLines } from './csv-cells.js';
import { COLUMNS_AT_ONCE, scanSql } from './scan-sql.js';
import type { Scannable } from './source-table.js';
import { byteLines, hasLongLine } from './source-text.js';

type Text = Pick<NonNullable<Layout['text']>, 'delimiter' | 'width' | 'skip'>;

/** So much of a bad record is kept. */
const MOST_RAW_CHARS = 10_000;

/**
 * Writes the records of a text with the number of each before it, from 1, without the lines above them and without
 * blank ones. Which of them DuckDB takes is then known. What it says itself of the others is not whole: lines behind a
 * quote that is never closed it may not count. Records that have not the cells they should have are written short:
 * DuckDB has an error for every cell, and each holds all of the record.
 */
export async function writeNumbered(
  scannable: Scannable,
  text: Text,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { delimiter, width } = text;
  const short = `${delimiter.repeat(width)}x`;
  async function* numbered(): AsyncGenerator<string> {
    let number = 0;
    for await (const records of recordsOf(scannable, text, signal)) {
      yield records.map((each) => `${++number}${delimiter}${each.whole ? each.text : short}`).join('\n');
    }
  }
  await writeLines(target, numbered(), signal, 'latin1');
}

/** The records of a text as they lie there, or numbered where one is so long that its errors would take long. */
export async function recordsSql(
  scannable: Scannable,
  text: NonNullable<Layout['text']>,
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  if (!(await hasLongRecords(scannable, text, signal))) return scanSql(scannable.path, scannable.gzip, { text });
  const path = join(scratch, 'numbered.csv');
  await writeNumbered(scannable, text, path, signal);
  return scanSql(path, false, { text: { ...text, skip: 0 } }, true);
}

/** Whether records are so long that DuckDB's errors of them, one for each cell, would take long. */
export async function hasLongRecords(
  { path, gzip }: Scannable,
  { width }: Pick<Text, 'width'>,
  signal: AbortSignal,
): Promise<boolean> {
  // All of it is read in any case: of gzip, DuckDB does not look at the end.
  const long = await hasLongLine(path, gzip ? 'gzip' : 'none', MOST_RECORD_CHARS, signal);
  return long || width > COLUMNS_AT_ONCE;
}

/**
 * Writes the bad records of a text, those that are none of the good ones, as CSV of `record` and `raw`.
 * @param good the numbers of the good records, ascending; one may come several times
 * @returns how many bad ones there are
 */
export async function writeBadRecords(
  scannable: Scannable,
  text: Text,
  good: AsyncIterator<number>,
  target: string,
  signal: AbortSignal,
): Promise<number> {
  let bad = 0;
  async function* found(): AsyncGenerator<string> {
    yield csvLine(['record', 'raw']);
    let number = 0;
    let next = 0;
    for await (const records of recordsOf(scannable, text, signal)) {
      for (const each of records) {
        number++;
        while (next < number) {
          const { done, value } = await good.next();
          next = done ? Number.POSITIVE_INFINITY : value;
        }
        if (next === number) continue;
        bad++;
        const raw = Buffer.from(each.text.slice(0, MOST_RAW_CHARS), 'latin1').toString();
        yield `${number},${csvQuoted(raw)}`;
      }
    }
  }
  await writeLines(target, found(), signal);
  return bad;
}

/** The records of a text, some at a time. */
async function* recordsOf(
  { path, gzip }: Scannable,
  { delimiter, width, skip }: Text,
  signal: AbortSignal,
): AsyncGenerator<TextRecord[]> {
  let above = skip;
  let lines: string[] = [];
  for await (const block of byteLines(path, gzip ? 'gzip' : 'none', signal)) {
    lines = lines.concat(block.slice(above).filter((line) => line !== ''));
    above = Math.max(0, above - block.length);
    const { records, rest } = parted(lines, delimiter, width, false);
    lines = rest;
    if (records.length > 0) yield records;
  }
  const { records } = parted(lines, delimiter, width, true);
  if (records.length > 0) yield records;
}
