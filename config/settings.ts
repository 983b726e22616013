import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './config-file.js';
import type { Env } from './env.js';
import { MillraceError } from './errors.js';

/** Where everything is that a process of Millrace talks to. */
export interface Settings {
  temporal: { address: string; namespace: string };
  /** As `pg` takes it. */
  database:
    | { connectionString: string }
    | { host: string; port: number; user: string; password: string; database: string };
  store: string;
  /** Memory for DuckDB before it spills to disk, in MiB. */
  memoryMiB: number;
  threads: number;
}

/** What the embedded services write down when they are up. */
export interface EmbeddedState {
  temporal: { address: string; ui: string } | null;
  postgres: { port: number; user: string; database: string } | null;
}

export const STATE_FILE = 'services.json';
export const PASSWORD_FILE = 'postgres-password';

/**
 * The environment's services, or the embedded ones where it names none.
 * @throws MillraceError MR_SERVICE when the embedded ones are needed and are not up
 */
export async function loadSettings(env: Env): Promise<Settings> {
  const state = await readState(env.home);
  const { value: config } = await loadConfig(env.cwd, env.config);
  const down = (what: string) =>
    new MillraceError('MR_SERVICE', `${what} is not running, and the environment names no other`, {
      next: 'start it: millrace up',
    });
  const address = env.temporalAddress ?? state?.temporal?.address;
  if (address === undefined) throw down('the embedded Temporal server');
  return {
    temporal: { address, namespace: env.temporalNamespace },
    database: env.databaseUrl !== undefined ? { connectionString: env.databaseUrl } : await embeddedDatabase(),
    store: env.store,
    memoryMiB: config.memoryMiB,
    threads: config.threads ?? availableParallelism(),
  };

  async function embeddedDatabase() {
    if (!state?.postgres) throw down('the embedded Postgres');
    const password = (await readFile(join(env.home, PASSWORD_FILE), 'utf8')).trim();
    return { host: '127.0.0.1', ...state.postgres, password };
  }
}

/** What is written down about embedded services, or null when none were started. */
export async function readState(home: string): Promise<EmbeddedState | null> {
  try {
    return JSON.parse(await readFile(join(home, STATE_FILE), 'utf8')) as EmbeddedState;
  } catch {
    return null;
  }
}
