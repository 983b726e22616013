import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEnv } from '../../config/env.js';
import { loadSettings, type Settings } from '../../config/settings.js';
import { openDatabase } from '../../store/tables/database.js';
import { type TestPostgres, testPostgres } from '../support/database.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const EXTERNAL = { TEMPORAL_ADDRESS: 'temporal:7233', DATABASE_URL: 'postgres://db/millrace' };

/** The settings of a process in the folder, with services of its own unless others are named. */
const settings = (env: Record<string, string> = {}): Promise<Settings> =>
  loadSettings(readEnv({ ...EXTERNAL, ...env }, folder));

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

const configError = (message: string | RegExp) =>
  expect.objectContaining({ code: 'MR_CONFIG', message: expect.stringMatching(message) });

describe('settings', () => {
  it('are what the environment names', async () => {
    expect(await settings({ TEMPORAL_NAMESPACE: 'plants', TEMPORAL_API_KEY: 'secret', DATABASE_POOL: '3' })).toEqual({
      temporal: { address: 'temporal:7233', namespace: 'plants', apiKey: 'secret', tls: true },
      database: { connectionString: 'postgres://db/millrace', max: 3 },
      alerts: { webhookSecret: undefined, smtp: undefined, page: 'http://127.0.0.1:8780' },
      databases: {},
      store: { kind: 'folder', root: join(folder, '.millrace/store') },
      s3: { endpoint: undefined, region: undefined, pathStyle: false, ca: undefined },
      scratch: join(folder, '.millrace/scratch'),
      localMiB: 4096,
      memoryMiB: 768,
      threads: availableParallelism(),
    });
  });

  it('have limits from the configuration file, in the folder or named', async () => {
    await write('millrace.yaml', 'memoryMiB: 512\nthreads: 3\nlocalMiB: 100\n');
    expect(await settings()).toMatchObject({ memoryMiB: 512, threads: 3, localMiB: 100 });
    await write('other.yaml', 'memoryMiB: 256\n');
    expect(await settings({ MILLRACE_CONFIG: 'other.yaml' })).toMatchObject({ memoryMiB: 256, localMiB: 4096 });
  });

  it.each([
    ['millrace.yaml', {}, 'memory: 512\n', 'there is no "memory"'],
    ['millrace.yaml', {}, 'memoryMiB: 1\n', 'memoryMiB'],
    ['other.yaml', { MILLRACE_CONFIG: 'other.yaml' }, 'threads: [\n', 'other.yaml'],
  ])('are refused where %s cannot be used: %j %j', async (name, env, text, message) => {
    await write(name, text);
    await expect(settings(env)).rejects.toEqual(configError(message));
  });

  it('are refused where the configuration file that is named is not there', async () => {
    await expect(settings({ MILLRACE_CONFIG: 'none.yaml' })).rejects.toEqual(configError('none.yaml'));
  });
});

describe('embedded services', () => {
  const EMBEDDED = { TEMPORAL_ADDRESS: '', DATABASE_URL: '' };
  const STATE = {
    temporal: { address: '127.0.0.1:7233', ui: 'http://127.0.0.1:8233' },
    postgres: { port: 5432, user: 'millrace', database: 'millrace' },
  };
  const up = async (state: object = STATE) => {
    await write('.millrace/services.json', JSON.stringify(state));
    await write('.millrace/postgres-password', 'generated\n');
  };

  it('are used where the environment names none', async () => {
    await up();
    expect(await settings({ ...EMBEDDED, DATABASE_POOL: '2' })).toMatchObject({
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
      database: {
        host: '127.0.0.1',
        port: 5432,
        user: 'millrace',
        database: 'millrace',
        password: 'generated',
        max: 2,
      },
    });
  });

  it('are reached without the keys that are for another Temporal', async () => {
    await up();
    const { temporal } = await settings({ ...EMBEDDED, TEMPORAL_API_KEY: 'secret' });
    expect(temporal).toEqual({ address: '127.0.0.1:7233', namespace: 'default' });
  });

  it('may be one of the two', async () => {
    await up({ ...STATE, temporal: null });
    expect(await settings({ DATABASE_URL: '' })).toMatchObject({
      temporal: { address: 'temporal:7233' },
      database: { port: 5432 },
    });
    await up({ ...STATE, postgres: null });
    expect(await settings({ TEMPORAL_ADDRESS: '' })).toMatchObject({
      temporal: { address: '127.0.0.1:7233' },
      database: { connectionString: 'postgres://db/millrace' },
    });
  });

  it.each([
    ['nothing was ever started', null, EMBEDDED, 'the embedded Temporal server'],
    ['Temporal is not up', { ...STATE, temporal: null }, EMBEDDED, 'the embedded Temporal server'],
    ['Postgres is not up', { ...STATE, postgres: null }, EMBEDDED, 'the embedded Postgres'],
    ['only Temporal is named', null, { DATABASE_URL: '' }, 'the embedded Postgres'],
  ])('that are needed are said to be down: %s', async (_, state, env, what) => {
    if (state !== null) await up(state);
    await expect(settings(env)).rejects.toMatchObject({
      code: 'MR_SERVICE',
      exitCode: 3,
      message: `${what} is not running, and the environment names no other\n  start it: millrace up`,
    });
  });

  it('whose record is cut short are taken for none', async () => {
    await write('.millrace/services.json', '{"temporal": {');
    await expect(settings(EMBEDDED)).rejects.toMatchObject({ code: 'MR_SERVICE' });
  });
});

describe('the password of an external database', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await testPostgres();
  });
  afterAll(() => postgres.close());

  /** Who the settings let us be. */
  async function connected(env: Record<string, string>): Promise<string> {
    const database = openDatabase({ ...(await settings(env)).database }, () => undefined);
    try {
      const { rows } = await database.pool.query<{ name: string }>('SELECT current_user AS name');
      return rows[0]!.name;
    } finally {
      await database.close();
    }
  }

  it('may stand in the URL', async () => {
    const { user, password, host, port, database } = await postgres.address();
    const DATABASE_URL = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
    expect(await connected({ DATABASE_URL })).toBe(user);
  });

  it('may stand in a file, so that no URL has to hold it', async () => {
    const { user, password, host, port, database } = await postgres.address();
    const DATABASE_PASSWORD_FILE = await write('password', `${password}\n`);
    const DATABASE_URL = `postgres://${user}@${host}:${port}/${database}`;
    expect(await connected({ DATABASE_URL, DATABASE_PASSWORD_FILE })).toBe(user);
  });

  it('of one that sources are queried from, too', async () => {
    const found = await settings({
      MILLRACE_DATABASE_PLANT: 'postgres://reader@db/plant',
      MILLRACE_DATABASE_PLANT_PASSWORD_FILE: await write('plant', 'a/b\n'),
      MILLRACE_DATABASE_OTHER: 'postgres://db/other',
    });
    expect(found.databases).toEqual({ plant: 'postgres://reader:a%2Fb@db/plant', other: 'postgres://db/other' });
    await expect(
      settings({ MILLRACE_DATABASE_PLANT: 'secret', MILLRACE_DATABASE_PLANT_PASSWORD_FILE: join(folder, 'plant') }),
    ).rejects.toEqual(configError(/^MILLRACE_DATABASE_PLANT is no URL\n/));
  });

  it('is refused where its file is not there', async () => {
    await expect(settings({ DATABASE_PASSWORD_FILE: join(folder, 'none') })).rejects.toEqual(
      configError(/^DATABASE_PASSWORD_FILE: ENOENT.*none/),
    );
  });
});

describe('the store', () => {
  it('is a folder, from the folder of the process', async () => {
    expect((await settings({ MILLRACE_STORE: 'objects' })).store).toEqual({
      kind: 'folder',
      root: join(folder, 'objects'),
    });
  });

  it.each([
    ['s3://plant', 'plant', ''],
    ['s3://plant/', 'plant', ''],
    ['s3://plant/millrace', 'plant', 'millrace'],
    ['s3://plant/a/b/', 'plant', 'a/b'],
    ['s3://plant//a//', 'plant', 'a'],
    ['s3://my.plant-1/a b', 'my.plant-1', 'a b'],
    ['s3://abc', 'abc', ''],
    [`s3://${'a'.repeat(63)}`, 'a'.repeat(63), ''],
  ])('is a bucket and a prefix: %s', async (url, bucket, prefix) => {
    expect((await settings({ MILLRACE_STORE: url, AWS_REGION: 'eu-north-1' })).store).toEqual({
      kind: 's3',
      bucket,
      prefix,
      endpoint: undefined,
      region: 'eu-north-1',
      pathStyle: false,
      ca: undefined,
    });
  });

  it.each([
    's3://',
    's3:///prefix',
    's3://ab',
    's3://Plant',
    's3://plant_1',
    's3://-plant',
    's3://plant-',
    's3://plant.',
    `s3://${'a'.repeat(64)}`,
    's3://user:key@plant/a',
    's3://plant:9000/a',
    's3://plant?region=eu',
    's3://plant/a?b',
    's3://plant/a#b',
  ])('is not %s', async (url) => {
    await expect(settings({ MILLRACE_STORE: url })).rejects.toMatchObject({
      code: 'MR_CONFIG',
      message: expect.stringContaining(`MILLRACE_STORE is "${url}"`),
      advice: { allowed: expect.stringContaining('s3://bucket/prefix') },
    });
  });

  it('has an authority of one’s own, from a file below the folder', async () => {
    await write('ca.pem', 'a certificate');
    const env = { MILLRACE_STORE: 's3://plant', AWS_ENDPOINT_URL: 'https://minio:9000', MILLRACE_S3_CA: 'ca.pem' };
    const access = { endpoint: 'https://minio:9000', pathStyle: true, ca: Buffer.from('a certificate') };
    expect((await settings(env)).store).toMatchObject(access);
    // As buckets of sources are reached, wherever the store is.
    expect((await settings({ ...env, MILLRACE_STORE: 'objects' })).s3).toMatchObject(access);
  });

  it('is refused where the authority is not there', async () => {
    await expect(settings({ MILLRACE_STORE: 's3://plant', MILLRACE_S3_CA: 'none.pem' })).rejects.toEqual(
      configError(/^MILLRACE_S3_CA: ENOENT.*none\.pem/),
    );
  });
});
