import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { keepMigrationsOffDisk } from '../../config/env.js';

/** Brings the database to the newest schema, under an advisory lock; safe to run twice and from two processes. */
export async function migrate(pool: pg.Pool): Promise<string[]> {
  // The loader reads the variable when it is imported.
  keepMigrationsOffDisk();
  const { runner } = await import('node-pg-migrate');
  const client = await pool.connect();
  try {
    const done = await runner({
      dbClient: client,
      dir: fileURLToPath(new URL('./migrations', import.meta.url)),
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
