import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../ml/random.js';
import { Workplace } from '../support/cli.js';

interface Services {
  supervisor: { pid: number };
  temporal: { pid: number; address: string };
  postgres: { pid: number };
  worker: { pid: number };
  rest: { pid: number };
}

interface Run {
  id: string;
  state: string;
  interval: { start: string; end: string } | null;
}

interface Version {
  version: number;
  champion: boolean;
  parent: number | null;
  runId: string;
  trainedTo: string;
  lineage: { days: [string, string] };
  decision: { promote: boolean; reason: string; champion: number | null; figures: { from: string } | null };
}

const FIRST = Date.UTC(2026, 4, 1);
const day = (n: number) => new Date(FIRST + n * 86_400_000).toISOString().slice(0, 10);

/** A plant whose sensors drift a little from day to day, so that newer models fit newer days better. */
async function writeDay(folder: string, n: number, corrupt = false): Promise<void> {
  const random = seededRandom(n + 1);
  const lines = ['time,sensor,value'];
  for (let sensor = 0; sensor < 24; sensor++) {
    const kind = sensor % 3;
    for (let minute = 0; minute < 1440; minute += 10) {
      const hour = minute / 60;
      const noise = random() - 0.5;
      const level = [
        20 + 3 * Math.sin((hour / 24) * 2 * Math.PI) + 0.4 * n + noise,
        (hour > 6 && hour < 18 ? 120 : 8) + 3 * n + 10 * noise,
        (5 + 0.4 * n) * noise * noise,
      ][kind]!;
      // A logger that went mad: huge spikes of either sign.
      const value = corrupt ? (random() < 0.5 ? -1 : 1) * 10 ** (3 + 5 * random()) : level;
      const stamp = new Date(FIRST + n * 86_400_000 + minute * 60_000).toISOString();
      lines.push(`${stamp},s${String(sensor).padStart(2, '0')},${value.toFixed(4)}`);
    }
  }
  await writeFile(join(folder, `${day(n)}.csv`), `${lines.join('\n')}\n`);
}

describe('a model that is trained again and again', () => {
  let work: Workplace;
  let plant: string;
  const services = async () => JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as Services;
  const runs = async () =>
    (await work.json<{ runs: Run[] }>('schedules', 'show', 'nightly')).runs.sort((a, b) =>
      a.interval!.end < b.interval!.end ? -1 : 1,
    );

  /** Lets the schedule fire as it did on the morning after day `n`, at 00:30. */
  async function fire(n: number): Promise<void> {
    const connection = await Connection.connect({ address: (await services()).temporal.address });
    const at = FIRST + (n + 1) * 86_400_000 + 30 * 60_000;
    await new Client({ connection }).schedule.getHandle('nightly').backfill({
      start: new Date(at - 60_000),
      end: new Date(at + 60_000),
      overlap: ScheduleOverlapPolicy.BUFFER_ALL,
    });
    await connection.close();
  }

  async function ended(count: number): Promise<Run> {
    for (;;) {
      const all = await runs();
      const last = all[count - 1];
      if (last !== undefined && last.state !== 'running') return last;
      await sleep(200);
    }
  }

  const versions = () => work.json<Version[]>('models', 'show', 'sensors');

  beforeAll(async () => {
    work = await Workplace.create();
    plant = join(work.folder, 'plant');
    await mkdir(plant);
    await work.json(
      ...['schedules', 'create', 'nightly', '--pipeline', 'sensor-training', '--cron', '30 0 * * *'],
      ...['--set', 'source=plant', '--set', 'k=3'],
    );
    // It is to fire only when told to.
    await work.json('schedules', 'pause', 'nightly');
  });
  afterAll(() => work.close());

  it('continues from the champion on the days since; what is worse does not become champion', async () => {
    for (const n of [0, 1, 2]) await writeDay(plant, n);
    await fire(2);
    await ended(1);

    // The first version saw all there was, so the next night has one new day: too few to train and to compare on.
    await writeDay(plant, 3);
    await fire(3);
    await ended(2);
    // From now on the newest day is held out, and trained on the night after.
    await writeDay(plant, 4);
    await fire(4);
    await ended(3);

    // Killed, all of it, while the fourth runs.
    await writeDay(plant, 5);
    await fire(5);
    while ((await runs()).length < 4) await sleep(20);
    const { supervisor, worker, rest, temporal, postgres } = await services();
    for (const { pid } of [supervisor, worker, rest, temporal, postgres]) process.kill(pid, 'SIGKILL');
    expect(await ended(4)).toMatchObject({ state: 'done' });

    await writeDay(plant, 6, true);
    await fire(6);
    await ended(5);
    const doubtful = await versions();

    // The plant's people mend the file; the next night trains on it as it is now.
    await writeDay(plant, 6);
    await writeDay(plant, 7);
    await fire(7);
    await ended(6);

    const fired = await runs();
    expect(fired.map(({ state }) => state)).toEqual(new Array(6).fill('done'));
    expect(fired.map(({ interval }) => interval)).toEqual(
      [2, 3, 4, 5, 6, 7].map((n) => ({ start: `${day(n)}T00:30:00.000Z`, end: `${day(n + 1)}T00:30:00.000Z` })),
    );

    const made = await versions();
    expect(made.map(({ version, parent }) => [version, parent])).toEqual([
      [1, null],
      [2, 1],
      [3, 1],
      [4, 3],
      [5, 4],
      [6, 4],
    ]);
    expect(doubtful.find(({ champion }) => champion)!.version).toBe(4);
    expect(made.find(({ champion }) => champion)!.version).toBe(6);
    expect(made.map(({ decision }) => decision.promote)).toEqual([true, false, true, true, false, true]);
    expect(made[1]!.decision.reason).toBe('there is 1 day of chunks: none is left to train on when 1 is held out');
    expect(made[4]!.decision.reason).toBe(
      '100 % of the held-out chunks are novel to the champion, more than 50 %: the data are in doubt',
    );
    expect(made[4]!.decision.champion).toBe(4);

    // Along the champions, every day is trained on once and none is left out.
    expect(made.map(({ lineage: { days } }) => days)).toEqual([
      [day(0), day(2)],
      [day(3), day(3)],
      [day(3), day(3)],
      [day(4), day(4)],
      [day(5), day(5)],
      [day(5), day(6)],
    ]);
  });
});
