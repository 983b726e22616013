import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';

interface Run {
  state: string;
  pausedAt: string | null;
  attempts: { step: string; phase: string; batch: number; state: string }[];
}

const FILES = 6;
/** Each file is a batch of its own, and takes a moment. */
const ROWS = 600_000;

let work: Workplace;

beforeAll(async () => {
  work = await Workplace.create();
  await mkdir(join(work.folder, 'plant'));
  const duck = await (await DuckDBInstance.create()).connect();
  for (let file = 0; file < FILES; file++) {
    await duck.run(
      `COPY (SELECT strftime(TIMESTAMP '2024-03-01' + to_seconds(i // 10 * 8), '%Y-%m-%d %H:%M:%S') AS time,
                    'file-${file}/sensor-' || (i % 10)::VARCHAR AS sensor, round(sin(i / 1e4) * 20, 3) AS value
             FROM range(${ROWS}) t(i)) TO '${join(work.folder, 'plant', `${file}.csv`)}' (HEADER)`,
    );
  }
  duck.closeSync();
});
afterAll(() => work.close());

const show = (id: string) => work.json<Run>('runs', 'show', id);
const batches = ({ attempts }: Run) => attempts.filter(({ step, phase }) => step === 'read' && phase === 'batch');

async function until(id: string, wanted: (run: Run) => boolean): Promise<Run> {
  for (;;) {
    const run = await show(id).catch(() => null);
    if (run !== null && wanted(run)) return run;
    await sleep(50);
  }
}

/** In each zone of its own, files are read anew. */
async function started(key: string, tz: string): Promise<string> {
  const args = ['run', 'sensor-training', '--set', 'source=plant', '--set', `tz=${tz}`, '--key', key, '--detach'];
  const { runId } = await work.json<{ runId: string }>(...args);
  await until(runId, (run) => batches(run).length > 0);
  return runId;
}

describe('a run that is paused', () => {
  it('lets the batches end that workers are at, begins no others, and goes on where it was', async () => {
    const id = await started('held', 'UTC');
    await work.json('runs', 'pause', id);
    const held = await until(id, (run) => batches(run).every(({ state }) => state !== 'running'));
    expect(held).toMatchObject({ state: 'running', pausedAt: expect.any(String) });
    expect(batches(held).length).toBeLessThan(FILES);
    await sleep(2000);
    expect((await show(id)).attempts).toEqual(held.attempts);

    await work.json('runs', 'resume', id);
    const over = await until(id, ({ state }) => state !== 'running');
    expect(over).toMatchObject({ state: 'done', pausedAt: null });
    const done = batches(over).filter(({ state }) => state === 'done');
    expect(done.map(({ batch }) => batch).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    // What was done before is not done again.
    for (const before of batches(held).filter(({ state }) => state === 'done'))
      expect(batches(over).filter(({ batch }) => batch === before.batch)).toHaveLength(1);
  });

  it('can be cancelled, and once it has ended it is not paused', async () => {
    const id = await started('cut', 'Europe/Berlin');
    await work.json('runs', 'pause', id);
    await work.json('runs', 'cancel', id);
    expect(await until(id, ({ state }) => state !== 'running')).toMatchObject({ state: 'cancelled', pausedAt: null });
    for (const act of ['pause', 'resume'])
      expect(await work.run('runs', act, id)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('MR_RUN_STATE'),
      });
    expect(await work.run('runs', 'pause', 'nothing')).toMatchObject({ code: 2 });
  });
});
