import { appendFile, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORED } from '../../activities/gc-kinds.js';
import { gcReport } from '../../api/contracts/gc.js';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { expectProblem, Rest, said } from '../support/rest.js';

interface Report {
  deleted: boolean;
  runs: number;
  logLines: number;
  versions: number;
  objects: { kind: string; objects: number; bytes: number }[];
  needed: { versions: number; runs: Record<string, number> };
}

interface Run {
  state: string;
  asks: number;
  attempts: { step: string; phase: string; state: string; measures: { kept?: number } }[];
}

interface Version {
  version: number;
  champion: boolean;
  parent: number | null;
  lineage: { creator: string };
}

const DAY_MS = 86_400_000;

let work: Workplace;
let rest: Rest;
const store = () => join(work.home, 'store');

beforeAll(async () => {
  work = await Workplace.create();
  rest = new Rest(work);
  await writeFile(join(work.folder, 'millrace.yaml'), 'retention: { versions: 1 }\n');
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 4), sensors: 4 });
  await writeReadings(join(work.folder, 'other/b.csv'), { days: daysFrom(11, 3), sensors: 5 });
  const twice = join(work.folder, 'twice/c.csv');
  await writeReadings(twice, { days: daysFrom(21, 4), sensors: 6 });
  await appendFile(twice, '2024-03-22 00:00:00,s00,7\n');
});
afterAll(() => work.close());

const start = async (pipeline: string, ...set: string[]) =>
  (await work.json<{ runId: string }>('run', pipeline, ...set.flatMap((each) => ['--set', each]))).runId;
const runs = async () => (await work.json<{ id: string }[]>('runs', 'list')).map(({ id }) => id);
const versions = () => work.json<Version[]>('models', 'show', 'sensors');
const gc = (...options: string[]) => work.json<Report>('gc', ...options);
const show = async (id: string): Promise<Run> => JSON.parse((await rest.get(`/api/v1/runs/${id}`)).text) as Run;
/** Steps that made something; of those that are mapped, by their batches. */
const made = ({ attempts }: Run) => [
  ...new Set(
    attempts
      .filter(({ phase, measures }) => phase === 'batch' || (phase === 'once' && measures.kept !== 1))
      .map(({ step }) => step),
  ),
];

/** Paths of all objects, below the store; what is being written just now is none. */
async function objects(): Promise<string[]> {
  const entries = await readdir(store(), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files
    .map((entry) => join(entry.parentPath, entry.name).slice(store().length + 1))
    .filter((path) => !path.startsWith('scratch/'))
    .sort();
}

/** As if all that is in the store had been written some days ago, and these runs had ended long ago. */
async function age(...ids: string[]): Promise<void> {
  const then = new Date(Date.now() - 2 * DAY_MS);
  for (const path of await objects()) await utimes(join(store(), path), then, then);
  const { postgres } = JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as {
    postgres: { port: number; user: string; database: string };
  };
  const password = (await readFile(join(work.home, 'postgres-password'), 'utf8')).trim();
  const client = new pg.Client({ host: '127.0.0.1', ...postgres, password });
  await client.connect();
  await client.query(
    "UPDATE runs SET started_at = started_at - interval '100 days', ended_at = ended_at - interval '100 days' WHERE id = ANY($1)",
    [ids],
  );
  await client.end();
}

/** A run that waits for a person: the readings of one of its days cannot be taken. */
async function waiting(...set: string[]): Promise<string> {
  const all = ['source=twice', 'k=3', 'model=waits', 'duplicates=error', 'onFailure=wait', ...set];
  const { runId } = await work.json<{ runId: string }>(
    ...['run', 'sensor-training', '--detach', ...all.flatMap((each) => ['--set', each])],
  );
  while ((await show(runId)).asks === 0) await sleep(50);
  return runId;
}

/** Lets a run go on without what it asks about, as often as it asks. */
async function ends(id: string): Promise<Run> {
  for (;;) {
    const run = await show(id);
    if (run.state !== 'running') return run;
    if (run.asks > 0) await rest.post(`/api/v1/runs/${id}/skip`, {});
    await sleep(100);
  }
}

describe('gc', () => {
  let trained: string[];
  let predicted: { old: string; young: string };
  let creator: string;

  it('lets go of no run and no object that is young, and says why champions stay', async () => {
    trained = [
      await start('sensor-training', 'source=plant', 'k=3'),
      await start('sensor-training', 'source=plant', 'k=3'),
      await start('sensor-training', 'source=plant', 'k=4', 'refit=true', 'promote=never'),
      await start('sensor-training', 'source=plant', 'k=2', 'refit=true', 'promote=never'),
    ];
    const old = await start('sensor-prediction', 'source=other');
    predicted = { old, young: await start('sensor-prediction', 'source=plant') };
    creator = (await versions()).find(({ champion }) => champion)!.lineage.creator;
    expect((await work.run('gc')).stdout).toContain(
      'Champions, what they were continued from, and runs that go on stay',
    );
    // Of versions, so many stay, and not those of so many days: the third is not champion, nor the newest, nor does a
    // champion rest on it.
    const report = await gc('--delete');
    expect(report).toMatchObject({ deleted: true, runs: 0, logLines: 0, versions: 1, objects: [] });
  });

  it('says what would go, and touches nothing', async () => {
    await writeFile(join(store(), 'notes.txt'), 'of somebody else');
    await age(...trained, predicted.old);
    const before = [await objects(), await runs()];
    const report = await gc();
    expect(report).toMatchObject({
      deleted: false,
      versions: 0,
      runs: 2,
      needed: { versions: 2, runs: { version: 3, rerun: 0, backfill: 0, schedule: 0 } },
    });
    expect(report.logLines).toBeGreaterThan(0);
    const kinds = report.objects.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['kept', 'models', 'predictions', 'reports', 'staged', 'worklists']));
    expect((await work.run('gc')).stdout).toMatch(
      /runs, older than 90 days +2\n[\s\S]*millrace gc --delete deletes them\.\n$/,
    );
    expect(said(gcReport, await rest.post('/api/v1/gc', {}))).toEqual(report);
    expectProblem(await rest.post('/api/v1/gc', { delete: 'yes' }), 400, 'MR_CALL');
    expect([await objects(), await runs()]).toEqual(before);
  });

  it('deletes just that: runs with their reports and objects', async () => {
    const report = await gc();
    const before = await objects();
    expect(await gc('--delete')).toEqual({ ...report, deleted: true });
    const after = await objects();
    expect(before.length - after.length).toBe(report.objects.reduce((sum, each) => sum + each.objects, 0));
    expect(await runs()).toEqual([predicted.young, trained[3], trained[1], trained[0]]);
    const reports = after.filter((path) => path.startsWith('reports/'));
    expect(new Set(reports.map((path) => path.split('/')[1]))).toEqual(
      new Set([predicted.young, trained[3], trained[1], trained[0]]),
    );
    expect(await gc('--delete')).toMatchObject({ runs: 0, logLines: 0, objects: [] });
    expect((await work.run('gc')).stdout).toMatch(/^Nothing is old enough to go\.\n/);
  });

  it('knows all that Millrace writes, and leaves what it does not know', async () => {
    const roots = new Set((await objects()).map((path) => path.split('/')[0]!));
    expect([...roots].filter((each) => !(each in STORED))).toEqual(['notes.txt']);
  });

  it('leaves the champion and its lineage whole: it predicts, from what is kept', async () => {
    const all = await versions();
    expect(all.map(({ version, parent, champion }) => [version, parent, champion])).toEqual([
      [1, null, false],
      [2, 1, true],
      [4, null, false],
    ]);
    expect(all[1]!.lineage.creator).toBe(creator);
    const files = await work.json<{ path: string }[]>('lineage', trained[1]!);
    expect(files).toMatchObject([{ path: join(work.folder, 'plant/a.csv') }]);
    const again = await work.json<{ runId: string; modelVersion: string }>(
      ...['run', 'sensor-prediction', '--set', 'source=plant'],
    );
    expect(again.modelVersion).toBe('sensors@2');
    expect(made(await show(again.runId))).toEqual(['publish', 'report']);
    const fromNew = await start('sensor-prediction', 'source=other');
    expect((await show(fromNew)).state).toBe('done');
    const rolled = await work.run('models', 'rollback', 'sensors');
    expect(rolled.stdout).toContain('version 1 is the champion again');
  });

  it('leaves what a run that stays can be run again from', async () => {
    const { runId } = await work.json<{ runId: string }>('runs', 'rerun', predicted.young, '--from', 'predict');
    expect(made(await show(runId))).toEqual(['predict', 'publish', 'report']);
  });
});

describe('gc beside a run that goes on', () => {
  it('leaves what that has made, however long it waits', async () => {
    const id = await waiting();
    const before = (await show(id)).attempts.length;
    await age(...(await runs()));
    const report = await gc('--delete');
    expect(report.runs).toBeGreaterThan(0);
    const run = await ends(id);
    expect(run.state).toBe('done');
    // Inspected, read and chunked was before; of the day that could not be, it was tried once more.
    const later = run.attempts.slice(before).filter(({ step }) => ['inspect', 'read'].includes(step));
    expect(later).toEqual([]);
  });

  it('and where something was taken from under it all the same, it makes that again', async () => {
    const id = await waiting('tz=Europe/Berlin');
    await age();
    for (const lost of ['staged', 'kept/read']) await rm(join(store(), lost), { recursive: true });
    await gc('--delete');
    const run = await ends(id);
    expect(run.state).toBe('done');
    expect(run.attempts.filter(({ step, phase }) => step === 'read' && phase === 'batch').length).toBe(2);
  });
});
