import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { MillraceError } from '../config/errors.js';
import { messageOf } from './tables/database.js';

const CONNECT_MS = 10_000;

/** Databases that sources are queried from. They are somebody else's: nothing is written there. */
export class SourceDatabases {
  /** @param urls by name */
  constructor(private readonly urls: Readonly<Record<string, string>>) {}

  /**
   * Writes the answer to a query as CSV with the names of the columns: times in UTC with their offset, numbers with all
   * their digits.
   * @throws MillraceError MR_SOURCE_MISSING, MR_SERVICE, MR_SQL
   */
  async writeCsv(name: string, query: string, target: string, signal: AbortSignal): Promise<void> {
    const client = await this.#connect(name);
    // Whoever breaks it off does not wait for the end of the query; the server finds out by itself.
    const leave = () => void client.end().catch(() => undefined);
    signal.addEventListener('abort', leave, { once: true });
    try {
      signal.throwIfAborted();
      await copyCsv(client, query, target, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw refused(name, error);
    } finally {
      signal.removeEventListener('abort', leave);
      await client.end().catch(() => undefined);
    }
  }

  async #connect(name: string): Promise<pg.Client> {
    const connectionString = this.urls[name.toLowerCase()];
    const variable = `MILLRACE_DATABASE_${name.toUpperCase()}`;
    if (connectionString === undefined) {
      const known = Object.keys(this.urls);
      throw new MillraceError('MR_SOURCE_MISSING', `the workers know no database "${name}"`, {
        allowed: known.length > 0 ? `those they know: ${known.join(', ')}` : 'they know none',
        next: `start them with ${variable}=postgres://user@host:5432/database, the password in ${variable}_PASSWORD_FILE`,
      });
    }
    const client = new pg.Client({
      connectionString,
      connectionTimeoutMillis: CONNECT_MS,
      application_name: 'millrace',
    });
    // One that breaks later fails the query; without this it would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (cause) {
      await client.end().catch(() => undefined);
      throw new MillraceError(
        'MR_SERVICE',
        `the database "${name}" cannot be reached: ${messageOf(cause)}`,
        { next: `check ${variable}, and that the server runs` },
        { cause },
      );
    }
  }
}

async function copyCsv(client: pg.Client, query: string, target: string, signal: AbortSignal): Promise<void> {
  // A client that is gone is then noticed also before the first row; servers before 14 cannot.
  await client.query("SET client_connection_check_interval = '5s'").catch(() => undefined);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1");
  const select = query.trim().replace(/;$/, '');
  // What is one SELECT as the text of a cursor is one within COPY: it cannot close the parenthesis and do other things.
  // With a name it goes to the server alone: several statements in one text would not be taken.
  await client.query({ name: 'millrace', text: `DECLARE millrace NO SCROLL CURSOR FOR ${select}` });
  const answer = client.query(copyTo(`COPY (${select}\n) TO STDOUT (FORMAT csv, HEADER)`));
  await pipeline(answer, createWriteStream(target), { signal });
  await client.query('COMMIT');
}

function refused(name: string, cause: unknown): MillraceError {
  if (cause instanceof pg.DatabaseError) {
    const { message, code, detail, hint } = cause;
    const next = hint ?? detail;
    return new MillraceError(
      'MR_SQL',
      `the database "${name}" refused the query: ${message}${code === undefined ? '' : ` (${code})`}`,
      { allowed: 'one SELECT', ...(next && { next }) },
      { cause },
    );
  }
  return new MillraceError('MR_SERVICE', `the database "${name}" broke off: ${messageOf(cause)}`, {}, { cause });
}
