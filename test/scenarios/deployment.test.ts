import { type ChildProcess, fork } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentBuild, deployBuild } from '../../client/deployments.js';
import { Millrace } from '../../client/millrace.js';
import { type RunDetails, showRun } from '../../client/runs.js';
import { readEnv } from '../../config/env.js';
import { freePort } from '../../embedded/ports.js';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { type ExternalServices, externalServices } from '../support/services.js';
import { familiesOf } from '../workers/prometheus.js';

interface WorkerProcess {
  pid: number;
  /** Its exit code, once it has ended. */
  ended: Promise<number | null>;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** As long as the machine needs: what is waited for is what happens, not when. */
const PATIENCE_MS = 240_000;

let services: ExternalServices;
let work: Workplace;
let millrace: Millrace;
const children: ChildProcess[] = [];

beforeAll(async () => {
  services = await externalServices();
  work = await Workplace.create(services.env);
  await writeReadings(join(work.folder, 'small/a.csv'), { days: daysFrom(1, 2), sensors: 6 });
  await makePlant();
  expect((await work.run('prepare')).code).toBe(0);
  millrace = await Millrace.connect(
    readEnv({ ...process.env, ...services.env, MILLRACE_HOME: work.home }, work.folder),
  );
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await millrace.close();
  await work.close();
  await services.close();
});

/** Enough readings that features take some seconds. */
async function makePlant(): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`
    COPY (SELECT TIMESTAMP '2024-03-01' + to_minutes(i // 300) AS time, 's' || (i % 300)::VARCHAR AS sensor,
                 (i % 7) * sin(i / 431.0) + (hash(i) % 1000) / 500.0 AS value
          FROM range(300 * 1440 * 8) t(i)) TO '${join(work.folder, 'plant.parquet')}'`);
}

/** A worker of a build in a process of its own, as an orchestrator starts it. Returns when it serves. */
async function startWorker(build: string, env: Record<string, string> = {}): Promise<WorkerProcess> {
  const log = await open(join(work.folder, `worker-${build}.log`), 'a');
  const child = fork(resolve('dist/workers/main.js'), ['all'], {
    cwd: work.folder,
    env: { ...process.env, ...services.env, MILLRACE_HOME: work.home, MILLRACE_BUILD_ID: build, ...env },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  children.push(child);
  await log.close();
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  await Promise.race([
    new Promise((ready) => child.once('message', ready)),
    ended.then((code) => Promise.reject(new Error(`the worker of build ${build} ended with ${code}`))),
  ]);
  return {
    pid: child.pid!,
    ended,
    stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

async function start(source: string, params: Record<string, string> = {}): Promise<string> {
  const set = Object.entries({ source, refit: 'true', ...params }).flatMap(([name, value]) => [
    '--set',
    `${name}=${value}`,
  ]);
  return (await work.json<{ runId: string }>('run', 'sensor-training', '--detach', ...set)).runId;
}

async function until(id: string, wanted: (run: RunDetails) => boolean): Promise<RunDetails> {
  for (;;) {
    const run = await showRun(millrace, id).catch(() => null);
    if (run !== null && wanted(run)) return run;
    if (run !== null && run.state !== 'running') throw new Error(`the run is ${run.state}: ${run.error?.message}`);
    await sleep(50);
  }
}

const isDone = ({ state }: RunDetails) => state === 'done';
/** In the middle: a batch of features is being worked on. */
const inTheMiddle = ({ attempts }: RunDetails) =>
  attempts.some(({ step, phase, state }) => step === 'features' && phase === 'batch' && state === 'running');

/** Processes that worked on a run. */
const pidsOf = ({ attempts }: RunDetails) => [
  ...new Set(attempts.map(({ worker }) => Number(worker.split(':').at(-1)))),
];

describe('a deployment of builds', () => {
  let a: WorkerProcess;
  let b: WorkerProcess;
  let metricsUrl: string;

  it('waits for workers that serve every queue, and says which lack', async () => {
    const said: string[][] = [];
    const wait = { waitMs: 600, onWait: (lacking: string[]) => said.push(lacking) };
    await expect(deployBuild(millrace, 'a', wait)).rejects.toMatchObject({
      code: 'MR_SERVICE',
      message: expect.stringMatching(/no worker of build "a" serves millrace\.workflow, .*millrace\.report/),
    });
    expect(said[0]).toHaveLength(12);
    expect(await currentBuild(millrace)).toBeNull();
    const port = await freePort(0);
    metricsUrl = `http://127.0.0.1:${port}/metrics`;
    a = await startWorker('a', { MILLRACE_METRICS: `127.0.0.1:${port}` });
    expect(await work.json('deploy', 'a')).toEqual({ build: 'a', before: null });
    expect(await currentBuild(millrace)).toBe('a');
    expect((await work.run('deploy', 'a')).stdout).toContain('Build a is current already');
  });

  it('is not made of a build that is unknown, nor of none', async () => {
    await expect(deployBuild(millrace, 'c', { waitMs: 600, onWait() {} })).rejects.toMatchObject({
      code: 'MR_SERVICE',
    });
    expect(await currentBuild(millrace)).toBe('a');
    const none = await work.run('deploy');
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/MR_CALL which build\?.*MILLRACE_BUILD_ID/s) });
  });

  it('lets runs end on the build they began on, and new ones begin on the next', { timeout: PATIENCE_MS }, async () => {
    b = await startWorker('b');
    const first = await start('plant.parquet');
    await until(first, inTheMiddle);
    // It stays in the middle while the other build is deployed.
    process.kill(a.pid, 'SIGSTOP');
    try {
      const { stdout } = await work.run('deploy', 'b');
      expect(stdout).toContain('New runs begin on build b; runs that began on a end there');
      expect(await showRun(millrace, first)).toSatisfy(inTheMiddle);
      const second = await until(await start('small'), isDone);
      expect(pidsOf(second)).toEqual([b.pid]);
      expect(await showRun(millrace, first)).toMatchObject({ state: 'running' });
    } finally {
      process.kill(a.pid, 'SIGCONT');
    }
    const done = await until(first, isDone);
    expect(pidsOf(done)).toEqual([a.pid]);
    expect(done.attempts.map(({ step }) => step)).toEqual(expect.arrayContaining(['train', 'publish', 'report']));
  });

  it('can be taken back', async () => {
    expect(await work.json('deploy', 'a')).toEqual({ build: 'a', before: 'b' });
    expect(pidsOf(await until(await start('small', { seed: '2' }), isDone))).toEqual([a.pid]);
    expect(await work.json('deploy', 'b')).toEqual({ build: 'b', before: 'a' });
  });

  it('has workers whose metrics are those of steps and those of Temporal, each once', async () => {
    const answer = await fetch(metricsUrl);
    const families = familiesOf(await answer.text());
    const ended = families.get('millrace_attempts_total')!.metrics;
    expect(ended.map(({ labels }) => `${labels.step} ${labels.state}`)).toEqual(
      expect.arrayContaining(['read done', 'features done', 'report done']),
    );
    expect([...families.keys()].filter((name) => name.startsWith('temporal_')).length).toBeGreaterThan(5);
    expect((await fetch(metricsUrl.replace('/metrics', '/healthz'))).status).toBe(200);
    expect(await a.stop('SIGTERM')).toBe(0);
  });

  it.each([
    ['given the time', '60', 'Asia/Tokyo'],
    ['not given any time', '0', 'America/Lima'],
  ])(
    'has workers that end when they are told to, and are %s: a run goes on with the next, and ends well',
    { timeout: PATIENCE_MS },
    async (_, graceSeconds, tz) => {
      await b.stop('SIGTERM');
      b = await startWorker('b', { MILLRACE_GRACE_SECONDS: graceSeconds });
      const run = await start('plant.parquet', { tz });
      await until(run, inTheMiddle);
      expect(await b.stop('SIGTERM')).toBe(0);
      const left = await showRun(millrace, run);
      expect(left.state).toBe('running');
      // What it had begun has ended one way or the other, and is known to have.
      expect(left.attempts.filter(({ state }) => state === 'running')).toEqual([]);
      if (graceSeconds !== '0') expect(new Set(left.attempts.map(({ state }) => state))).toEqual(new Set(['done']));
      const before = b.pid;
      b = await startWorker('b');
      const { attempts, state } = await until(run, isDone);
      expect(state).toBe('done');
      expect(new Set(attempts.map(({ worker }) => Number(worker.split(':').at(-1))))).toEqual(new Set([before, b.pid]));
    },
  );
});
