import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { Rest } from '../support/rest.js';

interface Run {
  state: string;
  pausedAt: string | null;
  attempts: { step: string; phase: string; batch: number; state: string }[];
}

const FILES = 14;
/** Two files each, which take a moment. */
const BATCHES = 7;
const ROWS = 600_000;

let work: Workplace;
let rest: Rest;

beforeAll(async () => {
  work = await Workplace.create();
  rest = new Rest(work);
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

/** Over REST, since starting the command takes longer than a batch. */
const show = async (id: string): Promise<Run> => JSON.parse((await rest.get(`/api/v1/runs/${id}`)).text) as Run;
const act = async (id: string, name: string) => (await rest.post(`/api/v1/runs/${id}/${name}`)).status;
const batches = ({ attempts }: Run) => attempts.filter(({ step, phase }) => step === 'read' && phase === 'batch');

async function until(id: string, wanted: (run: Run) => boolean): Promise<Run> {
  for (;;) {
    const run = await show(id);
    if (wanted(run)) return run;
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
    expect(await act(id, 'pause')).toBe(200);
    const held = await until(id, (run) => batches(run).every(({ state }) => state !== 'running'));
    expect(held).toMatchObject({ state: 'running', pausedAt: expect.any(String) });
    expect(batches(held).length).toBeLessThan(BATCHES);
    await sleep(2000);
    expect((await show(id)).attempts).toEqual(held.attempts);

    expect(await act(id, 'resume')).toBe(200);
    const over = await until(id, ({ state }) => state !== 'running');
    expect(over).toMatchObject({ state: 'done', pausedAt: null });
    const done = batches(over)
      .filter(({ state }) => state === 'done')
      .map(({ batch }) => batch);
    expect(done.sort()).toEqual(Array.from({ length: BATCHES }, (_, at) => at + 1));
    // What was done before is not done again.
    for (const before of batches(held).filter(({ state }) => state === 'done'))
      expect(batches(over).filter(({ batch }) => batch === before.batch)).toHaveLength(1);
  });

  it('can be cancelled, and once it has ended it is not paused', async () => {
    const id = await started('cut', 'Europe/Berlin');
    expect(await act(id, 'pause')).toBe(200);
    expect(await act(id, 'cancel')).toBe(200);
    expect(await until(id, ({ state }) => state !== 'running')).toMatchObject({ state: 'cancelled', pausedAt: null });
    for (const name of ['pause', 'resume']) {
      expect(await act(id, name)).toBe(409);
      expect(await work.run('runs', name, id)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('MR_RUN_STATE'),
      });
    }
    expect(await work.run('runs', 'pause', 'nothing')).toMatchObject({ code: 2 });
  });
});
