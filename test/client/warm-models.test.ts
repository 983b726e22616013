import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Millrace } from '../../client/millrace.js';
import { WarmModels } from '../../client/warm-models.js';
import type { Ref } from '../../dag/ref.js';
import { writeJson } from '../../store/frames.js';
import { FolderStore } from '../../store/objects/folder-store.js';
import { type Database, openDatabase } from '../../store/tables/database.js';
import { migrate } from '../../store/tables/migrate.js';
import { ModelRegistry } from '../../store/tables/model-registry.js';
import { Registry } from '../../store/tables/registry.js';
import { type PostgresAddress, type TestPostgres, testPostgres } from '../support/database.js';
import { instanceOf, modelAround, swinging } from './small-model.js';

const CHUNKS = [swinging(20, 3), swinging(500, 40)];
const { model, creator } = modelAround(CHUNKS, [0, 1]);

let postgres: TestPostgres;
let folder: string;
beforeAll(async () => {
  postgres = await testPostgres();
  folder = await mkdtemp(join(tmpdir(), 'millrace-warm-'));
});
afterAll(async () => {
  await postgres.close();
  await rm(folder, { recursive: true });
});

let address: PostgresAddress;
let database: Database;
let registry: ModelRegistry;
let objects: FolderStore;
let warm: WarmModels;
let troubles: string[];

beforeEach(async () => {
  address = await postgres.address();
  database = openDatabase(address, () => undefined);
  await migrate(database.pool);
  registry = new ModelRegistry(database);
  const root = await mkdtemp(join(folder, 'store-'));
  objects = new FolderStore(root);
  troubles = [];
  // Temporal has no part in this.
  const millrace = {
    database,
    settings: { database: address },
    objects: async () => objects,
  } as unknown as Millrace;
  warm = await WarmModels.open(millrace, (error) => troubles.push(error.message));
});
afterEach(async () => {
  await warm.close();
  await database.close();
});

let runs = 0;

/** Registers a version whose clusters have these ids, as champion when told so. */
async function publish(ids: number[], promote: boolean, name = 'plant'): Promise<Ref> {
  const runId = `run-${++runs}`;
  await new Registry(database).beginRun(
    { runId, workflowId: runId, temporalRunId: runId, pipeline: 'sensor-training' },
    {},
    null,
  );
  const artefact = await writeJson(objects, 'models', { ...model, ids });
  await registry.publish(
    {
      ...{ model: name, runId, parent: null, artefact, creator: await writeJson(objects, 'creators', creator) },
      ...{ params: {}, lineage: {}, metrics: {}, trainedTo: null },
    },
    { promote, reason: 'a test', champion: null, always: true },
  );
  return artefact;
}

const clusters = async (version: number | null = null) =>
  (await warm.get('plant', version)).predict(CHUNKS.map(instanceOf)).map(({ cluster }) => cluster);

async function untilChampion(version: number): Promise<void> {
  while ((await warm.get('plant', null)).version !== version) await sleep(20);
}

/** Connections on which word of promotions is waited for. */
async function listeners(): Promise<number[]> {
  const { rows } = await database.pool.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'millrace models' AND datname = current_database()",
  );
  return rows.map(({ pid }) => pid);
}

describe('warm models', () => {
  it('are the champion, or the version that is named', async () => {
    await publish([3, 5], true);
    await publish([4, 6], false);
    expect(await clusters()).toEqual([3, 5]);
    expect(await clusters(2)).toEqual([4, 6]);
    expect(await clusters(1)).toEqual([3, 5]);
  });

  it('are loaded once, however many ask at the same time', async () => {
    await publish([0, 1], true);
    let reads = 0;
    const read = FolderStore.prototype.read;
    FolderStore.prototype.read = function (key) {
      reads++;
      return read.call(this, key);
    };
    try {
      const all = await Promise.all(Array.from({ length: 20 }, (_, at) => warm.get('plant', at % 2 === 0 ? null : 1)));
      expect(new Set(all).size).toBe(1);
      // The clusters and their creator.
      expect(reads).toBe(2);
    } finally {
      FolderStore.prototype.read = read;
    }
  });

  it('that are not there are said to be missing, with those that are', async () => {
    await expect(warm.get('plant', null)).rejects.toMatchObject({ code: 'MR_MODEL_MISSING' });
    await publish([0, 1], true);
    await expect(warm.get('plnt', null)).rejects.toThrow(/no model "plnt".*plant \(versions 1\)/s);
    await expect(warm.get('plant', 2)).rejects.toThrow(/no version 2.*its versions: 1/s);
    // What was missing when it was first asked for is found when it is there.
    expect(await clusters()).toEqual([0, 1]);
  });

  it('without a champion are missing, and there by number', async () => {
    await publish([3, 5], false);
    await expect(warm.get('plant', null)).rejects.toMatchObject({ code: 'MR_MODEL_MISSING' });
    expect(await clusters(1)).toEqual([3, 5]);
  });

  it('change with the champion, also back', async () => {
    await publish([3, 5], true);
    expect(await clusters()).toEqual([3, 5]);
    await publish([4, 6], true);
    await untilChampion(2);
    expect(await clusters()).toEqual([4, 6]);
    await registry.rollback('plant', 'a test');
    await untilChampion(1);
    expect(await clusters()).toEqual([3, 5]);
    expect(troubles).toEqual([]);
  });

  it('go on with the champion before where the next cannot be loaded, and say so', async () => {
    await publish([3, 5], true);
    expect(await clusters()).toEqual([3, 5]);
    const { uri } = await publish([4, 6], false);
    await objects.remove(uri);
    await registry.promote('plant', 2, 'a test');
    while (troubles.length === 0) await sleep(20);
    expect(troubles[0]).toContain(uri);
    expect(await clusters()).toEqual([3, 5]);
    // It is whole again: the next look finds it.
    await writeJson(objects, 'models', { ...model, ids: [4, 6] });
    await untilChampion(2);
  });

  it('that could not be loaded are tried again when they are asked for', async () => {
    const { uri } = await publish([3, 5], true);
    const bytes = await objects.read(uri);
    await objects.remove(uri);
    await expect(warm.get('plant', 1)).rejects.toMatchObject({ code: 'MR_OBJECT_MISSING' });
    await objects.write(uri, bytes);
    expect(await clusters(1)).toEqual([3, 5]);
  });

  it('that were damaged are not used', async () => {
    const artefact = await publish([3, 5], true);
    const text = (await objects.read(artefact.uri)).toString('utf8');
    await objects.write(artefact.uri, text.replace('"ids":[3,5]', '"ids":[5,3]'));
    await expect(warm.get('plant', null)).rejects.toMatchObject({ code: 'MR_OBJECT_CORRUPT' });
  });

  it('hear of promotions again after Postgres has ended the connection', async () => {
    await publish([3, 5], true);
    await publish([4, 6], false);
    await untilChampion(1);
    let before: number[] = [];
    while (before.length === 0) before = await listeners();
    await database.pool.query('SELECT pg_terminate_backend($1)', [before[0]]);
    let after: number[] = [];
    while (after.length === 0) {
      await sleep(20);
      after = (await listeners()).filter((pid) => pid !== before[0]);
    }
    await registry.promote('plant', 2, 'a test');
    await untilChampion(2);
  });

  it('are told of a promotion that nobody sends word of', async () => {
    await publish([3, 5], true);
    await publish([4, 6], false);
    await untilChampion(1);
    // As a restored backup would: no word is sent.
    await database.db.updateTable('models').set({ champion: 2 }).where('name', '=', 'plant').execute();
    await untilChampion(2);
  });

  it('asked for by number are not all kept', async () => {
    for (let version = 1; version <= 34; version++) await publish([version, 0], version === 1);
    const champion = await warm.get('plant', null);
    const second = await warm.get('plant', 2);
    for (let version = 3; version <= 34; version++) await warm.get('plant', version);
    expect(await warm.get('plant', 34)).toBe(await warm.get('plant', 34));
    expect(await warm.get('plant', 2)).not.toBe(second);
    expect(await warm.get('plant', null)).toBe(champion);
  });

  it('hold one connection of their own, and none when they are closed', async () => {
    while ((await listeners()).length === 0) await sleep(20);
    expect(await listeners()).toHaveLength(1);
    await warm.close();
    while ((await listeners()).length > 0) await sleep(20);
    expect(troubles).toEqual([]);
  });
});
