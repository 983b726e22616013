import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './support/cli.js';
import { daysFrom, writeReadings } from './support/readings.js';
import { Rest } from './support/rest.js';

/**
 * Histories of runs that ended well and badly. Open runs of users look like them: a workflow that cannot replay them
 * would break those. After a change that is meant, record under a new name with MILLRACE_RECORD=1, and keep the old
 * ones as long as such runs may be open.
 */
const FOLDER = 'test/histories';

beforeAll(async () => {
  if (process.env.MILLRACE_RECORD === '1') await record();
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

describe('recorded histories', async () => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json'));

  it.each(names)('%s replays', async (name) => {
    const history = historyFromJSON(JSON.parse(await readFile(join(FOLDER, name), 'utf8')));
    await Worker.runReplayHistory({ workflowBundle: { codePath: 'dist/workflow-bundle.js' } }, history, name);
  });

  it('hold no payload above 100 KB', async () => {
    for (const name of names) {
      const { events } = JSON.parse(await readFile(join(FOLDER, name), 'utf8')) as { events: object[] };
      const largest = Math.max(...events.map((event) => JSON.stringify(event).length));
      expect(largest, name).toBeLessThan(100_000);
    }
  });
});

async function record(): Promise<void> {
  const work = await Workplace.create({ MILLRACE_WEBHOOK_SECRET: 'whsec_c2VjcmV0' });
  try {
    await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 2), sensors: 6 });
    const runs: Record<string, string[]> = {
      'training-done': ['sensor-training', '--set', 'k=3'],
      'training-too-few-chunks': ['sensor-training', '--set', 'k=500'],
      'prediction-done': ['sensor-prediction'],
      'prediction-model-missing': ['sensor-prediction', '--set', 'model=none'],
    };
    for (const [name, args] of Object.entries(runs)) {
      await work.run('run', ...args, '--set', 'source=plant', '--key', name);
    }
    // Every chunk is cut short and no feature is there: both are made again, within the run that finds it.
    const store = join(work.home, 'store');
    for (const file of await readdir(join(store, 'chunks'), { recursive: true }))
      if (file.endsWith('.parquet')) await truncate(join(store, 'chunks', file), 100);
    await rm(join(store, 'kept/features'), { recursive: true });
    await work.run('run', 'sensor-prediction', '--set', 'source=plant', '--key', 'prediction-repaired');
    const ids = Object.entries(runs).map(([name, [pipeline]]): [string, string] => [name, `${pipeline}.${name}`]);
    ids.push(['prediction-repaired', 'sensor-prediction.prediction-repaired']);
    for (const [name, days] of Object.entries({
      'prediction-fired': ['--set', 'from=2024-03-01'],
      'nothing-due': [],
    })) {
      const times = ['--cron', '0 0 1 1 *', ...(days.length > 0 ? days : ['--set', 'from=2999-01-01'])];
      await work.json(
        'schedules',
        'create',
        name,
        '--pipeline',
        'sensor-prediction',
        ...times,
        '--set',
        'source=plant',
      );
      await work.json('schedules', 'trigger', name);
      ids.push([name, await firedRun(work, name)]);
    }
    ids.push(['training-paused', await pausedRun(work)], ['backfill-failed', await failedBackfill(work)]);
    ids.push(['training-asked', await askedRun(work)], ['trigger-arrived', await arrivedTrigger(work)]);
    ids.push(['project-done', await projectRun(work)]);
    const { temporal } = JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as {
      temporal: { address: string };
    };
    const connection = await Connection.connect({ address: temporal.address });
    for (const [name, id] of ids) {
      const history = await new Client({ connection }).workflow.getHandle(id).fetchHistory();
      const text = JSON.stringify(JSON.parse(historyToJSON(history)), null, 1).replaceAll(process.cwd(), '/millrace');
      // Those there are stay: open runs may look like them.
      await writeFile(join(FOLDER, `${name}.json`), `${text}\n`, { flag: 'wx' }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      });
    }
    await connection.close();
  } finally {
    await work.close();
  }
}

/** A run that was held and let go on; over REST, since it is over before the command line is there. */
async function pausedRun(work: Workplace): Promise<string> {
  const rest = new Rest(work);
  const params = { source: join(work.folder, 'plant'), k: 3, tz: 'Europe/Berlin' };
  const started = await rest.post('/api/v1/runs', { pipeline: 'sensor-training', params });
  const { runId } = JSON.parse(started.text) as { runId: string };
  for (const act of ['pause', 'resume']) await rest.post(`/api/v1/runs/${runId}/${act}`);
  await ended(() => work.json('runs', 'show', runId));
  return runId;
}

/** A run that is late, asks what to do about a file, and goes on without it; and somebody is told of it. */
async function askedRun(work: Workplace): Promise<string> {
  await writeReadings(join(work.folder, 'damaged/a.csv'), { days: daysFrom(1, 2), sensors: 6 });
  await writeFile(join(work.folder, 'damaged/b.parquet'), 'PAR1 was here');
  await writeFile(join(work.folder, 'millrace.yaml'), 'alerts: { ops: { webhook: "http://127.0.0.1:39999/" } }\n');
  const set = [
    'source=damaged',
    'model=asked',
    'k=3',
    'onFailure=wait',
    'deadline=1 ms',
    'stepDeadlines={"train":"1 h"}',
  ];
  const { runId } = await work.json<{ runId: string }>(
    ...['run', 'sensor-training', '--detach', ...set.flatMap((pair) => ['--set', pair])],
  );
  while ((await work.json<{ asks: number }>('runs', 'show', runId)).asks === 0) await sleep(200);
  await work.json('runs', 'skip', runId);
  await ended(() => work.json('runs', 'show', runId));
  return runId;
}

/** A pipeline of a project, with a step of its own. */
async function projectRun(work: Workplace): Promise<string> {
  await cp('project/template', work.folder, { recursive: true });
  await work.json('run', 'daily-swings', '--key', 'project-done');
  return 'daily-swings.project-done';
}

/** A trigger that goes on, and has run a prediction. */
async function arrivedTrigger(work: Workplace): Promise<string> {
  const source = ['--set', 'source=plant', '--settle', '1 s', '--every', '1 s'];
  await work.json('triggers', 'create', 'arrived', '--pipeline', 'sensor-prediction', ...source);
  for (;;) {
    const runs = await work.json<{ state: string; trigger: string | null }[]>('runs', 'list');
    if (runs.some(({ state, trigger }) => trigger === 'arrived' && state === 'done')) return 'trigger.arrived';
    await sleep(200);
  }
}

/** A backfill that was paused, two of whose intervals have no readings. */
async function failedBackfill(work: Workplace): Promise<string> {
  const days = ['--from', '2024-03-01', '--to', '2024-03-04', '--max-active', '1'];
  const source = ['--set', 'source=plant', '--name', 'march'];
  await work.json('backfill', 'create', 'sensor-prediction', ...days, ...source);
  await work.json('backfill', 'pause', 'march');
  await work.json('backfill', 'resume', 'march');
  await ended(() => work.json('backfill', 'show', 'march'));
  return 'backfill.march';
}

async function ended(look: () => Promise<{ state: string }>): Promise<void> {
  while (['running', 'paused'].includes((await look()).state)) await sleep(200);
}

async function firedRun(work: Workplace, schedule: string): Promise<string> {
  for (;;) {
    const { runs } = await work.json<{ runs: { id: string; state: string }[] }>('schedules', 'show', schedule);
    if (runs[0] !== undefined && runs[0].state !== 'running') return runs[0].id;
    await sleep(200);
  }
}
