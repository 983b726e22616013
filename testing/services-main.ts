import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../config/settings.js';
import { Home } from '../embedded/home.js';
import { supervise } from '../embedded/supervisor.js';
import { prepareTables } from '../workers/prepare.js';
import { type ServicesMessage, testEnv } from './test-env.js';

/**
 * Entry of the process that has Temporal and Postgres for tests, in a temporary folder, and takes them with it: it ends
 * when the tests' process does, however that ends.
 */
const stop = new AbortController();
const tell = (message: ServicesMessage) => process.connected && process.send?.(message);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
process.on('disconnect', () => stop.abort());

const folder = await mkdtemp(join(tmpdir(), 'millrace-test-'));
// Postgres does not run as root: another user must get through to it.
await chmod(folder, 0o711);
const env = testEnv(join(folder, '.millrace'));
let code = 0;
try {
  await supervise({
    env,
    stop: stop.signal,
    say() {},
    prepare: async () => void (await prepareTables(await loadSettings(env))),
    worker: false,
    onReady: () => tell({ home: env.home }),
  });
} catch (error) {
  tell({ error: error instanceof Error ? error.message : String(error) });
  code = 1;
}
// Where no folder of root's may be, Postgres has one elsewhere.
const elsewhere = await readFile(new Home(env.home).postgresLocation(), 'utf8').catch(() => null);
if (elsewhere !== null) await rm(elsewhere.trim(), { recursive: true, force: true });
await rm(folder, { recursive: true, force: true });
process.exit(code);
