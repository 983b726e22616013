import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnv } from '../../config/env.js';
import { loadSettings } from '../../config/settings.js';
import type { ServiceRecord } from '../../embedded/services.js';
import { supervise } from '../../embedded/supervisor.js';
import { prepareTables } from '../../workers/prepare.js';

/** Temporal and Postgres without any worker of ours, as a cluster has them. */
export interface ExternalServices {
  /** How programs are told of them. */
  env: { TEMPORAL_ADDRESS: string; DATABASE_URL: string };
  close(): Promise<void>;
}

export async function externalServices(): Promise<ExternalServices> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-services-'));
  // Postgres does not run as root: another user must get through to it.
  await chmod(folder, 0o711);
  const stop = new AbortController();
  const env = { ...readEnv(), home: join(folder, '.millrace'), store: join(folder, 'store') };
  const mask = process.umask();
  let ended: Promise<void> | undefined;
  const { temporal, postgres } = await new Promise<ServiceRecord>((ready, failed) => {
    ended = supervise({
      env,
      stop: stop.signal,
      say() {},
      prepare: async () => void (await prepareTables(await loadSettings(env))),
      worker: false,
      onReady: ready,
    });
    ended.catch(failed);
  });
  process.umask(mask);
  // A test file that breaks before it closes leaves no server behind.
  const abandon = () => {
    process.kill(temporal!.pid, 'SIGTERM');
    process.kill(postgres!.pid, 'SIGINT');
  };
  process.once('exit', abandon);
  const password = (await readFile(join(env.home, 'postgres-password'), 'utf8')).trim();
  const { user, port, database } = postgres!;
  return {
    env: {
      TEMPORAL_ADDRESS: temporal!.address,
      DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    },
    async close() {
      stop.abort();
      await ended;
      process.removeListener('exit', abandon);
      const outside = await readFile(join(env.home, 'postgres-location'), 'utf8').catch(() => null);
      if (outside !== null) await rm(outside.trim(), { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
