import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';

interface Services {
  supervisor: { pid: number };
  temporal: { pid: number };
  postgres: { pid: number; port: number };
  worker: { pid: number };
}

const workplaces: Workplace[] = [];
afterAll(() => Promise.all(workplaces.map((work) => work.close())));

/** Enough readings that features take some seconds. */
async function makePlant(folder: string): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`
    COPY (SELECT TIMESTAMP '2024-03-01' + to_minutes(i // 300) AS time, 's' || (i % 300)::VARCHAR AS sensor,
                 (i % 7) * sin(i / 431.0) + (hash(i) % 1000) / 500.0 AS value
          FROM range(300 * 1440 * 8) t(i)) TO '${join(folder, 'plant.parquet')}'`);
}

async function workplace(): Promise<Workplace> {
  const work = await Workplace.create();
  workplaces.push(work);
  await makePlant(work.folder);
  return work;
}

const services = async (work: Workplace) =>
  JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as Services;

/** Waits until a batch of features is being worked on. */
async function untilFeaturesRun(work: Workplace, run: string): Promise<void> {
  const { postgres } = await services(work);
  const password = await readFile(join(work.home, 'postgres-password'), 'utf8');
  const client = new pg.Client({
    host: '127.0.0.1',
    port: postgres.port,
    user: 'millrace',
    database: 'millrace',
    password,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (;;) {
      const { rows } = await client.query(
        "SELECT 1 FROM step_attempts WHERE run_id = $1 AND step = 'features' AND phase = 'batch' AND state = 'running'",
        [run],
      );
      if (rows.length > 0) return;
      const { rows: past } = await client.query(
        "SELECT 1 FROM step_attempts WHERE run_id = $1 AND step IN ('fit', 'transform')",
        [run],
      );
      if (past.length > 0) throw new Error('features were done before they could be disturbed');
      await sleep(5);
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Details {
  state: string;
  attempts: { step: string; phase: string; state: string; attempt: number }[];
}

async function untilDone(work: Workplace, run: string): Promise<Details> {
  for (;;) {
    const details = await work.json<Details>('runs', 'show', run);
    if (details.state !== 'running') return details;
    await sleep(500);
  }
}

async function start(work: Workplace, pipeline: string, ...args: string[]): Promise<string> {
  return (await work.json<{ runId: string }>('run', pipeline, '--set', 'source=plant.parquet', '--detach', ...args))
    .runId;
}

describe('kill -9 in the middle of features', () => {
  let undisturbed: string;

  beforeAll(async () => {
    const work = await workplace();
    await untilDone(work, await start(work, 'sensor-training'));
    await untilDone(work, await start(work, 'sensor-prediction'));
    undisturbed = (await work.run('predictions', 'export')).stdout;
    expect(undisturbed.split('\n').length).toBe(300 * 8 + 2);
  });

  it('of the worker: the step is done again and the predictions are the same, byte for byte', async () => {
    const work = await workplace();
    await work.run('runs', 'list');
    const run = await start(work, 'sensor-training');
    await untilFeaturesRun(work, run);
    process.kill((await services(work)).worker.pid, 'SIGKILL');
    const { state, attempts } = await untilDone(work, run);
    expect(state).toBe('done');
    expect(attempts.filter(({ step, state: each }) => step === 'features' && each === 'lost').length).toBeGreaterThan(
      0,
    );
    await untilDone(work, await start(work, 'sensor-prediction'));
    expect((await work.run('predictions', 'export')).stdout).toBe(undisturbed);
  });

  it('of everything: the next start goes on where it was, and the predictions are the same, byte for byte', async () => {
    const work = await workplace();
    await work.run('runs', 'list');
    const run = await start(work, 'sensor-training');
    await untilFeaturesRun(work, run);
    const { supervisor, worker, temporal, postgres } = await services(work);
    for (const { pid } of [supervisor, worker, temporal, postgres]) process.kill(pid, 'SIGKILL');
    const { state, attempts } = await untilDone(work, run);
    expect(state).toBe('done');
    expect(attempts.some(({ step, state: each }) => step === 'features' && each === 'lost')).toBe(true);
    expect(attempts.filter(({ step }) => step === 'read')).toHaveLength(3);
    await untilDone(work, await start(work, 'sensor-prediction'));
    expect((await work.run('predictions', 'export')).stdout).toBe(undisturbed);
  });
});
