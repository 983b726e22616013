import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { keepMigrationsOffDisk } from '../../config/env.js';

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

/** Names of the migrations that the database lacks. */
export async function pending(pool: pg.Pool): Promise<string[]> {
  const { rows: exists } = await pool.query<{ there: boolean }>(
    "SELECT to_regclass('migrations') IS NOT NULL AS there",
  );
  const { rows } = exists[0]!.there ? await pool.query<{ name: string }>('SELECT name FROM migrations') : { rows: [] };
  const done = new Set(rows.map(({ name }) => name));
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql'));
  return files.map((file) => file.replace(/\.sql$/, '')).filter((name) => !done.has(name));
}

/** Brings the database to the newest schema, under an advisory lock; safe to run twice and from two processes. */
export async function migrate(pool: pg.Pool): Promise<string[]> {
  // The loader reads the variable when it is imported.
  keepMigrationsOffDisk();
  const { runner } = await import('node-pg-migrate');
  const client = await pool.connect();
  try {
    const done = await runner({
      dbClient: client,
      dir: FOLDER,
      direction: 'up',
      migrationsTable: 'migrations',
      singleTransaction: true,
      lockValue: 0x6d696c6c,
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
    return done.map(({ name }) => name);
  } finally {
    client.release();
  }
}
