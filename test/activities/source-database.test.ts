import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askDatabase, isDatabaseUrl } from '../../activities/source-database.js';
import { SourceDatabases } from '../../store/source-databases.js';
import type { Database } from '../../store/tables/database.js';
import { type PostgresAddress, type TestPostgres, testPostgres } from '../support/database.js';
import { chunkFiles } from '../support/sensor-source.js';
import { pathOf, type TestStores, testStores } from '../support/stores.js';

let postgres: TestPostgres;
let database: Database;
let stores: TestStores;

const urlOf = ({ user, password, host, port, database: name }: PostgresAddress) =>
  `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`;

beforeAll(async () => {
  postgres = await testPostgres();
  database = await postgres.empty();
  await database.pool.query(`
    CREATE TABLE readings (at timestamptz, sensor text, value double precision, note text);
    INSERT INTO readings
      SELECT '2024-03-01 00:00:00+02'::timestamptz + n * interval '1 minute', 'pump ' || n % 3, n / 7.0, 'a, "b"'
      FROM generate_series(0, 2999) n;
    INSERT INTO readings VALUES ('2024-03-02 00:00:00+02', 'pump "x"', NULL, NULL), (NULL, 'pump 1', 5, E'two\\nlines');`);
});
afterAll(() => postgres.close());
beforeEach(async () => {
  stores = await testStores();
  const { host, port, user, password, database: name } = database.pool.options;
  const plant = urlOf({ host: host!, port: port!, user: user!, password: password as string, database: name! });
  stores.databases = new SourceDatabases({ plant });
});
afterEach(() => stores.close());

const ask = (query: string | null, source = 'postgres://plant', signal = new AbortController().signal) =>
  askDatabase(stores, source, query, signal);

describe('what a query gives', () => {
  test('is read like a file: columns are found, readings accounted for', async () => {
    const file = await ask('SELECT at, sensor, value FROM readings ORDER BY at, sensor;');
    expect(file).toMatchObject({ path: 'postgres://plant', name: '' });
    const { account, manifest, findings, chunks } = await chunkFiles(stores, 'postgres://plant', [file]);
    expect(account).toMatchObject({ read: 3002, used: 3000, missing: 1, quarantined: 1 });
    expect(chunks.quarantined).toEqual({ no_time: 1 });
    expect(manifest.days.map(({ day, rows }) => [day, rows])).toEqual([
      ['2024-02-29', 120],
      ['2024-03-01', 1440],
      ['2024-03-02', 1440],
    ]);
    expect(manifest.days[0]!.chunks.map(({ sensor }) => sensor)).toEqual(['pump 0', 'pump 1', 'pump 2']);
    expect(findings.alike[0]).toMatchObject({ path: 'postgres://plant', kind: 'text', form: 'long' });
  });

  test('is read as it was answered, and the same answer is kept once', async () => {
    const file = await ask('SELECT at, sensor, value FROM readings ORDER BY at, sensor');
    await database.pool.query('BEGIN; DELETE FROM readings; ROLLBACK');
    const again = await ask('select at, sensor, value from readings order by at, sensor -- the same');
    expect(again.object).toEqual(file.object);
    expect(again.sha256).toBe(file.sha256);
  });

  test('has its times in UTC and numbers with all their digits, whatever the server is set to', async () => {
    const name = database.pool.options.database;
    await database.pool.query(`ALTER DATABASE ${name} SET TimeZone = 'Asia/Kathmandu'`);
    await database.pool.query(`ALTER DATABASE ${name} SET DateStyle = 'SQL, DMY'`);
    await database.pool.query(`ALTER DATABASE ${name} SET extra_float_digits = -10`);
    const { object } = await ask('SELECT at, value, note FROM readings ORDER BY at LIMIT 2');
    expect(await readFile(await pathOf(stores, object!), 'utf8')).toBe(
      'at,value,note\n2024-02-29 22:00:00+00,0,"a, ""b"""\n2024-02-29 22:01:00+00,0.14285714285714285,"a, ""b"""\n',
    );
  });

  test('may be wide: columns are sensors by their names alone', async () => {
    const file = await ask(
      "SELECT at AS time, value AS flow, value * 2 AS power FROM readings WHERE sensor = 'pump 2'",
    );
    const { manifest } = await chunkFiles(stores, 'postgres://plant', [file]);
    expect(manifest.days[1]!.chunks.map(({ sensor }) => sensor)).toEqual(['flow', 'power']);
  });
});

describe('a query', () => {
  test.each([
    ['writes', "INSERT INTO readings VALUES (now(), 'x', 1, NULL)"],
    ['writes on the way', 'WITH gone AS (DELETE FROM readings RETURNING *) SELECT * FROM gone'],
    ['is two', 'SELECT 1; DELETE FROM readings'],
    ['closes the parenthesis it is in', "SELECT 1) TO PROGRAM 'touch /tmp/millrace-was-here'; SELECT (1"],
    ['does so behind a comment', "SELECT 1 -- \n) TO PROGRAM 'touch /tmp/x' --"],
    ['does not end', "SELECT 'x"],
    ['is a comment', '/* '],
    ['is wrong', 'SELEKT 1'],
    ['asks for what is not there', 'SELECT * FROM nowhere'],
    ['fails on the way', 'SELECT at, 1 / (extract(hour from at)::int - 21) FROM readings'],
  ])('that %s is refused', async (_, query) => {
    await expect(ask(query)).rejects.toMatchObject({
      code: 'MR_SQL',
      message: expect.stringMatching(/^the database "plant" refused the query: .* \(\w{5}\)\n {2}one SELECT/),
    });
    const { rows } = await database.pool.query('SELECT count(*)::int AS n FROM readings');
    expect(rows).toEqual([{ n: 3002 }]);
  });

  test('that a person cancels ends at once, and the server is told', async () => {
    const abort = new AbortController();
    const asked = ask('SELECT now() AS at, pg_sleep(30)::text AS v', undefined, abort.signal);
    await sleep(300);
    abort.abort(new Error('cancelled'));
    const began = performance.now();
    await expect(asked).rejects.toThrow('cancelled');
    expect(performance.now() - began).toBeLessThan(2000);
    const running = async () =>
      (
        await database.pool.query(
          "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()",
        )
      ).rowCount;
    await expect.poll(running, { timeout: 15_000 }).toBe(0);
  });
});

describe('a database', () => {
  test('is named, never described: what may be a password is not repeated', async () => {
    for (const source of ['postgres://user:secret@host/db', 'postgres://host/db?password=secret', 'postgres://']) {
      const refused = ask('SELECT 1', source);
      await expect(refused).rejects.toMatchObject({ code: 'MR_PARAM' });
      await expect(refused).rejects.not.toThrow('secret');
      expect(isDatabaseUrl(source)).toBe(true);
    }
  });

  test('that the workers do not know: which they do', async () => {
    await expect(ask('SELECT 1', 'postgres://plants')).rejects.toMatchObject({
      code: 'MR_SOURCE_MISSING',
      message: expect.stringMatching(/no database "plants"\n.*: plant\n.*MILLRACE_DATABASE_PLANTS=/),
    });
  });

  test('needs a query', async () => {
    await expect(ask(null)).rejects.toMatchObject({
      code: 'MR_PARAM',
      message: expect.stringContaining('--set query'),
    });
  });

  test('that is not there, or goes away, is a service that cannot be reached', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    stores.databases = new SourceDatabases({ plant: `postgres://user:secret@127.0.0.1:${address.port}/x` });
    const refused = ask('SELECT 1');
    await expect(refused).rejects.toMatchObject({ code: 'MR_SERVICE' });
    await expect(refused).rejects.not.toThrow('secret');
    server.close();
    await expect(ask('SELECT 1')).rejects.toMatchObject({
      code: 'MR_SERVICE',
      message: expect.stringMatching(/^the database "plant" cannot be reached: .*ECONNREFUSED/),
    });
  });
});
