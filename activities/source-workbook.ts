import { constants } from 'node:buffer';
import { open, readFile } from 'node:fs/promises';
import type { CellObject, ParsingOptions, WorkBook } from '@e965/xlsx';
import { MillraceError } from '../config/errors.js';
import { listMembers, type Member } from './archive.js';
import { archiveFault } from './archive-check.js';
import { csvLine, writeLines } from './csv-cells.js';
import { type TimeFormat, timeFormat, timeText } from './workbook-time.js';

/** Unpacked. A workbook is held in memory whole, and its parsed cells take several times as much. */
const MAX_BYTES = 2 ** 30;
/** Of a sheet, unpacked. It is made one string, and no string is longer. */
const MAX_SHEET_BYTES = constants.MAX_STRING_LENGTH;
/** As Excel has them; a cell further out was put there by something else. */
const [MAX_ROWS, MAX_COLUMNS] = [1_048_576, 16_384];
/** Most sheets have a cell in their first rows; only of others all rows are read to find one. */
const FIRST_ROWS = 1000;
/** What an .xls, and any workbook with a password, begins with. */
const COMPOUND = Buffer.from([0xd0, 0xcf, 0x11, 0xe0]);
const ERRORS: Readonly<Record<number, string>> = {
  0: '#NULL!',
  7: '#DIV/0!',
  15: '#VALUE!',
  23: '#REF!',
  29: '#NAME?',
  36: '#NUM!',
  42: '#N/A',
  43: '#GETTING_DATA',
};
/** Number formats of East Asian dates and times, whose text is in no file; and others that are in none. */
const [UNWRITTEN_TIMES, UNWRITTEN] = [/^(2[7-9]|3[0-6]|5[0-8])$/, /^([5-8]|2[3-6]|4[1-4]|59|6\d|7\d|8[01])$/];
const ANY_TIME: TimeFormat = { elapsed: false, day: true, clock: true };

/** What is read of a workbook beyond what its parser declares. */
type Parsed = WorkBook & {
  Styles?: { CellXf?: { numFmtId?: number | string }[] };
};

/**
 * Names of the sheets that have cells, in their order; hidden ones are left out.
 * @throws MillraceError MR_FILE_UNREADABLE when the workbook is damaged or encrypted; MR_SPACE when it is too large
 */
export async function listSheets(path: string): Promise<string[]> {
  await check(path);
  const book = await parse(path, { sheetRows: FIRST_ROWS });
  const names: string[] = [];
  for (const [at, name] of book.SheetNames.entries()) {
    if (book.Workbook?.Sheets?.[at]?.Hidden) continue;
    if (hasCells(rowsOf(path, book, name)) || hasCells(rowsOf(path, await parse(path, { sheets: at }), name)))
      names.push(name);
  }
  return names;
}

/**
 * Writes a sheet as CSV, line by line as its rows are numbered; a row without cells is a line without text. Formulas
 * are their saved values.
 * @throws MillraceError as `listSheets` does
 */
export async function sheetToCsv(path: string, sheet: string, target: string): Promise<void> {
  await check(path);
  const book = await parse(path, { sheets: sheet });
  const rows = rowsOf(path, book, sheet);
  const text = await cellText(book);
  await writeLines(target, linesOf(rows, text), undefined);
}

function* linesOf(rows: Rows, text: (cell: CellObject | undefined) => string | null): Generator<string> {
  let width = 0;
  let height = 0;
  for (const [at, row] of rows.entries()) {
    const end = row?.findLastIndex(isFilled) ?? -1;
    width = Math.max(width, end + 1);
    if (end >= 0) height = at + 1;
  }
  for (let at = 0; at < height; at++) {
    const row = rows[at];
    yield row?.some(isFilled) ? csvLine(Array.from({ length: width }, (_, column) => text(row[column]))) : '';
  }
}

/** Rows and cells may be missing. */
type Rows = readonly (readonly (CellObject | undefined)[] | undefined)[];

const isFilled = (cell: CellObject | undefined) => cell !== undefined && cell.t !== 'z' && cell.v !== '';
const hasCells = (rows: Rows) => rows.some((row) => row?.some(isFilled));

function rowsOf(path: string, { Sheets, SheetNames }: WorkBook, name: string): Rows {
  if (!SheetNames.includes(name))
    throw unreadable(path, `there is no sheet ${name} in it`, 'run again when nothing writes to it');
  const sheet = Sheets[name];
  // So says the parser that it could not read it.
  if (sheet === undefined) throw unreadable(path, `the sheet ${name} is damaged`, MEND);
  // A sheet of nothing but a chart has none.
  const rows: Rows = sheet['!data'] ?? [];
  // Whoever goes through rows that are not there has to count to their end.
  if (rows.length <= MAX_ROWS && rows.every((row) => (row?.length ?? 0) <= MAX_COLUMNS)) return rows;
  throw unreadable(path, `the sheet ${name} has cells outside of ${MAX_ROWS} rows of ${MAX_COLUMNS} cells`, MEND);
}

/** Whether the parser can be let at it: damaged bytes may keep it busy for ever. */
async function check(path: string): Promise<void> {
  let members: Member[];
  let fault: Awaited<ReturnType<typeof archiveFault>>;
  try {
    members = await listMembers(path);
    refuseLarge(path, members);
    fault = await archiveFault(path, MAX_BYTES);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'MR_SPACE') throw error;
    if (await isCompound(path)) {
      const next = 'save it as .xlsx without a password, or its sheets as CSV';
      throw unreadable(path, 'it has a password, or is one of the older kind (.xls)', next, error);
    }
    throw unreadable(path, (error as Error).message.split('\n', 1)[0]!, MEND, error);
  }
  if (fault === 'damaged') throw unreadable(path, 'it is damaged', MEND);
  if (fault === 'too large') throw tooLarge(path, MAX_BYTES, MAX_BYTES);
}

function refuseLarge(path: string, members: readonly Member[]): void {
  const bytes = members.reduce((sum, member) => sum + member.bytes, 0);
  if (bytes > MAX_BYTES) throw tooLarge(path, bytes, MAX_BYTES);
  const sheet = members.find((member) => member.name.endsWith('.xml') && member.bytes > MAX_SHEET_BYTES);
  if (sheet) throw tooLarge(`${sheet.name} in ${path}`, sheet.bytes, MAX_SHEET_BYTES);
}

async function isCompound(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(COMPOUND.length), 0, COMPOUND.length, 0);
    return buffer.equals(COMPOUND);
  } finally {
    await file.close();
  }
}

async function parse(path: string, options: ParsingOptions): Promise<Parsed> {
  // Loaded when first needed: most sources hold no workbook.
  const { read } = await import('@e965/xlsx');
  const bytes = await readFile(path);
  try {
    return read(bytes, {
      type: 'buffer',
      dense: true,
      cellFormula: false,
      cellHTML: false,
      cellText: false,
      cellNF: true,
      ...options,
    });
  } catch (error) {
    throw unreadable(path, (error as Error).message, MEND, error);
  }
}

/** Makes of cells what is written of them. */
async function cellText({ Workbook, Styles }: Parsed): Promise<(cell: CellObject | undefined) => string | null> {
  const { SSF } = await import('@e965/xlsx');
  const isDate: (format: string) => boolean = SSF.is_date;
  const since1904 = Workbook?.WBProps?.date1904 === true;
  const ids = (Styles?.CellXf ?? []).map(({ numFmtId }) => String(numFmtId));
  const unwritten = ids.some((id) => UNWRITTEN_TIMES.test(id)) && !ids.some((id) => UNWRITTEN.test(id));
  const formats = new Map<unknown, TimeFormat | null>([[undefined, unwritten ? ANY_TIME : null]]);

  function formatOf(format: unknown): TimeFormat | null {
    let known = formats.get(format);
    if (known === undefined) {
      known = typeof format === 'string' && isDate(format) ? timeFormat(format) : null;
      formats.set(format, known);
    }
    return known;
  }

  return (cell) => {
    if (cell === undefined || cell.t === 'z') return null;
    const { t: type, v: value, z: format } = cell;
    if (type === 'e') return (typeof value === 'number' && ERRORS[value]) || '#ERROR!';
    if (typeof value !== 'number') return value === undefined ? null : String(value);
    const time = formatOf(format);
    return (time && timeText(value, time, since1904)) ?? String(value);
  };
}

const MEND = 'open it and save it anew, or save its sheets as CSV';

const unreadable = (path: string, why: string, next: string, cause?: unknown) =>
  new MillraceError('MR_FILE_UNREADABLE', `${path} cannot be read as a workbook: ${why}`, { next }, { cause });

const tooLarge = (what: string, bytes: number, allowed: number) =>
  new MillraceError('MR_SPACE', `${what} is ${mib(bytes)} MiB unpacked or more, too large to be held in memory`, {
    allowed: `${mib(allowed)} MiB are allowed`,
    next: 'save its sheets as CSV',
  });

const mib = (bytes: number) => Math.ceil(bytes / 2 ** 20).toLocaleString('en-US');
