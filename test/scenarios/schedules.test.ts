import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runSummary } from '../../api/contracts/runs.js';
import { temporalSchedules } from '../../workers/temporal.js';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { Rest, said } from '../support/rest.js';

interface Run {
  id: string;
  state: string;
  interval: { start: string; end: string };
}

interface Schedule {
  name: string;
  declaration: { params: Record<string, unknown> };
  declared: boolean;
  paused: boolean;
  note: string | null;
  next: string[];
  recent: { due: string }[];
  missed: number;
  buffered: number;
  running: string[];
  runs: Run[];
}

interface Change {
  name: string;
  change: string;
}

let work: Workplace;
let connection: Connection;
let temporal: Client;
const EVERY_MS = 2000;
/** Of readings that are there and a model that was trained: such a run ends in a second. */
const PREDICTION = ['--pipeline', 'sensor-prediction', '--set', 'source=plant'];
const PLANT_DAYS = ['--set', 'from=2024-03-01', '--set', 'to=2024-03-02'];

beforeAll(async () => {
  work = await Workplace.create();
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 2), sensors: 6 });
  await work.json('run', 'sensor-training', '--set', 'source=plant', '--set', 'k=3');
  const { temporal: server } = JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as {
    temporal: { address: string };
  };
  connection = await Connection.connect({ address: server.address });
  temporal = new Client({ connection });
});
afterAll(async () => {
  await connection.close();
  await work.close();
});

const create = (name: string, ...args: string[]) => work.json<Schedule>('schedules', 'create', name, ...args);
const show = (name: string) => work.json<Schedule>('schedules', 'show', name);
const apply = (...args: string[]) => work.json<Change[]>('schedules', 'apply', ...args);
const names = async () => (await work.json<Schedule[]>('schedules', 'list')).map(({ name }) => name);

async function until(name: string, wanted: (schedule: Schedule) => boolean): Promise<Schedule> {
  for (;;) {
    const schedule = await show(name);
    if (wanted(schedule)) return schedule;
    await sleep(200);
  }
}

/** Nothing of it runs or waits. */
const idle = ({ buffered, running, runs }: Schedule) =>
  buffered === 0 && running.length === 0 && runs.every(({ state }) => state !== 'running');

/** Intervals in the order of time, as pairs of ms. */
const intervalsOf = ({ runs }: Schedule) =>
  runs.map(({ interval: { start, end } }) => [Date.parse(start), Date.parse(end)] as const).sort(([a], [b]) => a - b);

/** Each interval begins where the one before ended. */
function expectChain(schedule: Schedule): void {
  const all = intervalsOf(schedule);
  expect(all.slice(1).map(([start]) => start)).toEqual(all.slice(0, -1).map(([, end]) => end));
  expect(all.every(([start, end]) => start < end)).toBe(true);
}

describe('a schedule', () => {
  it('runs once for each interval, and the intervals lie side by side', async () => {
    const made = await create('often', ...PREDICTION, ...PLANT_DAYS, '--every', '2 s');
    expect(made).toMatchObject({ name: 'often', declared: false, paused: false });
    expect(made.declaration.params).toEqual({
      source: join(work.folder, 'plant'),
      from: '2024-03-01',
      to: '2024-03-02',
    });
    expect(made.next.every((time) => Date.parse(time) % EVERY_MS === 0)).toBe(true);
    await until('often', ({ runs }) => runs.filter(({ state }) => state === 'done').length >= 3);
    expect((await work.run('schedules', 'pause', 'often', '--note', 'seen enough')).stdout).toContain('is paused');
    const schedule = await until('often', idle);
    expect(schedule).toMatchObject({ paused: true, note: 'seen enough' });
    expect(new Set(schedule.runs.map(({ state }) => state))).toEqual(new Set(['done']));
    const all = intervalsOf(schedule);
    expect(all.every(([start, end]) => end - start === EVERY_MS && end % EVERY_MS === 0)).toBe(true);
    expectChain(schedule);
    // Every firing has its run, and no run is without a firing.
    const due = schedule.recent.map((each) => Date.parse(each.due));
    expect(all.slice(-due.length).map(([, end]) => end)).toEqual(due);
  });

  it('that is paused fires no more, and can be triggered: for all since the firing before', async () => {
    const before = await show('often');
    const last = intervalsOf(before).at(-1)![1];
    while (Date.now() < last + 4 * EVERY_MS) await sleep(200);
    expect((await show('often')).runs).toHaveLength(before.runs.length);
    expect((await work.run('schedules', 'list')).stdout).toMatch(/often .*paused/);

    const asked = Date.now();
    expect((await work.run('schedules', 'trigger', 'often')).stdout).toContain('was triggered');
    const after = await until('often', (schedule) => schedule.runs.length > before.runs.length && idle(schedule));
    expect(after).toMatchObject({ paused: true, runs: { length: before.runs.length + 1 } });
    const [start, end] = intervalsOf(after).at(-1)!;
    expect(start).toBe(last);
    // Temporal notes the moment in whole seconds.
    expect(end).toBeGreaterThan(asked - 1000);
    expect(end).toBeLessThanOrEqual(Date.now());
  });

  it('goes on when it is unpaused, from the firing before', async () => {
    const before = await show('often');
    expect((await work.run('schedules', 'unpause', 'often')).stdout).toContain('runs again');
    await until('often', ({ runs }) => runs.filter(({ state }) => state === 'done').length >= before.runs.length + 2);
    await work.json('schedules', 'pause', 'often');
    const schedule = await until('often', idle);
    expectChain(schedule);
    expect(schedule.note).toBe('paused by hand');
  });

  it('is named in its runs, which are found by it over REST', async () => {
    const { runs } = await show('often');
    const rest = new Rest(work);
    const found = said(z.array(runSummary), await rest.get('/api/v1/runs?schedule=often&limit=1000'));
    expect(found.slice(0, 20).map(({ id, interval }) => ({ id, interval }))).toEqual(
      runs.map(({ id, interval }) => ({ id, interval })),
    );
    expect(new Set(found.map(({ schedule }) => schedule))).toEqual(new Set(['often']));
    expect(found[0]!.id).toMatch(/^sensor-prediction\.often-/);
  });

  it('that is deleted is gone, and its runs stay', async () => {
    const { runs } = await show('often');
    expect((await work.run('schedules', 'delete', 'often')).stdout).toContain('its runs stay');
    const gone = await work.run('schedules', 'show', 'often');
    expect(gone).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('MR_SCHEDULE_UNKNOWN there is no schedule "often"'),
    });
    const left = await work.json<Run[]>('runs', 'list', '--limit', '1000');
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining(runs.map(({ id }) => id)));
  });

  it('without a whole day in its interval has nothing to do, and says so', async () => {
    await create('short', ...PREDICTION, '--every', '2 s');
    const { runs } = await until('short', (schedule) => schedule.runs.some(({ state }) => state !== 'running'));
    await work.json('schedules', 'delete', 'short');
    const { id } = runs.findLast(({ state }) => state !== 'running')!;
    const { state, result, attempts } = await work.json<{ state: string; result: object; attempts: object[] }>(
      'runs',
      'show',
      id,
    );
    expect({ state, attempts }).toEqual({ state: 'done', attempts: [] });
    expect(result).toEqual({ nothing: expect.stringMatching(/^no whole day lies between /) });
  });

  it('pauses after a run that failed, where it was told to', async () => {
    const nowhere = ['--pipeline', 'sensor-prediction', '--set', 'source=nowhere', ...PLANT_DAYS];
    await create('careful', ...nowhere, '--every', '2 s', '--pause-on-failure');
    const { note, runs } = await until('careful', ({ paused }) => paused);
    expect(note).toContain('failure');
    expect(runs.map(({ state }) => state)).toContain('failed');
    await work.json('schedules', 'delete', 'careful');
  });
});

describe('the time of a schedule before a moment', () => {
  it.each([
    [['--every', '1 s'], '2026-06-10T08:00:00Z', '2026-06-10T07:59:59Z'],
    [['--cron', '* * * * *'], '2026-06-10T08:00:30Z', '2026-06-10T08:00:00Z'],
    [['--cron', '0 8-18 * * *'], '2026-06-10T08:00:00Z', '2026-06-09T18:00:00Z'],
    [['--cron', '*/15 8-17 * * 1-5'], '2026-06-08T08:00:00Z', '2026-06-05T17:45:00Z'],
    [['--cron', '* 8-17 * * 1'], '2026-06-08T08:00:00Z', '2026-06-01T17:59:00Z'],
    [['--cron', '0 2 * * *', '--tz', 'Europe/Berlin'], '2026-06-10T00:00:00Z', '2026-06-09T00:00:00Z'],
    [['--cron', '0 0 29 2 *'], '2026-03-01T00:00:00Z', '2024-02-29T00:00:00Z'],
  ])('of %j at %s is %s', async (times, at, before) => {
    await create('timed', ...PREDICTION, ...times);
    await work.json('schedules', 'pause', 'timed');
    const found = await temporalSchedules(connection, 'default').timeBefore('timed', new Date(at));
    await work.json('schedules', 'delete', 'timed');
    expect(found).toEqual(new Date(before));
  });
});

describe('as Temporal has it', () => {
  const policies = async (name: string) => (await temporal.schedule.getHandle(name).describe()).policies;

  it('a schedule runs all firings one after the other, also those of the last day in which the server was down', async () => {
    const { note, recent, missed } = await create('plain', ...PREDICTION, '--every', '1 day');
    expect(await policies('plain')).toMatchObject({
      overlap: 'BUFFER_ALL',
      catchupWindow: 86_400_000,
      pauseOnFailure: false,
    });
    expect({ note, recent, missed }).toEqual({ note: null, recent: [], missed: 0 });
    await work.json('schedules', 'delete', 'plain');
  });

  it('a schedule is as it was told to be', async () => {
    const times = ['--every', '1 h', '--offset', '5 min', '--jitter', '30 s'];
    const rules = ['--overlap', 'skip', '--catchup', '10 min', '--pause-on-failure'];
    const made = await create('special', ...PREDICTION, ...times, ...rules);
    expect(await policies('special')).toMatchObject({ overlap: 'SKIP', catchupWindow: 600_000, pauseOnFailure: true });
    const { spec } = await temporal.schedule.getHandle('special').describe();
    expect(spec).toMatchObject({ intervals: [{ every: 3_600_000, offset: 300_000 }], jitter: 30_000 });
    expect(made.next.length).toBeGreaterThan(0);
    await work.json('schedules', 'delete', 'special');
  });

  it('a cron expression is read in its zone', async () => {
    const { next } = await create('berlin', ...PREDICTION, '--cron', '30 2 * * 1', '--tz', 'Europe/Berlin');
    const format = { timeZone: 'Europe/Berlin', weekday: 'short', hour: '2-digit', minute: '2-digit' } as const;
    const there = next.map((time) => new Intl.DateTimeFormat('en-GB', format).format(Date.parse(time)));
    expect(new Set(there)).toEqual(new Set(['Mon 02:30']));
    await work.json('schedules', 'delete', 'berlin');
  });
});

describe('a schedule that cannot be made', () => {
  const every = ['--every', '1 h'];
  it.each<[string, string[], RegExp]>([
    ['a wrong cron', [...PREDICTION, '--cron', '0 25 * * *'], /MR_SCHEDULE.*"wrong".*five fields/s],
    ['a cron that is none', [...PREDICTION, '--cron', 'at night'], /MR_SCHEDULE.*"wrong".*five fields/s],
    [
      'a wrong zone',
      [...PREDICTION, '--cron', '0 2 * * *', '--tz', 'Europe/Berln'],
      /MR_ZONE_UNKNOWN.*Europe\/Berlin/s,
    ],
    ['no times', PREDICTION, /MR_CALL.*give either "cron" or "every"/s],
    ['times twice', [...PREDICTION, ...every, '--cron', '0 2 * * *'], /MR_CALL.*give either "cron" or "every"/s],
    ['no duration', [...PREDICTION, '--every', 'hour'], /MR_CALL --every: "hour" is no duration/],
    ['too short a duration', [...PREDICTION, '--every', '500 ms'], /MR_CALL "every" is at least 1 s/],
    ['an offset of cron', [...PREDICTION, '--cron', '0 2 * * *', '--offset', '1 min'], /MR_CALL "offset" goes with/],
    ['too long an offset', [...PREDICTION, ...every, '--offset', '1 h'], /MR_CALL "offset" goes with/],
    ['an unknown overlap', [...PREDICTION, ...every, '--overlap', 'queue'], /MR_CALL --overlap: .*buffer-all/],
    ['too short a catch-up', [...PREDICTION, ...every, '--catchup', '1 s'], /MR_CALL "catchup" is at least 10 s/],
    [
      'an unknown pipeline',
      ['--pipeline', 'sensor-predicton', ...every],
      /MR_PIPELINE_UNKNOWN.*Did you mean "sensor-prediction"/s,
    ],
    ['a wrong param', [...PREDICTION, ...every, '--set', 'version=0'], /MR_PARAM.*version is 0/s],
    ['an unknown param', [...PREDICTION, ...every, '--set', 'modle=x'], /MR_PARAM.*"modle". Did you mean "model"/s],
    ['no source', ['--pipeline', 'sensor-prediction', ...every], /MR_PARAM.*source is needed/s],
    ['no pipeline', every, /required option '--pipeline/],
  ])('says why: %s', async (_, args, words) => {
    const answer = await work.run('schedules', 'create', 'wrong', ...args);
    expect(answer.stderr).toMatch(words);
    expect(answer.code).toBe(2);
  });

  it('leaves nothing behind', async () => {
    expect(await names()).not.toContain('wrong');
  });

  it('says why: a name that is none, or that is taken', async () => {
    const strange = await work.run('schedules', 'create', 'a/b', ...PREDICTION, ...every);
    expect(strange).toMatchObject({ code: 2, stderr: expect.stringMatching(/MR_SCHEDULE "a\/b" is no name/) });
    await create('once', ...PREDICTION, ...every);
    const again = await work.run('schedules', 'create', 'once', ...PREDICTION, '--every', '2 h');
    expect(again).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/MR_SCHEDULE there is a schedule "once" already/),
    });
    expect((await show('once')).declaration).toMatchObject({ every: 3_600_000 });
  });

  it.each(['show', 'pause', 'unpause', 'trigger', 'delete'])(
    'is not found by %s: the nearest is named',
    async (verb) => {
      const answer = await work.run('schedules', verb, 'onec');
      expect(answer.code).toBe(2);
      expect(answer.stderr).toMatch(/MR_SCHEDULE_UNKNOWN there is no schedule "onec"\. Did you mean "once"\?/);
    },
  );

  it('is not one that others made: it is left to them', async () => {
    await temporal.schedule.create({
      scheduleId: 'foreign',
      spec: { intervals: [{ every: '1 day' }] },
      action: { type: 'startWorkflow', workflowType: 'theirs', taskQueue: 'theirs' },
    });
    expect(await names()).not.toContain('foreign');
    for (const verb of ['show', 'pause', 'unpause', 'trigger', 'delete']) {
      const answer = await work.run('schedules', verb, 'foreign');
      expect(answer, verb).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/MR_SCHEDULE_UNKNOWN the schedule "foreign" was not made by Millrace/),
      });
    }
    const { state } = await temporal.schedule.getHandle('foreign').describe();
    expect(state.paused).toBe(false);
    await temporal.schedule.getHandle('foreign').delete();
  });
});

describe('schedules that are declared', () => {
  const nightly = (k: number) =>
    `  nightly:\n    pipeline: sensor-training\n    cron: 0 2 * * *\n    tz: Europe/Berlin\n    params: { source: plant, k: ${k} }\n`;
  const hourly =
    '  hourly:\n    pipeline: sensor-prediction\n    every: 1 h\n    offset: 5 min\n    params: { source: plant }\n';
  const declare = (...parts: string[]) =>
    writeFile(
      join(work.folder, 'millrace.yaml'),
      parts.length === 0 ? 'schedules: {}\n' : `schedules:\n${parts.join('')}`,
    );

  beforeAll(async () => {
    for (const name of await names()) await work.json('schedules', 'delete', name);
    await create('by-hand', ...PREDICTION, '--every', '1 day');
  });

  it('are made, once', async () => {
    await declare(nightly(3), hourly);
    const wanted = [
      { name: 'nightly', change: 'create' },
      { name: 'hourly', change: 'create' },
    ];
    expect(await apply('--dry-run')).toEqual(wanted);
    expect(await names()).toEqual(['by-hand']);
    expect(await apply()).toEqual(wanted);
    expect(await names()).toEqual(['by-hand', 'hourly', 'nightly']);
    expect(await apply()).toEqual(wanted.map(({ name }) => ({ name, change: 'none' })));
    expect((await work.run('schedules', 'apply')).stdout).toMatch(/nightly +as declared/);
    expect(await show('nightly')).toMatchObject({
      declared: true,
      declaration: { cron: '0 2 * * *', tz: 'Europe/Berlin', params: { source: join(work.folder, 'plant'), k: 3 } },
    });
  });

  it('are changed when the file is, and stay paused', async () => {
    await work.json('schedules', 'pause', 'nightly', '--note', 'the plant is closed');
    await declare(nightly(4), hourly);
    const wanted = [
      { name: 'nightly', change: 'update' },
      { name: 'hourly', change: 'none' },
    ];
    expect(await apply('--dry-run')).toEqual(wanted);
    expect((await show('nightly')).declaration.params).toMatchObject({ k: 3 });
    expect(await apply()).toEqual(wanted);
    expect(await show('nightly')).toMatchObject({
      paused: true,
      note: 'the plant is closed',
      declaration: { params: { k: 4 } },
    });
    // What the runs are started with, not only what is shown.
    const { action } = await temporal.schedule.getHandle('nightly').describe();
    expect(action).toMatchObject({ args: [{ params: { k: 4 } }] });
  });

  it('are deleted when the file no longer has them; those made by hand are left alone', async () => {
    await declare(nightly(4));
    const wanted = [
      { name: 'nightly', change: 'none' },
      { name: 'hourly', change: 'delete' },
    ];
    expect(await apply('--dry-run')).toEqual(wanted);
    expect(await names()).toEqual(['by-hand', 'hourly', 'nightly']);
    expect(await apply()).toEqual(wanted);
    expect(await names()).toEqual(['by-hand', 'nightly']);
    await declare();
    expect(await apply()).toEqual([{ name: 'nightly', change: 'delete' }]);
    expect(await names()).toEqual(['by-hand']);
    expect(await apply()).toEqual([]);
    expect((await work.run('schedules', 'apply')).stdout).toContain('No schedules are declared');
  });

  it('are not taken for deleted where no file declares any', async () => {
    await writeFile(join(work.folder, 'millrace.yaml'), 'threads: 2\n');
    const answer = await work.run('schedules', 'apply');
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringMatching(/MR_CONFIG .*millrace\.yaml declares no/) });
  });

  it.each([
    ['an unknown word', `${hourly}    ofset: 1 h\n`, /MR_CONFIG millrace\.yaml:11:5 .*Did you mean "offset"/s],
    ['a wrong duration', hourly.replace('1 h', 'often'), /MR_CONFIG millrace\.yaml:8:5 .*"often" is no duration/s],
    ['a wrong name', hourly.replace('hourly', 'hour ly'), /MR_CONFIG millrace\.yaml:6:3/s],
    ['a wrong cron', nightly(3).replace('0 2', '0 25'), /MR_SCHEDULE.*"nightly"/s],
    ['a wrong param', nightly(0), /MR_PARAM.*k is 0/s],
    ['a wrong zone', nightly(3).replace('Berlin', 'Berln'), /MR_ZONE_UNKNOWN/],
  ])('with %s are refused, and none is changed', async (_, wrong, words) => {
    const good = '  daily:\n    pipeline: sensor-prediction\n    every: 1 day\n    params: { source: plant }\n';
    const before = await names();
    await declare(good, wrong);
    const answer = await work.run('schedules', 'apply');
    expect(answer.stderr).toMatch(words);
    expect(answer.code).toBe(2);
    await declare();
    expect(await names()).toEqual(before);
  });
});
