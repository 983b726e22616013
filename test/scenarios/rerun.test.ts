import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';

interface Attempt {
  step: string;
  phase: string;
  measures: { kept?: number };
}

interface Run {
  id: string;
  state: string;
  rerunOf: string | null;
  params: Record<string, unknown>;
  attempts: Attempt[];
}

let work: Workplace;
let first: string;

beforeAll(async () => {
  work = await Workplace.create();
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 4), sensors: 4 });
  const args = ['run', 'sensor-training', '--set', 'source=plant', '--set', 'k=3'];
  first = (await work.json<{ runId: string }>(...args)).runId;
});
afterAll(() => work.close());

const show = (id: string) => work.json<Run>('runs', 'show', id);
const rerun = (id: string, ...args: string[]) =>
  work.json<{ runId: string; readings: { read: number }; modelVersion: string }>('runs', 'rerun', id, ...args);
/** Steps that made something; of those that are mapped, by their batches. */
const made = ({ attempts }: Run) => [
  ...new Set(
    attempts
      .filter(({ phase, measures }) => phase === 'batch' || (phase === 'once' && measures.kept !== 1))
      .map(({ step }) => step),
  ),
];

describe('a run that is run again', () => {
  it('is a new one that is linked to it, and makes nothing that is there', async () => {
    const { runId } = await rerun(first);
    const again = await show(runId);
    expect(again).toMatchObject({ id: `${first}.2`, state: 'done', rerunOf: first });
    expect(made(again)).not.toEqual(expect.arrayContaining(['read', 'chunk', 'features', 'fit']));
    expect((await show(first)).rerunOf).toBeNull();
  });

  it('is made anew from a step on, of what the first one read, whatever became of the source', async () => {
    await writeReadings(join(work.folder, 'plant/b.csv'), { days: daysFrom(5, 2), sensors: 4 });
    const { runId, readings } = await rerun(first, '--from', 'train');
    const again = await show(runId);
    expect(made(again)).toEqual(expect.arrayContaining(['train', 'evaluate', 'publish', 'report']));
    for (const step of ['inspect', 'read', 'chunk', 'features', 'fit', 'transform'])
      expect(made(again)).not.toContain(step);
    expect(readings.read).toBe(4 * 4 * 144);
    await rm(join(work.folder, 'plant/b.csv'));
  });

  it('continues the model that the first one continued', async () => {
    const versions = await work.json<{ version: number; run_id: string; parent: number | null }[]>(
      ...['sql', 'SELECT version, run_id, parent FROM model_versions ORDER BY version'],
    );
    const parents = versions.map(({ parent }) => parent);
    // The second was a plain one, and continued the first; the third was made as the first was.
    expect(parents).toEqual([null, 1, null]);
  });

  it('makes chunks and features anew too, when it is told so', async () => {
    const again = await show((await rerun(first, '--from', 'chunk')).runId);
    expect(made(again)).toEqual(expect.arrayContaining(['chunk', 'features', 'train']));
    expect(made(again)).not.toContain('read');
  });

  it.each([
    ['day=2024-03-02', ['chunk', 'features']],
    ['day=2024-03-02..2024-03-03,sensor=*0', ['chunk', 'features']],
    ['sensor=*', ['features']],
    ['file=a.csv', ['inspect', 'read']],
    ['day=2024-04-01', []],
  ])('makes the chunks of %s anew, and nothing else', async (chunks, steps) => {
    const again = await show((await rerun(first, '--chunks', chunks)).runId);
    const batches = again.attempts.filter(({ phase }) => phase === 'batch').map(({ step }) => step);
    expect([...new Set(batches)].sort()).toEqual(steps);
    expect(made(again)).not.toContain('train');
  });

  it('has other params where they are given', async () => {
    const again = await show((await rerun(first, '--set', 'k=4', '--set', 'gate.margin=0.5')).runId);
    expect(again.params).toMatchObject({ k: 4, gate: { margin: 0.5, holdoutDays: 1 } });
  });

  it.each([
    [['nothing'], 2, /MR_RUN_UNKNOWN/],
    [['FIRST', '--from', 'trian'], 2, /no step "trian"\. Did you mean "train"\?/],
    [['FIRST', '--set', 'k=0'], 2, /MR_PARAM/],
    [['FIRST', '--chunks', 'failed'], 1, /nothing of the run .* failed/],
    [['FIRST', '--chunks', 'day=2024-03-40'], 2, /not named so/],
    [['FIRST', '--chunks', 'failed', '--from', 'train'], 2, /one of them/],
  ])('is refused as %j', async (args, code, words) => {
    const answer = await work.run('runs', 'rerun', ...args.map((arg) => (arg === 'FIRST' ? first : arg)));
    expect(answer).toMatchObject({ code, stderr: expect.stringMatching(words) });
  });
});
