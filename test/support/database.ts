import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Home } from '../../embedded/home.js';
import { freePort } from '../../embedded/ports.js';
import { startPostgres } from '../../embedded/postgres.js';
import { end, identify } from '../../embedded/processes.js';
import { type Database, openDatabase } from '../../store/tables/database.js';
import { migrate } from '../../store/tables/migrate.js';

export interface TestPostgres {
  /** A fresh database with the newest schema. */
  database(): Promise<Database>;
  /** A fresh database without any table. */
  empty(): Promise<Database>;
  /** How to reach a fresh database without any table. */
  address(): Promise<PostgresAddress>;
  close(): Promise<void>;
}

export interface PostgresAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

const SECOND_MS = 1000;

/** The embedded Postgres in a temporary folder: one for a test file, a database of its own for whoever asks. */
export async function testPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-postgres-'));
  // Postgres does not run as root: another user must get through to it.
  await chmod(folder, 0o711);
  const home = new Home(join(folder, '.millrace'));
  await home.create();
  const { child, port, user } = await startPostgres(home, await freePort(0), () => undefined);
  const server = await identify(child.pid!);
  const stop = () => child.kill('SIGINT');
  // A test file that breaks before it closes leaves no server behind.
  process.once('exit', stop);
  const superuser = new pg.Client({
    ...{ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' },
    password: await readFile(home.superuserPassword(), 'utf8'),
  });
  await superuser.connect();
  // Nothing here outlives its test, and waiting for the disk is what making databases takes.
  await superuser.query('ALTER SYSTEM SET fsync = off');
  await superuser.query('SELECT pg_reload_conf()');
  const password = await readFile(home.password(), 'utf8');
  const opened: Database[] = [];
  let made = 0;

  async function address(template = 'template1'): Promise<PostgresAddress> {
    const database = `test_${++made}`;
    await superuser.query(`CREATE DATABASE ${database} TEMPLATE ${template} OWNER ${user}`);
    return { host: '127.0.0.1', port, user, password, database };
  }

  function open(at: PostgresAddress): Database {
    // A file may ask for many, and the server has a hundred connections for all of them.
    const database = openDatabase({ ...at, idleTimeoutMillis: SECOND_MS }, () => undefined);
    opened.push(database);
    return database;
  }

  /** Migrated once, and copied: Postgres copies what nobody is connected to. */
  async function migrated(): Promise<string> {
    const at = await address();
    const database = openDatabase(at, () => undefined);
    await migrate(database.pool);
    await database.close();
    return at.database;
  }

  let template: Promise<string> | undefined;

  return {
    address: () => address(),
    empty: async () => open(await address()),
    async database() {
      template ??= migrated();
      return open(await address(await template));
    },
    async close() {
      await template?.catch(() => undefined);
      await Promise.all(opened.map((database) => database.close()));
      await superuser.end();
      await end(server, 'SIGINT', 20 * SECOND_MS);
      process.removeListener('exit', stop);
      const outside = await readFile(home.postgresLocation(), 'utf8').catch(() => null);
      if (outside !== null) await rm(outside.trim(), { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
