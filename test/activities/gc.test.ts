import { readdir, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGc, type GcReport } from '../../activities/gc.js';
import { retentionSchema } from '../../config/retention.js';
import { writeJson } from '../../store/frames.js';
import { hashJson } from '../../store/hash.js';
import { KeptRecords, refsIn } from '../../store/kept.js';
import { KeptRows } from '../../store/kept-rows.js';
import { reportKey } from '../../store/report-key.js';
import type { Database } from '../../store/tables/database.js';
import type { AttemptKey } from '../../store/tables/registry.js';
import { type TestPostgres, testPostgres } from '../support/database.js';
import { type TestStores, testStores } from '../support/stores.js';

const DAY_MS = 86_400_000;

let postgres: TestPostgres;
let database: Database;
let stores: TestStores;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  stores = await testStores(undefined, database);
});
afterEach(() => stores.close());

const gc = (deletes: boolean, change: Partial<typeof stores> = {}, signal?: AbortSignal): Promise<GcReport> =>
  createGc({ ...stores, ...change })({ delete: deletes }, stores.attempt(signal));

/** A run that ended today, or that goes on, with an attempt that put something out. */
async function run(id: string, output: unknown, phase: AttemptKey['phase'] = 'once', goesOn = false): Promise<void> {
  await stores.registry.beginRun({ runId: id, workflowId: id, temporalRunId: id, pipeline: 'p' }, {}, null);
  await stores.registry.putPins(id, {});
  const key = { runId: id, step: 'step', phase, batch: 0, attempt: 1 };
  await stores.registry.beginAttempt(key, 'worker');
  await stores.registry.endAttempt(key, { state: 'done', measures: {}, error: null, output });
  if (!goesOn) await stores.registry.endRun(id, { state: 'done', result: null, error: null });
}

const root = () => join(stores.folder, 'store');
const write = (...keys: string[]) => Promise.all(keys.map((key) => stores.objects.write(key, key)));

/** Keys of all that is in the store. */
async function all(): Promise<string[]> {
  const entries = await readdir(root(), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root().length + 1))
    .sort();
}

/** As if all that is there had been written some days ago. */
async function age(days = 2): Promise<void> {
  const then = new Date(Date.now() - days * DAY_MS);
  for (const key of await all()) await utimes(join(root(), key), then, then);
}

describe('of the objects', () => {
  it('those stay that a run speaks of, and all that those speak of', async () => {
    const listing = await writeJson(stores.objects, 'listings', [{ object: { uri: 'answers/a.csv' } }]);
    const manifest = await writeJson(stores.objects, 'manifests', { days: [{ uri: 'chunks/d/a.parquet', listing }] });
    await write('answers/a.csv', 'answers/b.csv', 'chunks/d/a.parquet', 'chunks/d/b.parquet', 'tables/a.parquet');
    await age();
    await write('tables/young.parquet');
    await run('r', { deep: [{ ref: manifest }], gone: { uri: 'models/gone.json' } });
    const before = await all();
    const said = await gc(false);
    expect(await all()).toEqual(before);
    const done = await gc(true);
    expect(await all()).toEqual(
      ['answers/a.csv', 'chunks/d/a.parquet', listing.uri, manifest.uri, 'tables/young.parquet'].sort(),
    );
    expect(done.objects).toEqual([
      { kind: 'answers', what: 'answers of databases', objects: 1, bytes: 13 },
      { kind: 'chunks', what: 'chunks', objects: 1, bytes: 18 },
      { kind: 'tables', what: 'transformed features', objects: 1, bytes: 16 },
    ]);
    expect({ ...said, deleted: true }).toEqual(done);
    expect((await gc(true)).objects).toEqual([]);
  });

  it('those of a version stay, and the reports of runs', async () => {
    await run('r', null);
    const assignments = { uri: 'assignments/a.parquet' };
    const artefact = await writeJson(stores.objects, 'models', { assignments });
    const creator = await writeJson(stores.objects, 'creators', {});
    await stores.models.publish(
      {
        model: 'm',
        runId: 'r',
        parent: null,
        artefact,
        creator,
        params: {},
        lineage: {},
        metrics: {},
        trainedTo: null,
      },
      { promote: true, reason: '', champion: null, always: true },
    );
    await write('assignments/a.parquet', 'assignments/b.parquet', reportKey('r', 'report.html'));
    await write(reportKey('gone', 'report.html'), reportKey('gone', 'clusters.json'));
    await age();
    expect((await gc(true)).objects.map(({ kind, objects }) => [kind, objects])).toEqual([
      ['assignments', 1],
      ['reports', 2],
    ]);
    expect(await stores.objects.has(reportKey('r', 'report.html'))).toBe(true);
  });

  it('none is touched that is not ours', async () => {
    await write('mine/a', 'staged2/a', 'chunk', 'staged/a');
    await age();
    await gc(true);
    expect(await all()).toEqual(['chunk', 'mine/a', 'staged2/a']);
  });

  it('what a killed process was writing goes', async () => {
    await write('scratch/elsewhere-7/a', 'scratch/elsewhere-7/work-x/b');
    await age();
    await write('scratch/elsewhere-8/c');
    await gc(true);
    expect(await all()).toEqual(['scratch/elsewhere-8/c']);
  });

  it('those stay that somebody finds just before they would go', async () => {
    await write('tables/a.parquet', 'tables/b.parquet');
    await age();
    await run('r', null, 'once', true);
    const key = { runId: 'r', step: 'late', phase: 'once', batch: 0, attempt: 1 } as const;
    await stores.registry.beginAttempt(key, 'worker');
    const going = gc(true);
    await sleep(700);
    const output = { uri: 'tables/a.parquet' };
    await stores.registry.endAttempt(key, { state: 'done', measures: {}, error: null, output });
    await going;
    expect(await all()).toEqual(['tables/a.parquet']);
  });
});

describe('of the kept records', () => {
  const records = () => new KeptRecords<object>(stores.objects, 'chunk', refsIn);
  const pathOf = (key: string) => `kept/chunk/${key.slice(0, 2)}/${key}.json`;
  const [a, b, c] = ['a', 'b', 'c'].map((each) => hashJson(each)) as [string, string, string];

  it('those stay of which all that they speak of is needed', async () => {
    await write('chunks/1', 'chunks/2');
    await records().put(a, { uri: 'chunks/1', more: { uri: 'chunks/2' } });
    await records().put(b, { uri: 'chunks/2' });
    await age();
    await run('r', { uri: 'chunks/2' });
    await gc(true);
    expect(await all()).toEqual(['chunks/2', pathOf(b)]);
  });

  it('a young one stays, with what it speaks of', async () => {
    await write('chunks/1');
    await age();
    await records().put(a, { uri: 'chunks/1' });
    expect((await gc(true)).objects).toEqual([]);
  });

  it('those that speak of nothing stay as long as runs, and what was cut short goes', async () => {
    await records().put(a, { score: 1 });
    await age(100);
    await records().put(b, { score: 2 });
    await records().put(c, { score: 3 });
    const then = new Date(Date.now() - 10 * DAY_MS);
    for (const key of [b, c]) await utimes(join(root(), pathOf(key)), then, then);
    await truncate(join(root(), pathOf(c)), 4);
    await utimes(join(root(), pathOf(c)), then, then);
    const forever = async () => retentionSchema.parse({ runs: null });
    await gc(true, { retentionPolicy: forever });
    expect(await all()).toEqual([pathOf(a), pathOf(b)].sort());
    await gc(true);
    expect(await all()).toEqual([pathOf(b)]);
  });

  it('those stay that a run which goes on is at, with what they speak of', async () => {
    const worklist = await writeJson(stores.objects, 'worklists/chunk', { items: [{ key: a }, { key: b }] });
    await write('chunks/1', 'chunks/2', 'chunks/3');
    await records().put(a, { uri: 'chunks/1' });
    await records().put(c, { uri: 'chunks/2' });
    await age(5);
    await run('r', { uri: worklist.uri }, 'plan', true);
    await gc(true);
    expect(await all()).toEqual(['chunks/1', pathOf(a), worklist.uri].sort());
    await stores.registry.endRun('r', { state: 'failed', result: null, error: null });
    await gc(true);
    expect(await all()).toEqual([]);
  });

  it('packs of rows stay while a chunk that is needed has a row in them', async () => {
    const rows = new KeptRows(stores.objects, 'kept/features/code', ['x']);
    const day = { from: '2026-03-01', to: '2026-03-01' };
    await rows.put(['needed', 'not'], Float64Array.of(1, 2), day);
    const [pack] = await all();
    await rows.put(['neither'], Float64Array.of(3), day);
    const manifest = await writeJson(stores.objects, 'manifests', { days: [{ chunks: [{ valueHash: 'needed' }] }] });
    await run('r', manifest);
    await age();
    await gc(true);
    expect(await all()).toEqual([pack, manifest.uri].sort());
    await truncate(join(root(), pack!), 10);
    await age();
    await gc(true);
    expect(await all()).toEqual([manifest.uri]);
  });
});

describe('rows and objects of runs', () => {
  it('go together when they are old', async () => {
    const report = reportKey('old', 'report.json');
    await write('tables/a.parquet', 'tables/b.parquet', report);
    await age();
    await run('old', { uri: 'tables/a.parquet' });
    await run('young', { uri: 'tables/b.parquet' });
    await database.pool.query("UPDATE runs SET ended_at = now() - interval '100 days' WHERE id = 'old'");
    const said = await gc(false);
    expect(said).toMatchObject({ deleted: false, runs: 1, objects: [{ kind: 'reports' }, { kind: 'tables' }] });
    expect(await gc(true)).toEqual({ ...said, deleted: true });
    expect(await all()).toEqual(['tables/b.parquet']);
    expect((await database.pool.query('SELECT id FROM runs')).rows).toEqual([{ id: 'young' }]);
  });

  it('stop going when they are told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await write('tables/a.parquet');
    await age();
    await expect(gc(true, {}, signal)).rejects.toThrow('enough');
    expect(await all()).toEqual(['tables/a.parquet']);
  });
});

describe('the policy', () => {
  it('has defaults, and takes no age below an hour', () => {
    const day = DAY_MS;
    expect(retentionSchema.parse(undefined)).toEqual({
      runs: 90 * day,
      logs: 30 * day,
      versions: 20,
      audit: 365.25 * day,
      grace: day,
    });
    expect(retentionSchema.parse({ runs: null, logs: null, versions: null, audit: null })).toMatchObject({
      runs: null,
    });
    for (const wrong of [{ grace: '59 min' }, { grace: null }, { runs: '10 s' }, { versions: 0 }, { run: '1 day' }])
      expect(retentionSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  });
});
