import { fork } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Env } from '../config/env.js';
import { ERRORS, type ErrorCode, MillraceError } from '../config/errors.js';
import { Home } from './home.js';
import { end, isAlive, type ProcessId } from './processes.js';
import type { Say } from './supervisor.js';

/** What runs, as it stands in the work folder. */
export interface ServiceRecord {
  supervisor: ProcessId;
  temporal: (ProcessId & { address: string; ui: string }) | null;
  postgres: (ProcessId & { port: number; user: string; database: string }) | null;
  worker: ProcessId | null;
  /** Our REST server. */
  rest: (ProcessId & { url: string }) | null;
  ready?: boolean;
  /** Of which code the project was when our own processes were started last; null: there is none. Left out by older versions. */
  project?: string | null;
  /** How often it was asked whether the project changed. */
  renewals?: number;
}

export async function readRecord(home: Home): Promise<ServiceRecord | null> {
  try {
    return JSON.parse(await readFile(home.state(), 'utf8')) as ServiceRecord;
  } catch {
    return null;
  }
}

/** The services that run under a living supervisor, or null. */
export async function running(env: Env): Promise<ServiceRecord | null> {
  const record = await readRecord(new Home(env.home));
  return record !== null && (await isAlive(record.supervisor)) ? record : null;
}

/** Ends what a supervisor that was killed left behind. Postgres first finishes what it was told. */
export async function endLeftovers(home: Home): Promise<void> {
  const record = await readRecord(home);
  if (record === null) return;
  await end(record.rest, 'SIGTERM', 5_000);
  await end(record.worker, 'SIGTERM', 5_000);
  await end(record.temporal, 'SIGTERM', 5_000);
  await end(record.postgres, 'SIGINT', 20_000);
  await rm(home.state(), { force: true });
}

/** Messages from a supervisor in the background to whoever started it. */
export type Message =
  | { say: Parameters<Say> }
  | { ready: ServiceRecord }
  | { error: { code: ErrorCode; message: string } };

/**
 * Makes sure that the embedded services are up, starting them in the background when they are not. They stay until
 * `down`.
 */
export async function ensureUp(env: Env, say: Say): Promise<{ record: ServiceRecord; started: boolean }> {
  const there = await running(env);
  if (there?.ready) return { record: there, started: false };
  if (there !== null) return { record: await waitForReady(env), started: false };
  const home = new Home(env.home);
  await home.create();
  const log = await open(home.log('up'), 'a');
  const child = fork(fileURLToPath(new URL('../cli/main.js', import.meta.url)), ['up', '--background'], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  try {
    return await new Promise((resolve, reject) => {
      child.on('message', (message: Message) => {
        if ('say' in message) say(...message.say);
        else if ('ready' in message) resolve({ record: message.ready, started: true });
        else {
          const { code, message: text } = message.error;
          reject(new MillraceError(code in ERRORS ? code : 'MR_SERVICE', text));
        }
      });
      child.once('exit', (code) =>
        reject(
          new MillraceError('MR_SERVICE', `the services did not start (code ${code})`, {
            next: `see ${home.log('up')}`,
          }),
        ),
      );
    });
  } finally {
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** Has worker and REST server started anew where their project changed. */
export async function renew(env: Env, { supervisor, renewals }: ServiceRecord): Promise<ServiceRecord> {
  process.kill(supervisor.pid, 'SIGUSR2');
  return waitForReady(env, (renewals ?? 0) + 1);
}

async function waitForReady(env: Env, renewals = 0): Promise<ServiceRecord> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const record = await running(env);
    if (record === null) break;
    if (record.ready && (record.renewals ?? 0) >= renewals) return record;
    await sleep(100);
  }
  throw new MillraceError('MR_SERVICE', 'services are being started by another process, but do not become ready', {
    next: 'stop them with millrace down and try again',
  });
}

/** Stops everything that runs in the work folder. Returns whether anything did. */
export async function down(env: Env): Promise<boolean> {
  const home = new Home(env.home);
  const record = await readRecord(home);
  if (record === null) return false;
  await end(record.supervisor, 'SIGTERM', 60_000);
  await endLeftovers(home);
  return true;
}
