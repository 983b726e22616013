import { join } from 'node:path';
import type { Choice } from '../formats/choice.js';
import { type Layout, layoutOf } from '../formats/layout.js';
import { RoleMissing } from '../formats/role-choice.js';
import { type Shape, shapeOf, shapeOfTyped } from '../formats/shape.js';
import { decideOrder, orderOf } from '../formats/times.js';
import type { DuckSession } from '../store/duck.js';
import { eachOf } from '../store/each-of.js';
import { quote } from '../store/sql.js';
import { listMembers, unpackMember } from './archive.js';
import type { Attempt, Stores } from './context.js';
import { recordsSql } from './numbered.js';
import { columnSql, parquetScanSql } from './scan-sql.js';
import type { SourceFile } from './source.js';
import { jsonColumns, jsonForm } from './source-json.js';
import { firstBytes, localHead, localPath, unreadable } from './source-local.js';
import { listTables } from './source-sqlite.js';
import { type Place, pathOf, rewritten, scanLayout, scannable } from './source-table.js';
import { packingOf, readHead } from './source-text.js';

/** A table that was found in a file. */
export interface SeenTable extends Place {
  /** Null: it has no records. */
  shape: Shape | null;
  /** Types of its columns, where they have some. */
  types: string[] | null;
}

/** What is not read, and why. */
export interface LeftOut {
  path: string;
  why: string;
  /** What its columns are called, where it has some. */
  columns: readonly string[];
  role: RoleMissing['role'] | null;
}

/** What was seen in a file. */
export interface SeenFile {
  tables: SeenTable[];
  leftOut: LeftOut[];
}

interface Look {
  stores: Stores;
  file: SourceFile;
  choice: Choice;
  scratch: string;
  attempt: Attempt;
}

/** Records of tables that are no text, from which is seen what their columns hold; of wide tables, fewer. */
const SAMPLE_ROWS = 2000;
const SAMPLE_CELLS = 1e6;
/** Further down one looks at so many places. */
const LATER_PLACES = 4;
const LATER_ROWS = 100;
/** Whether 3/4 is in March or April is looked for in the whole file, by its days. */
const MOST_DAYS = 100_000;

const PLAIN: Omit<Place, 'kind'> = {
  member: null,
  table: null,
  packing: 'none',
  encoding: 'utf-8',
  json: null,
};

/**
 * Looks into a file: which tables are in it, how they are written, what their columns are for.
 * @throws MillraceError MR_FILE_UNREADABLE when it is damaged
 */
export async function inspectFile(look: Look): Promise<SeenFile> {
  const { stores, file, scratch, attempt } = look;
  if (file.bytes === 0) return { tables: [emptyTable(PLAIN, 'text')], leftOut: [] };
  const head = await localHead(stores, file, scratch, attempt);
  const whole = () => (head.partial ? localPath(stores, file, scratch, attempt) : Promise.resolve(head.path));
  if (packingOf(await firstBytes(head.path, 4)) !== 'zip') return inspectOne(look, { ...head, whole }, null);

  const path = await whole();
  const members = await listMembers(path);
  if (members.some(({ name }) => name === 'xl/workbook.xml' || name === 'xl/workbook.bin'))
    return inspectWorkbook(look, path, null);
  const seen: SeenFile = { tables: [], leftOut: [] };
  for (const member of members) {
    attempt.signal.throwIfAborted();
    const unpacked = join(scratch, 'member');
    await unpackMember(path, member, unpacked, attempt.signal);
    const found = await inspectOne(look, { path: unpacked, partial: false, whole: async () => unpacked }, member.name);
    seen.tables.push(...found.tables);
    seen.leftOut.push(...found.leftOut);
  }
  return seen;
}

/** How the answer to a query is written. */
const QUERIED = { delimiter: ',', header: 1 };

interface Local {
  path: string;
  partial: boolean;
  /** Where all of it is. */
  whole: () => Promise<string>;
}

async function inspectOne(look: Look, local: Local, member: string | null): Promise<SeenFile> {
  const { file, attempt, choice } = look;
  const start = await firstBytes(local.path, 16);
  const place = { ...PLAIN, member };
  const leave = (why: string) => ({ tables: [], leftOut: [leftOutOf(file, place, why)] });
  if (start.length === 0) return { tables: [emptyTable(place, 'text')], leftOut: [] };
  if (start.subarray(0, 4).toString('latin1') === 'PAR1') return inspectParquet(look, await local.whole(), place);
  if (start.toString('latin1') === 'SQLite format 3\0') return inspectSqlite(look, await local.whole(), place);
  if (/\.(parquet|pq)$/i.test(member ?? file.path))
    throw unreadable(pathOf(file, place), 'Parquet', 'it does not begin with PAR1; it may have been cut off');
  if (packingOf(start) === 'zip') {
    if (member !== null && /\.xls[xm]$/i.test(member)) return inspectWorkbook(look, local.path, member);
    return leave('it is an archive in an archive: unpack it');
  }
  const { partial } = local;
  const head = await readHead(local.path, { encoding: choice.encoding, partial, signal: attempt.signal }).catch(
    (error: unknown) => {
      attempt.signal.throwIfAborted();
      throw unreadable(pathOf(file, place), 'text', error);
    },
  );
  if (head.encoding === null) return leave('it is neither text nor of another kind that is known');
  const text: Place = {
    ...place,
    kind: 'text',
    packing: head.packing,
    encoding: head.encoding.encoding,
  };
  if (head.text.trim() === '') return { tables: [emptyTable(text, 'text')], leftOut: [] };
  const form = jsonForm(head.text);
  if (form !== null) {
    const path = await local.whole();
    const keys = await jsonColumns(path, text, form, attempt.signal);
    return inspectText(look, { ...text, kind: 'json', json: { form, keys } }, path, { delimiter: ',', header: 1 });
  }
  const known = file.object === undefined ? choice : { ...choice, ...QUERIED };
  const seen = shaped(look, text, () => shapeOf(head.text, known, head.later));
  return head.complete ? seen : settleOrder(look, seen, await local.whole());
}

async function inspectParquet(look: Look, path: string, place: Omit<Place, 'kind'>): Promise<SeenFile> {
  const { stores, attempt, choice, file, scratch } = look;
  const parquet: Place = { ...place, kind: 'parquet' };
  const { path: from } = await scannable(stores, path, parquet, null, scratch, attempt);
  return stores.duck.session({ tz: 'UTC', signal: attempt.signal }, async (duck) => {
    try {
      const columns = await duck.rows<{ column_name: string; column_type: string }>(
        `DESCRIBE SELECT * FROM ${parquetScanSql(from)}`,
      );
      const most = Math.min(SAMPLE_ROWS, Math.ceil(SAMPLE_CELLS / columns.length));
      const sample = await duck.rows<Record<string, string | null>>(
        `SELECT COLUMNS(*)::VARCHAR FROM ${parquetScanSql(from)} LIMIT ${most}`,
      );
      if (sample.length === 0) return { tables: [emptyTable(parquet, 'parquet')], leftOut: [] };
      const typed = columns.map((row) => ({ name: row.column_name, type: row.column_type }));
      const cellsOf = (row: Record<string, string | null>) => typed.map(({ name }) => row[name] ?? '');
      const own = columns.some(({ column_name: name }) => name === 'file_row_number');
      const later = own || sample.length < most ? [] : await furtherDown(duck, from, most, cellsOf);
      const seen = shaped(look, parquet, () => shapeOfTyped(typed, sample.map(cellsOf), choice, later));
      for (const table of seen.tables) table.types = typed.map(({ type }) => type);
      return seen;
    } catch (error) {
      throw unreadable(pathOf(file, parquet), 'Parquet', error);
    }
  });
}

/** Some records from each of several places of a Parquet file behind its first. */
async function furtherDown(
  duck: DuckSession,
  path: string,
  first: number,
  cellsOf: (row: Record<string, string | null>) => string[],
): Promise<string[][][]> {
  const from = parquetScanSql(path, { numbered: true });
  const [all] = await duck.rows<{ n: number }>(`SELECT count(*)::DOUBLE AS n FROM ${from}`);
  const parts = Array.from({ length: LATER_PLACES }, (_, nth) => (nth + 1) / LATER_PLACES);
  return eachOf(parts, 1, async (part) => {
    const start = Math.max(first, first + Math.floor((all!.n - first) * part) - LATER_ROWS);
    const rows = await duck.rows<Record<string, string | null>>(
      `SELECT COLUMNS(* EXCLUDE file_row_number)::VARCHAR FROM ${from}
       WHERE file_row_number >= ${start} AND file_row_number < ${start + LATER_ROWS} ORDER BY file_row_number`,
    );
    return rows.map(cellsOf);
  });
}

async function inspectWorkbook(look: Look, path: string, member: string | null): Promise<SeenFile> {
  const seen: SeenFile = { tables: [], leftOut: [] };
  for (const table of await look.stores.workbooks.sheets(path, look.attempt.signal)) {
    const place: Place = { ...PLAIN, kind: 'workbook', member, table };
    const found = await inspectText(look, place, path, { delimiter: ',' });
    seen.tables.push(...found.tables);
    seen.leftOut.push(...found.leftOut);
  }
  return seen;
}

async function inspectSqlite(look: Look, path: string, place: Omit<Place, 'kind'>): Promise<SeenFile> {
  const seen: SeenFile = { tables: [], leftOut: [] };
  for (const table of await listTables(path, look.scratch)) {
    const found = await inspectText(look, { ...place, kind: 'sqlite', table }, path, { delimiter: ',', header: 1 });
    seen.tables.push(...found.tables);
    seen.leftOut.push(...found.leftOut);
  }
  return seen;
}

/** Looks at what is made text to be read. */
async function inspectText(look: Look, place: Place, path: string, known: Partial<Choice>): Promise<SeenFile> {
  const { stores, scratch, attempt, choice } = look;
  const made = await scannable(stores, path, place, null, scratch, attempt, SAMPLE_ROWS);
  const { text, later } = await readHead(made.path, { encoding: 'utf-8', signal: attempt.signal });
  if (text.trim() === '') return { tables: [emptyTable(place, place.kind)], leftOut: [] };
  return shaped(look, place, () => shapeOf(text, { ...choice, ...known }, later));
}

function shaped({ file }: Look, place: Place, find: () => Shape | 'empty' | null): SeenFile {
  try {
    const shape = find();
    if (shape === null) return { tables: [], leftOut: [leftOutOf(file, place, 'there is no table in it')] };
    return { tables: [{ ...place, shape: shape === 'empty' ? null : shape, types: null }], leftOut: [] };
  } catch (error) {
    if (!(error instanceof RoleMissing)) throw error;
    const { message, columns, role } = error;
    return { tables: [], leftOut: [{ path: pathOf(file, place), why: message, columns, role }] };
  }
}

/** Where the first lines do not say whether days or months come first, all others are asked. */
async function settleOrder(look: Look, seen: SeenFile, path: string): Promise<SeenFile> {
  const { choice } = look;
  const [table] = seen.tables;
  const shape = table?.shape;
  if (shape == null || shape.order === null || choice.dayFirst !== null) return seen;
  if (shape.order.different > 0 && decideOrder(shape.order) !== null) return seen;
  const layout = layoutOf(shape, 'day-first', null);
  const again = rewritten(layout);
  try {
    const days = await daysIn(look, path, table!, layout).catch((error: unknown) => {
      // What DuckDB cannot read as it stands, it can with its lines written anew.
      if (again === null || look.attempt.signal.aborted) throw error;
      return daysIn(look, path, table!, again);
    });
    shape.order = orderOf(days);
  } catch (error) {
    look.attempt.signal.throwIfAborted();
    throw unreadable(pathOf(look.file, table!), 'text', error);
  }
  return seen;
}

/** The days of a text as they are written, in the order in which they first come. */
async function daysIn(
  { stores, scratch, attempt }: Look,
  path: string,
  place: Place,
  layout: Layout,
): Promise<[number, number][]> {
  const plain = await scannable(stores, path, place, layout, scratch, attempt);
  const scan = scanLayout(layout);
  if (scan.time.form === 'parts' || scan.text === null) return [];
  const records = await recordsSql(plain, scan.text, scratch, attempt.signal);
  const stamp = columnSql(scan, scan.time.columns[0]!);
  const pattern = quote('(\\d{1,2})[-/. ](\\d{1,2})[-/. ]\\d{2,4}');
  const days = await stores.duck.session({ tz: 'UTC', signal: attempt.signal }, (duck) =>
    duck.rows<{ one: number; two: number }>(`
      SELECT one, two
      FROM (SELECT try_cast(day.one AS INTEGER) AS one, try_cast(day.two AS INTEGER) AS two, nth
            FROM (SELECT regexp_extract(${stamp}, ${pattern}, ['one', 'two']) AS day, row_number() OVER () AS nth
                  FROM ${records}))
      WHERE one BETWEEN 1 AND 31 AND two BETWEEN 1 AND 31 GROUP BY one, two ORDER BY min(nth) LIMIT ${MOST_DAYS}`),
  );
  return days.map(({ one, two }) => [one, two]);
}

const emptyTable = (place: Omit<Place, 'kind'>, kind: Place['kind']): SeenTable => ({
  ...place,
  kind,
  shape: null,
  types: null,
});

const leftOutOf = (file: SourceFile, place: Pick<Place, 'member' | 'table'>, why: string): LeftOut => ({
  path: pathOf(file, place),
  why,
  columns: [],
  role: null,
});
