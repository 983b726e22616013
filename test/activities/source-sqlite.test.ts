import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import sqlite from 'node-sqlite3-wasm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listTables, tableToCsv } from '../../activities/source-sqlite.js';

let folder: string;
let path: string;
let scratch: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-sqlite-'));
  path = join(folder, 'source', 'data.db');
  scratch = join(folder, 'scratch');
  await mkdir(join(folder, 'source'));
  await mkdir(scratch);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function make(sql: string): void {
  const database = new sqlite.Database(path);
  database.exec(sql);
  database.close();
}

async function change(edit: (bytes: Buffer) => Buffer | undefined): Promise<void> {
  const bytes = await readFile(path);
  await writeFile(path, edit(bytes) ?? bytes);
}

async function csv(table: string, rows: number | null = null): Promise<string> {
  const target = join(folder, 'table.csv');
  await tableToCsv(path, table, target, scratch, { rows, signal: undefined });
  return readFile(target, 'utf8');
}

const refused = (words: RegExp) => ({ code: 'MR_FILE_UNREADABLE', message: expect.stringMatching(words) });
const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join('');
const READINGS = `CREATE TABLE readings (time TEXT, value REAL);
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49999)
  INSERT INTO readings SELECT datetime('2024-03-01', i || ' seconds'), i / 7.0 FROM n`;
/** As a database is left behind by a program that writes to a log beside it. */
const byLog = (bytes: Buffer) => void bytes.fill(2, 18, 20);

describe('a database', () => {
  it('gives its tables and views by name, and none of its own', async () => {
    make(`CREATE TABLE z (id INTEGER PRIMARY KEY AUTOINCREMENT, a UNIQUE); INSERT INTO z (a) VALUES (1); ANALYZE;
      CREATE TABLE "sqlitedata" (a); CREATE TABLE "a""b; drop" (a); CREATE TABLE größe (a); CREATE INDEX i ON z (a);
      CREATE VIEW v AS SELECT a FROM z; CREATE TRIGGER t AFTER INSERT ON z BEGIN SELECT 1; END`);
    expect(await listTables(path, scratch)).toEqual(['a"b; drop', 'größe', 'sqlitedata', 'v', 'z']);
  });

  it('without tables gives none', async () => {
    make('CREATE TABLE a (b); DROP TABLE a');
    expect(await listTables(path, scratch)).toEqual([]);
  });

  it('gives every value as it is', async () => {
    make(`CREATE TABLE t (kind, value);
      INSERT INTO t VALUES ('integer', 42), ('long', 1704067200123456789), ('least', -9223372036854775808),
      ('real', 0.1), ('whole', CAST(3 AS REAL)), ('small', 1.5e-9), ('infinite', 9e999), ('text', 'a, "b" °'), ('lines', 'a
b'), ('blanks', ' x '), ('empty', ''), ('null', NULL), ('bytes', x'00ff')`);
    expect(await csv('t')).toBe(
      text(
        ...['kind,value', 'integer,42', 'long,1704067200123456789', 'least,-9223372036854775808', 'real,0.1'],
        ...['whole,3', 'small,1.5e-9', 'infinite,Infinity', 'text,"a, ""b"" °"', 'lines,"a\nb"', 'blanks," x "'],
        ...['empty,', 'null,', 'bytes,'],
      ),
    );
  });

  it('may call tables and columns as it likes', async () => {
    const names = ['a"b; drop', "it's", '1', '0', '__proto__', 'select', 'x,y', ''];
    const columns = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
    make(`CREATE TABLE "a""b; drop" (${columns}); INSERT INTO "a""b; drop" VALUES (1, 2, 3, 4, 5, 6, 7, 8)`);
    expect(await csv('a"b; drop')).toBe(text('"a""b; drop",it\'s,1,0,__proto__,select,"x,y",', '1,2,3,4,5,6,7,8'));
    expect(await listTables(path, scratch)).toEqual(['a"b; drop']);
  });

  it('gives computed columns, and views in the order they have', async () => {
    make(`CREATE TABLE t (a, b AS (a * 2), c AS (a + 1) STORED); INSERT INTO t (a) VALUES (1), (3), (2);
      CREATE VIEW v AS SELECT a, a AS "a:1", c FROM t ORDER BY a DESC`);
    expect(await csv('t')).toBe(text('a,b,c', '1,2,2', '3,6,4', '2,4,3'));
    expect(await csv('v')).toBe(text('a,a:1,c', '3,3,4', '2,2,3', '1,1,2'));
  });

  it('gives as many rows as wanted, and an empty cell for the null of a single column', async () => {
    make('CREATE TABLE t (a); INSERT INTO t VALUES (1), (NULL), (3)');
    expect(await csv('t')).toBe(text('a', '1', '""', '3'));
    expect(await csv('t', 2)).toBe(text('a', '1', '""'));
    expect(await csv('t', 0)).toBe(text('a'));
  });

  it('is copied once, and nothing is written beside it', async () => {
    make(READINGS);
    const before = await readFile(path);
    await listTables(path, scratch);
    const [copy] = await readdir(scratch);
    const { ino } = await stat(join(scratch, copy!));
    // A process that died left its lock behind; another reads at the same time.
    await mkdir(join(scratch, `${copy}.lock`));
    const lengths = await Promise.all([
      csv('readings').then((written) => written.length > 1_000_000),
      tableToCsv(path, 'readings', join(folder, 'b.csv'), scratch, { rows: null, signal: undefined }),
    ]);
    expect(lengths[0]).toBe(true);
    expect((await stat(join(scratch, copy!))).ino).toBe(ino);
    expect((await readdir(scratch)).sort()).toEqual([copy, `${copy}.lock`]);
    expect(await readdir(join(folder, 'source'))).toEqual(['data.db']);
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it('is copied anew when it changed, and so is another one', async () => {
    make('CREATE TABLE a (x)');
    expect(await listTables(path, scratch)).toEqual(['a']);
    make('CREATE TABLE b (x)');
    expect(await listTables(path, scratch)).toEqual(['a', 'b']);
    path = join(folder, 'source', 'other.db');
    make('CREATE TABLE c (x)');
    expect(await listTables(path, scratch)).toEqual(['c']);
  });

  it('that writes to a log is read when the log is gone or empty', async () => {
    make('CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2)');
    await change(byLog);
    expect(await csv('t')).toBe(text('a,b', '1,2'));
    await rm(scratch, { recursive: true });
    await mkdir(scratch);
    await writeFile(`${path}-wal`, '');
    expect(await csv('t')).toBe(text('a,b', '1,2'));
    expect((await readFile(path)).subarray(18, 20)).toEqual(Buffer.from([2, 2]));
  });

  it('whose newest changes are in a log beside it is refused', async () => {
    make('CREATE TABLE t (a)');
    await change(byLog);
    await writeFile(`${path}-wal`, 'changes');
    const words = /newest changes are still in .*data\.db-wal\n.*PRAGMA wal_checkpoint\(TRUNCATE\)/;
    await expect(listTables(path, scratch)).rejects.toMatchObject(refused(words));
    await expect(csv('t')).rejects.toMatchObject(refused(words));
    expect(await readdir(scratch)).toEqual([]);
  });

  it('that is in the middle of a change is refused', async () => {
    make('CREATE TABLE t (a)');
    await writeFile(`${path}-journal`, Buffer.alloc(512));
    expect(await listTables(path, scratch)).toEqual(['t']);
    await change((bytes) => Buffer.concat([bytes, Buffer.alloc(4096)]));
    await writeFile(`${path}-journal`, Buffer.from([0xd9, 0xd5, 0x05, 0xf9]));
    await expect(listTables(path, scratch)).rejects.toMatchObject(refused(/a change to it was begun/));
  });

  it.each<[string, (bytes: Buffer) => Buffer | undefined, RegExp]>([
    ['is encrypted', (bytes) => bytes.map((byte) => byte ^ 0xa5) as Buffer, /damaged or encrypted\n.*not encrypted/],
    ['is empty', () => Buffer.alloc(0), /damaged or encrypted/],
    ['was cut off in its header', (bytes) => bytes.subarray(0, 60), /cannot be read as SQLite/],
    ['was cut off', (bytes) => bytes.subarray(0, bytes.length >> 1), /malformed\n.*integrity_check/],
    ['was overwritten', (bytes) => void bytes.fill(0xa5, 4096 * 9), /malformed\n.*integrity_check/],
  ])('that %s is refused', async (_, damage, words) => {
    make(READINGS);
    await change(damage);
    const reading = listTables(path, scratch).then(() => csv('readings'));
    await expect(reading).rejects.toMatchObject(refused(words));
    expect((await readdir(scratch)).filter((name) => !name.endsWith('.sqlite'))).toEqual([]);
  });

  it('without such a table, or with a view of one that is gone, is refused', async () => {
    make('CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t; PRAGMA writable_schema = ON; DROP TABLE t');
    await expect(csv('t')).rejects.toMatchObject(refused(/there is no table t in it/));
    await expect(csv('v')).rejects.toMatchObject(refused(/no such table: main\.t/));
  });

  it('can be left while it is written', async () => {
    make(READINGS);
    const target = join(folder, 'table.csv');
    const aborted = tableToCsv(path, 'readings', target, scratch, { rows: null, signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    const stop = new AbortController();
    const writing = tableToCsv(path, 'readings', target, scratch, { rows: null, signal: stop.signal });
    const written = async () => (await stat(target).catch(() => null))?.size ?? 0;
    while ((await written()) === 0) await setImmediate();
    stop.abort();
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    expect(await written()).toBeLessThan(1_000_000);
    expect(await readdir(scratch)).toHaveLength(1);
  });
});
