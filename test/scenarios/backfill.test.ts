import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';

interface Interval {
  start: string;
  state: string;
  run: string | null;
  error: { code: string } | null;
}

interface Backfill {
  id: string;
  state: string;
  counts: Record<string, number>;
  intervals: Interval[];
}

let work: Workplace;
/** Of the ten days of March that are asked for, so many have readings. */
const WITH_READINGS = 6;

beforeAll(async () => {
  work = await Workplace.create();
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, WITH_READINGS), sensors: 4 });
  await work.json('run', 'sensor-training', '--set', 'source=plant', '--set', 'k=3');
});
afterAll(() => work.close());

const create = (name: string, ...args: string[]) =>
  work.json<Backfill>('backfill', 'create', 'sensor-prediction', '--set', 'source=plant', '--name', name, ...args);
const show = (name: string) => work.json<Backfill>('backfill', 'show', name);
const MARCH = ['--from', '2024-03-01', '--to', '2024-03-10'];

async function until(name: string, wanted: (backfill: Backfill) => boolean): Promise<Backfill> {
  for (;;) {
    const backfill = await show(name);
    if (wanted(backfill)) return backfill;
    await sleep(200);
  }
}

const ended = ({ state }: Backfill) => state !== 'running' && state !== 'paused';
const days = ({ intervals }: Backfill, state: string) =>
  intervals.filter((each) => each.state === state).map(({ start }) => Number(start.slice(8, 10)));
const runsOf = async (name: string) =>
  (
    await work.json<{ id: string; n: number }[]>('sql', `SELECT id FROM runs WHERE backfill = '${name}' ORDER BY id`)
  ).map(({ id }) => id);

describe('a backfill', () => {
  it('says first what it would do, and does nothing', async () => {
    const price = await work.json<{ due: number; intervals: number; estimate: { chunks: number; basis: number } }>(
      ...['backfill', 'create', 'sensor-prediction', '--set', 'source=plant', ...MARCH, '--dry-run'],
    );
    expect(price).toMatchObject({ intervals: 10, due: 10, estimate: { basis: 0, seconds: null } });
    expect(price.estimate.chunks).toBe(4 * WITH_READINGS);
    expect(await work.json('backfill', 'list')).toEqual([]);
  });

  it('runs every interval, and one that fails stops no other', async () => {
    const made = await create('march', ...MARCH, '--max-active', '3');
    expect(made.intervals).toHaveLength(10);
    const over = await until('march', ended);
    expect(over.state).toBe('failed');
    expect(days(over, 'done')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(days(over, 'failed')).toEqual([7, 8, 9, 10]);
    expect(new Set(over.intervals.slice(6).map(({ error }) => error!.code))).toEqual(new Set(['MR_NO_CHUNKS']));
    const predicted = await work.json<{ day: string }[]>(
      'sql',
      'SELECT DISTINCT day::text FROM predictions ORDER BY 1',
    );
    expect(predicted).toHaveLength(6);
  });

  it('runs again what failed, and nothing else', async () => {
    const before = await runsOf('march');
    await writeReadings(join(work.folder, 'plant/b.csv'), { days: daysFrom(7, 4), sensors: 4 });
    await work.json('backfill', 'retry', 'march');
    expect(days(await until('march', ended), 'done')).toHaveLength(10);
    const again = (await runsOf('march')).filter((id) => !before.includes(id));
    expect(again).toHaveLength(4);
    expect(again.every((id) => /2024-03-(0[789]|10)T.*\.2$/.test(id))).toBe(true);
    expect((await work.run('backfill', 'retry', 'march')).stderr).toContain('MR_BACKFILL_STATE');
  });

  it('leaves out what was done, unless all is wanted', async () => {
    const none = await work.run('backfill', 'create', 'sensor-prediction', '--set', 'source=plant', ...MARCH);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('of 10 intervals none is missing') });
    const price = await work.json<{ due: number; estimate: { basis: number; seconds: number } }>(
      ...['backfill', 'create', 'sensor-prediction', ...MARCH, '--set', 'source=plant', '--only', 'all', '--dry-run'],
    );
    expect(price).toMatchObject({ due: 10, estimate: { basis: 10 } });
    expect(price.estimate.seconds).toBeGreaterThan(0);
  });

  it('is paused and goes on, also when everything is stopped in between', async () => {
    await create('slowly', ...MARCH, '--only', 'all', '--max-active', '1', '--newest-first');
    await work.json('backfill', 'pause', 'slowly');
    const paused = await until('slowly', ({ counts }) => counts.running === undefined);
    expect(paused.state).toBe('paused');
    expect(days(paused, 'waiting').length).toBeGreaterThan(5);
    await work.run('down');
    const still = await show('slowly');
    expect(still).toEqual(paused);
    await work.json('backfill', 'resume', 'slowly');
    const over = await until('slowly', ended);
    expect(days(over, 'done')).toHaveLength(10);
    const began = await work.json<{ day: number }[]>(
      ...[
        'sql',
        "SELECT extract(day FROM interval_start)::int AS day FROM runs WHERE backfill = 'slowly' ORDER BY started_at",
      ],
    );
    expect(began.map(({ day }) => day)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('is cancelled with its runs, once, and can be taken up again', async () => {
    await create('cut', ...MARCH, '--only', 'all', '--max-active', '1');
    await work.json('backfill', 'cancel', 'cut');
    const cut = await until('cut', ended);
    expect(cut.state).toBe('cancelled');
    expect(cut.counts.running).toBeUndefined();
    for (const act of ['cancel', 'pause'])
      expect(await work.run('backfill', act, 'cut')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('MR_BACKFILL_STATE'),
      });
    await work.json('backfill', 'resume', 'cut');
    const over = await until('cut', ended);
    expect(over.counts.waiting).toBeUndefined();
    expect(over.counts.done).toBeGreaterThanOrEqual(9);
    // One that was cancelled in the middle is not done.
    expect(over.state).toBe(over.counts.done === 10 ? 'done' : 'failed');
  });

  it.each([
    [['show', 'marsh'], /MR_BACKFILL_UNKNOWN.*Did you mean "march"/],
    [['create', 'sensor-prediction', '--from', '2024-03-05', '--to', '2024-03-01'], /MR_BACKFILL/],
    [['create', 'sensor-prediction', '--from', '0001-01-01', '--to', '2024-03-01', '--every', 'hour'], /10,000/],
    [
      ['create', 'sensor-prediction', '--from', 'May', '--to', 'June', '--every', 'year'],
      /--from.*\n.*--to.*\n.*--every/,
    ],
    [['create', 'sensor-prediction', ...MARCH, '--tz', 'Europe/Berln'], /MR_ZONE_UNKNOWN.*\n.*Europe\/Berlin/],
    [['create', 'sensor-prediction', ...MARCH, '--set', 'modle=x'], /there is no param "modle"/],
    [['create', 'sensor-predict', ...MARCH], /MR_PIPELINE_UNKNOWN/],
    [
      ['create', 'sensor-prediction', ...MARCH, '--only', 'all', '--name', 'march'],
      /there is a backfill "march" already/,
    ],
    [['create', 'sensor-prediction', ...MARCH, '--only', 'all', '--name', 'a/b'], /letters, digits, - and _/],
  ])('refuses %j', async (args, words) => {
    const source = args[0] === 'create' ? ['--set', 'source=plant'] : [];
    const answer = await work.run('backfill', ...args, ...source);
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(words);
  });
});
