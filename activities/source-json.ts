import { setImmediate } from 'node:timers/promises';
import { MillraceError } from '../config/errors.js';
import { csvLine, csvQuoted, writeLines } from './csv-cells.js';
import { eachJsonCell, isJsonObject, stringEnd } from './json-cells.js';
import { type Packed, unpacked } from './source-text.js';

/** One object a line, or all of them in an array, which may lie within an object. */
export type JsonForm = 'lines' | 'array' | 'within';

/** Keys that are ids or times make a column of each value; so many are no table any more. */
const MAX_COLUMNS = 20_000;
/** An array, and a line, is held in memory whole. */
const MAX_CHARS = 256 * 2 ** 20;
/** After so many characters of an array other work has its turn. */
const BLOCK_CHARS = 1 << 18;

/** How records lie in a file that begins with this text; null where it is not JSON that holds records. */
export function jsonForm(text: string): JsonForm | null {
  const start = text.trimStart();
  if (/^\[\s*\{/.test(start)) return 'array';
  if (!/^\{\s*["}]/.test(start)) return null;
  const end = start.indexOf('\n');
  const line = end === -1 ? start : start.slice(0, end);
  const within = /"\s*:\s*\[\s*\{/.test(start);
  if (!isJsonObject(line)) return within ? 'within' : null;
  // One object alone is a record, unless most of it is records.
  const array = within && start.slice(line.length).trim() === '' ? longestArray(line) : null;
  return array !== null && array.end - array.start > line.length / 2 ? 'within' : 'lines';
}

/**
 * The flattened keys of all objects, in the order in which they first appear.
 * @throws MillraceError MR_FILE_UNREADABLE when there are too many, or the file is damaged
 */
export async function jsonColumns(
  path: string,
  packed: Packed,
  form: JsonForm,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const names = new Set<string>();
  for await (const block of records(path, packed, form, signal)) {
    for (const record of block) if (isJsonObject(record)) eachJsonCell(record, (name) => names.add(name));
    if (names.size > MAX_COLUMNS) {
      const [many, allowed] = [names.size, MAX_COLUMNS].map((n) => n.toLocaleString('en-US'));
      throw unreadable(
        path,
        `its objects have ${many} keys or more`,
        'write what changes from record to record, such as ids and times, as values and not as keys',
        { allowed: `${allowed} keys are allowed` },
      );
    }
  }
  return [...names];
}

/**
 * Writes the objects as CSV. What is no object becomes a line of one cell, its text: who reads the lines sets it apart.
 * For that every other line has two cells or more.
 * @param options.rows at most so many lines after the first, where not all are wanted
 * @throws MillraceError MR_FILE_UNREADABLE when the file is damaged, or an array too large
 */
export async function jsonToCsv(
  path: string,
  packed: Packed,
  form: JsonForm,
  columns: readonly string[],
  target: string,
  { rows, signal }: { rows: number | null; signal: AbortSignal | undefined },
): Promise<void> {
  const header = atLeastTwo(columns);
  const places = new Map(columns.map((name, at) => [name, at]));

  async function* lines(): AsyncGenerator<string> {
    yield csvLine(header);
    let left = rows ?? Number.POSITIVE_INFINITY;
    for await (const block of records(path, packed, form, signal)) {
      for (const record of block) {
        if (left-- <= 0) return;
        yield isJsonObject(record) ? csvLine(cellsOf(record)) : csvQuoted(record.replaceAll(/\s+/g, ' '));
      }
    }
  }

  function cellsOf(record: string): (string | null)[] {
    const cells = new Array<string | null>(header.length).fill(null);
    eachJsonCell(record, (name, value) => {
      const at = places.get(name);
      if (at !== undefined) cells[at] = value;
    });
    return cells;
  }

  await writeLines(target, lines(), signal);
}

function atLeastTwo(columns: readonly string[]): readonly string[] {
  const [only = 'column1', ...others] = columns;
  if (others.length > 0) return columns;
  return [only, only === 'column2' ? 'column2_2' : 'column2'];
}

/** The text of every record, block by block, without blank ones. */
async function* records(
  path: string,
  packed: Packed,
  form: JsonForm,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[]> {
  const blocks = form === 'lines' ? lineBlocks(path, packed, signal) : elementBlocks(path, packed, form, signal);
  for await (const block of blocks) yield block.map((text) => text.trim()).filter((text) => text !== '');
}

async function* lineBlocks(path: string, packed: Packed, signal: AbortSignal | undefined): AsyncGenerator<string[]> {
  let rest = '';
  for await (const text of texts(path, packed, signal)) {
    const end = text.lastIndexOf('\n');
    if (end !== -1) yield (rest + text.slice(0, end)).split('\n');
    rest = end === -1 ? rest + text : text.slice(end + 1);
    if (rest.length > MAX_CHARS) throw tooLarge(path, 'a line of it');
  }
  yield [rest];
}

async function* elementBlocks(
  path: string,
  packed: Packed,
  form: JsonForm,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[]> {
  let chars = 0;
  const parts: string[] = [];
  for await (const text of texts(path, packed, signal)) {
    chars += text.length;
    if (chars > MAX_CHARS) throw tooLarge(path, 'its array');
    parts.push(text);
  }
  let block: string[] = [];
  chars = 0;
  const text = parts.join('');
  const from = form === 'within' ? (longestArray(text)?.start ?? -1) : text.indexOf('[');
  for (const element of elements(path, text, from, form === 'within')) {
    block.push(element);
    chars += element.length;
    if (chars < BLOCK_CHARS) continue;
    yield block;
    block = [];
    chars = 0;
    await setImmediate();
    signal?.throwIfAborted();
  }
  yield block;
}

/** Where the array of objects lies that has the most of them; null: there is none. */
function longestArray(text: string): { start: number; end: number } | null {
  const marks = /["[\]{},]/g;
  const open: { start: number; end: number; holds: boolean; elements: number }[] = [];
  const closed: typeof open = [];
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    const [mark] = found;
    const start = found.index;
    if (mark === '"') {
      const end = stringEnd(text, start);
      if (end === -1) break;
      marks.lastIndex = end;
    } else if (mark === '[' || mark === '{') {
      const holds = mark === '[' && /^\s*\{/.test(text.slice(start + 1, start + 200));
      open.push({ start, end: text.length, holds, elements: 1 });
    } else if (mark === ',') {
      const last = open.at(-1);
      if (last !== undefined) last.elements++;
    } else {
      const last = open.pop();
      if (last?.holds) closed.push({ ...last, end: marks.lastIndex });
    }
  }
  // One that is cut off is among them: who reads it will say so.
  const arrays = [...closed, ...open.filter(({ holds }) => holds)];
  return arrays.sort((one, other) => other.elements - one.elements)[0] ?? null;
}

/**
 * The texts between the commas of an array; whether they are objects is not asked here.
 * @param from where the array begins
 * @param more whether anything may follow it
 */
function* elements(path: string, text: string, from: number, more: boolean): Generator<string> {
  const marks = /["[\]{},]/g;
  marks.lastIndex = from + 1;
  let start = marks.lastIndex;
  let depth = 0;
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    const [mark] = found;
    if (mark === '"') {
      const end = stringEnd(text, found.index);
      if (end === -1) break;
      marks.lastIndex = end;
    } else if (mark === '{' || mark === '[') depth++;
    else if (depth > 0) depth -= mark === ',' ? 0 : 1;
    else if (mark === '}') break;
    else {
      yield text.slice(start, found.index);
      start = marks.lastIndex;
      if (mark === ',') continue;
      if (!more && /\S/.test(text.slice(start))) break;
      return;
    }
  }
  const place = `what begins at character ${(start + 1).toLocaleString('en-US')} does not end as it should`;
  throw unreadable(path, place, 'mend it, or write one object a line: then only damaged lines are set apart');
}

/** A file's text, unpacked, without the mark at its beginning. */
async function* texts(
  path: string,
  { packing, encoding }: Packed,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const { stream, close } = unpacked(path, packing);
  const decoder = new TextDecoder(encoding);
  try {
    for await (const block of stream) {
      signal?.throwIfAborted();
      yield decoder.decode(block as Buffer, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreadable(path, (error as Error).message, 'make the file anew; it may have been cut off', { cause: error });
  } finally {
    close();
  }
}

const tooLarge = (path: string, what: string) =>
  unreadable(path, `${what} is larger than can be held in memory`, 'write one object a line (.jsonl)', {
    allowed: `${MAX_CHARS / 2 ** 20} MiB of text are allowed`,
  });

function unreadable(
  path: string,
  why: string,
  next: string,
  { allowed, cause }: { allowed?: string; cause?: unknown } = {},
): MillraceError {
  const found = `${path} cannot be read as JSON: ${why}`;
  return new MillraceError('MR_FILE_UNREADABLE', found, { ...(allowed && { allowed }), next }, { cause });
}
