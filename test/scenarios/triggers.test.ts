import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { Rest } from '../support/rest.js';

interface Run {
  id: string;
  pipeline: string;
  state: string;
  trigger: string | null;
}

let work: Workplace;
let rest: Rest;

beforeAll(async () => {
  work = await Workplace.create();
  rest = new Rest(work);
  await mkdir(join(work.folder, 'drop'));
});
afterAll(() => work.close());

const source = () => join(work.folder, 'drop');
const runs = async (): Promise<Run[]> => JSON.parse((await rest.get('/api/v1/runs')).text) as Run[];
const ended = async () => (await runs()).filter(({ state }) => state !== 'running').map(({ pipeline }) => pipeline);

describe('a trigger', () => {
  it('runs a pipeline once for the files that arrived, and another when that is done', {
    timeout: 90_000,
  }, async () => {
    const watch = ['--settle', '1 s', '--every', '1 s', '--set', 'source=drop', '--set', 'k=3'];
    await work.json('triggers', 'create', 'arrived', '--pipeline', 'sensor-training', ...watch);
    const after = ['--pipeline', 'sensor-prediction', '--after', 'sensor-training', '--set', 'source=drop'];
    await work.json('triggers', 'create', 'trained', ...after);
    await sleep(2500);
    expect(await runs()).toEqual([]);

    await writeReadings(join(source(), 'a.csv'), { days: daysFrom(1, 4), sensors: 6 });
    await writeReadings(join(source(), 'b.csv'), { days: daysFrom(5, 2), sensors: 6 });
    await expect.poll(ended, { timeout: 30_000 }).toEqual(['sensor-prediction', 'sensor-training']);
    expect((await runs()).map(({ trigger, state }) => [trigger, state])).toEqual([
      ['trained', 'done'],
      ['arrived', 'done'],
    ]);
    expect(await work.json('triggers', 'show', 'arrived')).toMatchObject({
      files: { handedOver: 2, waiting: 0, watermark: expect.any(String) },
      error: null,
    });

    // Whatever is started anew: nothing arrived.
    await work.run('down');
    await work.json('runs', 'list');
    await sleep(3000);
    expect(await runs()).toHaveLength(2);

    await work.json('triggers', 'pause', 'trained');
    await writeReadings(join(source(), 'c.csv'), { days: daysFrom(7, 1), sensors: 6 });
    await expect.poll(ended, { timeout: 30_000 }).toEqual(['sensor-training', 'sensor-prediction', 'sensor-training']);
    expect((await work.run('triggers', 'list')).stdout).toMatch(/arrived +sensor-training .* 3/);
  });

  it('holds what arrives while it is paused, and is gone when it is deleted', { timeout: 60_000 }, async () => {
    const before = (await runs()).length;
    await work.json('triggers', 'pause', 'arrived');
    await appendFile(join(source(), 'c.csv'), '');
    await writeReadings(join(source(), 'd.csv'), { days: daysFrom(8, 1), sensors: 6 });
    await sleep(3500);
    expect(await runs()).toHaveLength(before);
    await work.json('triggers', 'resume', 'arrived');
    await expect.poll(async () => (await ended()).length, { timeout: 30_000 }).toBe(before + 1);
    for (const name of ['arrived', 'trained']) await work.json('triggers', 'delete', name);
    expect(await work.json('triggers', 'list')).toEqual([]);
    await writeReadings(join(source(), 'e.csv'), { days: daysFrom(9, 1), sensors: 6 });
    await sleep(3500);
    expect(await runs()).toHaveLength(before + 1);
  });

  it('is refused where it would run for ever, or watches nothing', async () => {
    const create = (name: string, pipeline: string, ...args: string[]) =>
      work.run('triggers', 'create', name, '--pipeline', pipeline, '--set', 'source=drop', ...args);
    expect(await create('itself', 'sensor-training', '--after', 'sensor-training')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('MR_TRIGGER'),
    });
    expect((await create('one', 'sensor-prediction', '--after', 'sensor-training')).code).toBe(0);
    expect((await create('one', 'sensor-prediction', '--after', 'sensor-training')).stderr).toContain('already');
    expect((await create('back', 'sensor-training', '--after', 'sensor-prediction')).stderr).toContain('for ever');
    expect((await work.run('triggers', 'show', 'on')).stderr).toContain('Did you mean "one"?');
  });
});
