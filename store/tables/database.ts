import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { MillraceError } from '../../config/errors.js';
import type { Tables } from './schema.js';

export type Db = Kysely<Tables>;

/** Dates as the text Postgres sends: a day has no zone. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.DATE
      ? (text: string) => text
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

export interface Database {
  db: Db;
  pool: pg.Pool;
  close(): Promise<void>;
}

/** Opens a pool on Postgres; connections that break are replaced, `onError` is told. */
export function openDatabase(config: pg.PoolConfig, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({ max: 8, connectionTimeoutMillis: 10_000, application_name: 'millrace', ...config, types });
  pool.on('error', onError);
  // The pool listens only to clients that are idle: one whose server goes away in the middle of a transaction would
  // end the process.
  pool.on('connect', (client) => client.on('error', onError));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, close };

  /** Kysely ends the pool only when it was used itself. */
  async function close(): Promise<void> {
    await db.destroy();
    if (!pool.ended) await pool.end();
  }
}

/** @throws MillraceError MR_SERVICE when Postgres cannot be reached, or lets nobody in */
export async function checkDatabase({ pool }: Database): Promise<void> {
  try {
    await pool.query('SELECT 1');
  } catch (cause) {
    const { host, port, database } = pool.options;
    const where = host === undefined ? 'of DATABASE_URL' : `${database ?? ''} at ${host}:${port ?? 5432}`;
    throw new MillraceError(
      'MR_SERVICE',
      `the Postgres database ${where} cannot be reached: ${messageOf(cause)}`,
      { next: 'check DATABASE_URL and DATABASE_PASSWORD_FILE, and that the server runs' },
      { cause },
    );
  }
}

/** Where a name has several addresses, each of them failed with a message of its own. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/**
 * Replaces a run's rows of a table in one transaction: COPY into a temporary table first, so that a broken connection
 * leaves the old rows.
 * @param rows lines of values in the order of `columns`; null is NULL
 */
export async function replaceRows(
  pool: pg.Pool,
  table: string,
  columns: readonly string[],
  runId: string,
  rows: Iterable<readonly (string | number | boolean | null)[]>,
): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const list = columns.join(', ');
  try {
    await client.query('BEGIN');
    // An attempt that was taken for lost may still be at it: each would delete what it sees, and both would add theirs.
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`${table} ${runId}`]);
    await client.query(`CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT ${list} FROM ${table} WITH NO DATA`);
    await pipeline(Readable.from(copyText(rows)), client.query(copyFrom(`COPY incoming (${list}) FROM STDIN`)));
    await client.query(`DELETE FROM ${table} WHERE run_id = $1`, [runId]);
    await client.query(`INSERT INTO ${table} (${list}) SELECT ${list} FROM incoming`);
    await client.query('COMMIT');
  } catch (error) {
    broken = error as Error;
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release(broken);
  }
}

async function* copyText(rows: Iterable<readonly (string | number | boolean | null)[]>): AsyncGenerator<string> {
  let text = '';
  for (const row of rows) {
    text += `${row.map(copyValue).join('\t')}\n`;
    if (text.length > 65_536) {
      yield text;
      text = '';
      // A million rows take seconds, in which heartbeats must go out.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  if (text !== '') yield text;
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function copyValue(value: string | number | boolean | null): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  // Postgres text holds no NUL.
  return value.replaceAll('\0', '\uFFFD').replace(/[\\\n\r\t]/g, (each) => ESCAPES[each]!);
}
