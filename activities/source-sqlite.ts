import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Database } from 'node-sqlite3-wasm';
import { MillraceError } from '../config/errors.js';
import { hashJson } from '../store/hash.js';
import { csvLine, writeLines } from './csv-cells.js';

/** What every database begins with; of an encrypted one these bytes are encrypted too. */
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
/** Where the header says how the file is written and read: 1 is as ever, 2 is by a log beside it. */
const [VERSIONS_AT, AS_EVER, BY_LOG] = [18, 1, 2];

/**
 * The tables and views of a database, by name.
 * @param scratch where a copy is made, or one made before is found
 * @throws MillraceError MR_FILE_UNREADABLE when it is damaged or encrypted, or its newest changes are in a file beside it
 */
export function listTables(path: string, scratch: string): Promise<string[]> {
  return withDatabase(path, scratch, async (database) =>
    database
      .all(
        `SELECT name FROM sqlite_schema
         WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
      )
      .map(({ name }) => String(name)),
  );
}

/**
 * Writes a table or view as CSV, row by row. Bytes (BLOB) become empty cells.
 * @param options.rows at most so many, where not all are wanted
 * @throws MillraceError as `listTables` does
 */
export function tableToCsv(
  path: string,
  table: string,
  target: string,
  scratch: string,
  { rows, signal }: { rows: number | null; signal: AbortSignal | undefined },
): Promise<void> {
  return withDatabase(path, scratch, async (database) => {
    // Hidden columns of the first kind are arguments of virtual tables and hold nothing.
    const columns = database
      .all('SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid', [table])
      .map(({ name }) => String(name));
    if (columns.length === 0)
      throw unreadable(path, `there is no table ${table} in it`, 'run again when nothing writes to it');
    await writeLines(target, linesOf(database, table, columns, rows), signal);
  });
}

function* linesOf(database: Database, table: string, columns: string[], rows: number | null): Generator<string> {
  yield csvLine(columns);
  // Rows come as objects, whose keys must be neither numbers nor __proto__.
  const keys = columns.map((_, at) => `c${at}`);
  const list = columns.map((column, at) => `${identifier(column)} AS ${keys[at]}`).join(', ');
  const statement = database.prepare(`SELECT ${list} FROM main.${identifier(table)} LIMIT ?`);
  try {
    for (const row of statement.iterate([rows ?? -1])) yield csvLine(keys.map((key) => cellOf(row[key])));
  } finally {
    statement.finalize();
  }
}

/** Integers come as bigint where a number has too few digits. */
function cellOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}

const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

/**
 * Opens the copy under a name of its own: SQLite puts its lock beside the name, where it would keep out others that
 * read the same copy, and all that come after a process that died.
 */
async function withDatabase<T>(path: string, scratch: string, use: (database: Database) => Promise<T>): Promise<T> {
  // Loaded when first needed: most sources hold no database.
  const { default: sqlite } = await import('node-sqlite3-wasm');
  const copy = await readableCopy(path, scratch);
  const room = await mkdtemp(join(scratch, 'sqlite-'));
  try {
    const name = join(room, 'database');
    await link(copy, name);
    const database = new sqlite.Database(name, { readOnly: true, fileMustExist: true });
    try {
      // What a view calls must do nothing but compute.
      database.exec('PRAGMA trusted_schema = OFF');
      return await use(database);
    } finally {
      database.close();
    }
  } catch (error) {
    if (!(error instanceof sqlite.SQLite3Error)) throw error;
    throw unreadable(path, error.message, 'check it with PRAGMA integrity_check, or write its tables as CSV', error);
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

/** A copy that can be read wherever the database lies, by the state the database is in. */
async function readableCopy(path: string, scratch: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const copy = join(scratch, `${hashJson([resolve(path), size, mtimeMs]).slice(0, 16)}.sqlite`);
  if (await bytesOf(copy)) return copy;
  await checkHeader(path);
  const room = await mkdtemp(join(scratch, 'sqlite-'));
  try {
    const begun = join(room, 'copy');
    await copyFile(path, begun, constants.COPYFILE_FICLONE);
    await chmod(begun, 0o600);
    const file = await open(begun, 'r+');
    try {
      // Nothing is left in a log: the copy is complete without one, and would be refused for want of it.
      await file.write(Buffer.from([AS_EVER, AS_EVER]), 0, 2, VERSIONS_AT);
    } finally {
      await file.close();
    }
    await rename(begun, copy);
  } finally {
    await rm(room, { recursive: true, force: true });
  }
  return copy;
}

/** Whether the file is a database, and all of it. */
async function checkHeader(path: string): Promise<void> {
  const header = Buffer.alloc(100);
  const file = await open(path);
  try {
    await file.read(header, 0, header.length, 0);
  } finally {
    await file.close();
  }
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) {
    const next = 'write its tables as CSV, or make a copy that is not encrypted (sqlcipher_export)';
    throw unreadable(path, 'it does not begin as SQLite databases do: it is damaged or encrypted', next);
  }
  if (header[VERSIONS_AT] === BY_LOG && (await bytesOf(`${path}-wal`)) > 0) {
    const next = 'run PRAGMA wal_checkpoint(TRUNCATE) on it first, or close the program that writes to it';
    throw unreadable(path, `its newest changes are still in ${path}-wal`, next);
  }
  if (await isHot(`${path}-journal`)) {
    const next = 'open it once with the program that writes to it, which mends it, and run again';
    throw unreadable(path, `a change to it was begun and not ended: ${path}-journal has what was there before`, next);
  }
}

/** Whether a rollback journal is in use: one that is done with is empty, or begins with zeros. */
async function isHot(path: string): Promise<boolean> {
  if ((await bytesOf(path)) === 0) return false;
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
    return buffer[0] !== 0;
  } finally {
    await file.close();
  }
}

/** 0 where there is no such file. */
async function bytesOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

const unreadable = (path: string, why: string, next: string, cause?: unknown) =>
  new MillraceError('MR_FILE_UNREADABLE', `${path} cannot be read as SQLite: ${why}`, { next }, { cause });
