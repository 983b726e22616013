import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { Rest } from '../support/rest.js';

interface Run {
  id: string;
  state: string;
  asks: number;
  failed: number;
  questions: { step: string; can: string[]; decision: string | null }[];
  failedItems: { item: string; day: string | null; readings: number | null; code: string }[];
}

interface Result {
  runId: string;
  readings: Record<string, number>;
  chunks: { total: number };
  failed: { item: string }[];
  failedInAll: number;
}

let work: Workplace;
let rest: Rest;
const bad = () => join(work.folder, 'plant/z.parquet');

beforeAll(async () => {
  work = await Workplace.create();
  rest = new Rest(work);
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 4), sensors: 6 });
  await writeReadings(join(work.folder, 'plant/b.csv'), { days: daysFrom(5, 4), sensors: 6 });
  await writeFile(bad(), 'PAR1 was here');
});
afterAll(() => work.close());

const train = (...set: string[]) => ['run', 'sensor-training', '--set', 'source=plant', '--set', 'k=3', ...set];
const show = async (id: string) => JSON.parse((await rest.get(`/api/v1/runs/${id}`)).text) as Run;

async function asking(id: string): Promise<Run> {
  for (;;) {
    const run = await show(id);
    if (run.asks > 0) return run;
    if (run.state !== 'running') throw new Error(`${id} asks nothing: it is ${run.state}`);
    await sleep(50);
  }
}

describe('a run with a file that cannot be read', () => {
  it('fails, or goes on without it where it is told to, and says so everywhere', async () => {
    expect((await work.run(...train())).code).toBe(1);
    const run = await work.json<Result>(...train('--set', 'onFailure=skip'));
    expect(run).toMatchObject({ chunks: { total: 48 }, failedInAll: 1, failed: [{ item: bad() }] });
    expect(await show(run.runId)).toMatchObject({
      state: 'done',
      failed: 1,
      failedItems: [{ item: bad(), day: null, readings: null, code: 'MR_FILE_UNREADABLE' }],
    });
    expect((await work.run('runs', 'list')).stdout).toContain('1 left out');
    const report = await readFile(join(work.home, 'store/reports', run.runId, 'report.html'), 'utf8');
    expect(report).toContain('1 file or day that this run went on without');
  });

  it('asks a person, who has it read again when it is whole', async () => {
    const { runId } = await work.json<Result>(...train('--set', 'onFailure=wait', '--detach'));
    expect((await asking(runId)).questions).toMatchObject([
      { step: 'inspect', can: ['retry', 'skip', 'abort'], decision: null },
    ]);
    const shown = await work.run('runs', 'show', runId);
    expect(shown.stdout).toContain('asks');
    expect(shown.stdout).toContain(`retry, skip, abort: millrace runs retry ${runId}`);
    expect((await rest.post(`/api/v1/runs/${runId}/retry`, { step: 'train' })).status).toBe(409);
    // It is as broken as before.
    expect(await work.json('runs', 'retry', runId)).toEqual({ runId, answered: 1 });
    await expect.poll(async () => (await show(runId)).questions.length).toBe(2);
    expect((await rest.post(`/api/v1/runs/${runId}/skip`, {})).status).toBe(200);
    await expect.poll(async () => (await show(runId)).state, { timeout: 20_000 }).toBe('done');
    expect(await show(runId)).toMatchObject({ failed: 1, asks: 0 });
    const late = await work.run('runs', 'retry', runId);
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('MR_RUN_STATE') });
  });
});

describe('a run that lacks a file', () => {
  it('is made whole by a rerun of what failed, once that is mended', async () => {
    const lacking = await work.json<Result>(...train('--set', 'onFailure=skip', '--set', 'refit=true'));
    expect(lacking.failedInAll).toBe(1);
    await rm(bad());
    await writeReadings(join(work.folder, 'plant/z.csv'), { days: daysFrom(9, 2), sensors: 6 });
    const whole = await work.json<Result & { chunks: { made: number; kept: number } }>(
      ...['runs', 'rerun', lacking.runId, '--chunks', 'failed'],
    );
    expect(whole).toMatchObject({ failedInAll: 0, chunks: { total: 60, made: 2, kept: 8 } });
    await rm(join(work.folder, 'plant/z.csv'));
  });
});

describe('a run with a day that cannot be cut into chunks', () => {
  it('goes on without it, and the account of readings adds up', async () => {
    const path = join(work.folder, 'plant/a.csv');
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await appendFile(path, `${lines.at(-1)}\n`);
    const only = ['--set', 'files=["*.csv"]', '--set', 'duplicates=error', '--set', 'refit=true'];
    const run = await work.json<Result>(...train(...only, '--set', 'onFailure=skip'));
    const day = 6 * 144 + 1;
    expect(run.readings).toMatchObject({ read: 8 * 6 * 144 + 1, used: 7 * 6 * 144, failed: day });
    expect((await show(run.runId)).failedItems).toMatchObject([
      { item: '2024-03-04', day: '2024-03-04', readings: day, code: 'MR_DUPLICATES' },
    ]);
    const account = (await work.run(...train(...only, '--set', 'onFailure=skip'))).stdout;
    expect(account).toMatch(/failed\s+865/);
  });
});
