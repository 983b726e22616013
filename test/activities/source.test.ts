import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KNOWN_ENDINGS, listSource } from '../../activities/source.js';
import { hashBytes } from '../../store/hash.js';
import { writeSource } from '../support/sensor-source.js';
import { type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

const ROWS = 'time,value\n2024-01-01,1\n';

/** Names of the files that are found, in their order. */
async function names(source: string, only: string[] = []): Promise<string[]> {
  return (await listSource(source, only)).map(({ name }) => name);
}

describe('what a source may be', () => {
  test('a file is pinned by its content and named', async () => {
    const folder = await writeSource(stores, { 'pump.csv': ROWS });
    const [file, ...others] = await listSource(join(folder, 'pump.csv'), []);
    expect(others).toEqual([]);
    expect(file).toMatchObject({
      path: join(folder, 'pump.csv'),
      name: 'pump.csv',
      bytes: ROWS.length,
      sha256: hashBytes(ROWS),
    });
  });

  test('a folder gives every file below it with a known ending, ordered by path', async () => {
    const folder = await writeSource(stores, {
      'b.csv': ROWS,
      'a.TSV': ROWS,
      'north/hall/c.csv.gz': ROWS,
      'north/d.CSV.GZ': ROWS,
      'notes.md': 'x',
      'old.parquet.gz': 'x',
      '.hidden.csv': ROWS,
      '.git/e.csv': ROWS,
    });
    expect(await names(folder)).toEqual(['a.TSV', 'b.csv', 'north/d.CSV.GZ', 'north/hall/c.csv.gz']);
  });

  test('a glob gives what it matches; names begin below its fixed part', async () => {
    const folder = await writeSource(stores, {
      'x/a.csv': ROWS,
      'x/y/b.csv': ROWS,
      'x/y/c.tsv': ROWS,
      'z/d.csv': ROWS,
    });
    expect(await names(join(folder, 'x/**/*.csv'))).toEqual(['a.csv', 'y/b.csv']);
    expect(await names(join(folder, '{x,z}/*.csv'))).toEqual(['x/a.csv', 'z/d.csv']);
  });

  test('"files" keeps only what one of its globs matches', async () => {
    const folder = await writeSource(stores, { 'a.csv': ROWS, 'b.csv': ROWS, 'n/a.csv': ROWS });
    expect(await names(folder, ['a.csv', 'n/*'])).toEqual(['a.csv', 'n/a.csv']);
  });

  test('names with glob characters, quotes, spaces and umlauts are names like others', async () => {
    const odd = ['a[1]*.csv', `it's "so" {x}?.csv`, 'Kühlung süd.csv'];
    const folder = await writeSource(stores, Object.fromEntries(odd.map((name) => [name, ROWS])), 'plant [1]');
    expect(await names(folder)).toEqual(['Kühlung süd.csv', 'a[1]*.csv', `it's "so" {x}?.csv`]);
    expect(await names(join(folder, 'a[1]*.csv'))).toEqual(['a[1]*.csv']);
  });

  test('a file that is named may be called anything', async () => {
    const folder = await writeSource(stores, { 'export.log': ROWS, 'export.2': ROWS });
    expect(await names(join(folder, 'export.log'))).toEqual(['export.log']);
    expect(await names(join(folder, 'export.*'))).toEqual(['export.2', 'export.log']);
  });
});

describe('links', () => {
  test('those that lead out of the source are left out, files and folders', async () => {
    const outside = await writeSource(stores, { 'secret.csv': ROWS, 'deep/more.csv': ROWS }, 'outside');
    const folder = await writeSource(stores, { 'a.csv': ROWS, 'n/b.csv': ROWS });
    await symlink(join(outside, 'secret.csv'), join(folder, 'link.csv'));
    await symlink(join(outside, 'deep'), join(folder, 'deep'));
    expect(await names(folder)).toEqual(['a.csv', 'n/b.csv']);
    expect(await names(join(folder, '**/*.csv'))).toEqual(['a.csv', 'n/b.csv']);
    expect(await names(join(folder, '{deep,n}/*.csv'))).toEqual(['n/b.csv']);
  });

  test('those to other files of the source are passed over, so that nothing is read twice', async () => {
    const folder = await writeSource(stores, { 'a.csv': ROWS, 'north/b.csv': ROWS });
    await symlink(join(folder, 'a.csv'), join(folder, 'latest.csv'));
    await symlink(join(folder, 'north'), join(folder, 'current'));
    expect(await names(folder)).toEqual(['a.csv', 'north/b.csv']);
  });

  test('a folder beside the source whose name begins like it is outside', async () => {
    const beside = await writeSource(stores, { 'b.csv': ROWS }, 'source-old');
    const folder = await writeSource(stores, { 'a.csv': ROWS });
    await symlink(join(beside, 'b.csv'), join(folder, 'b.csv'));
    expect(await names(folder)).toEqual(['a.csv']);
  });

  test('one that leads nowhere is left out', async () => {
    const folder = await writeSource(stores, { 'a.csv': ROWS });
    await symlink(join(folder, 'gone.csv'), join(folder, 'b.csv'));
    expect(await names(folder)).toEqual(['a.csv']);
  });

  test('the source itself may be one', async () => {
    const folder = await writeSource(stores, { 'a.csv': ROWS });
    await symlink(folder, join(stores.folder, 'current'));
    expect(await names(join(stores.folder, 'current'))).toEqual(['a.csv']);
  });
});

describe('what is told when there is nothing to read', () => {
  test('a path that is not absolute', async () => {
    await expect(listSource('data', [])).rejects.toMatchObject({
      code: 'MR_SOURCE_MISSING',
      message: expect.stringContaining('the source "data" is not an absolute path'),
    });
  });

  test('a path that does not exist: where to look', async () => {
    const path = join(stores.folder, 'nowhere', 'a.csv');
    await expect(listSource(path, [])).rejects.toMatchObject({
      code: 'MR_SOURCE_MISSING',
      message: [
        `nothing matches ${path}`,
        `  a file, a folder or a quoted glob; endings: ${KNOWN_ENDINGS}`,
        `  look into ${join(stores.folder, 'nowhere')}`,
      ].join('\n'),
    });
  });

  test('a folder with other files only: how many there are', async () => {
    const folder = await writeSource(stores, { 'a.docx': 'x', 'b.md': 'x' });
    await expect(listSource(folder, [])).rejects.toMatchObject({
      code: 'MR_SOURCE_MISSING',
      message: expect.stringContaining(
        `the folder ${folder} holds no file; 2 files there have other endings or were not selected`,
      ),
    });
  });

  test('an empty folder, and a selection that matches nothing', async () => {
    await mkdir(join(stores.folder, 'empty'));
    await expect(listSource(join(stores.folder, 'empty'), [])).rejects.toMatchObject({ code: 'MR_SOURCE_MISSING' });
    const folder = await writeSource(stores, { 'a.csv': ROWS });
    await expect(listSource(folder, ['b*'])).rejects.toMatchObject({
      code: 'MR_SOURCE_MISSING',
      message: expect.stringContaining('check the path, and "files" if it is set'),
    });
  });
});

describe('what may not be read', () => {
  /** Root may read everything: it lists as somebody else. */
  async function asOther<T>(work: () => Promise<T>): Promise<T> {
    const own = process.geteuid!();
    if (own !== 0) return work();
    await chmod(stores.folder, 0o755);
    process.seteuid!(65534);
    try {
      return await work();
    } finally {
      process.seteuid!(own);
    }
  }
  const refused = (path: string) => ({
    code: 'MR_FILE_UNREADABLE',
    message: expect.stringMatching(new RegExp(`^${path} cannot be read: EACCES.*\\n  check its permissions`)),
  });
  let folder: string;
  beforeEach(async () => {
    folder = await writeSource(stores, { 'a/x.csv': ROWS, 'b/y.csv': ROWS, 'z.csv': ROWS });
  });

  test('a file, a folder in the source, the source', async () => {
    await chmod(join(folder, 'z.csv'), 0);
    await expect(asOther(() => names(folder))).rejects.toMatchObject(refused(join(folder, 'z.csv')));
    await chmod(join(folder, 'z.csv'), 0o644);
    for (const mode of [0, 0o444]) {
      await chmod(join(folder, 'b'), mode);
      const path = mode === 0 ? join(folder, 'b') : join(folder, 'b', 'y.csv');
      await expect(asOther(() => names(folder))).rejects.toMatchObject(refused(path));
    }
    await chmod(join(folder, 'b'), 0);
    await expect(asOther(() => names(join(folder, 'b')))).rejects.toMatchObject(refused(join(folder, 'b')));
    await expect(asOther(() => names(join(folder, 'b/y.csv')))).rejects.toMatchObject(refused(join(folder, 'b/y.csv')));
    await expect(asOther(() => names(join(folder, '*/*.csv')))).rejects.toMatchObject(refused(join(folder, 'b')));
  });

  test('is no matter where other files are asked for', async () => {
    await chmod(join(folder, 'b'), 0);
    expect(await asOther(() => names(join(folder, 'a/*.csv')))).toEqual(['x.csv']);
    expect(await asOther(() => names(folder, ['a/*.csv', 'z.csv']))).toEqual(['a/x.csv', 'z.csv']);
  });
});

test('a folder that leads into itself is gone through once', async () => {
  const folder = await writeSource(stores, { 'a/x.csv': ROWS });
  await symlink(folder, join(folder, 'a', 'again'));
  await symlink('loop.csv', join(folder, 'loop.csv'));
  expect(await names(folder)).toEqual(['a/x.csv']);
  expect(await names(join(folder, '**/*.csv'))).toEqual(['a/x.csv']);
});

test('listing says how much it has hashed of what', async () => {
  const folder = await writeSource(stores, { 'a.csv': ROWS, 'b.csv': ROWS + ROWS });
  const told: [number, number][] = [];
  await listSource(folder, [], { onProgress: (...far) => told.push(far) });
  const total = 3 * Buffer.byteLength(ROWS);
  expect(told).toHaveLength(2);
  expect(told.every(([, of]) => of === total)).toBe(true);
  expect(told.at(-1)![0]).toBe(total);
});

test('listing stops when it is cancelled', async () => {
  const folder = await writeSource(stores, { 'a.csv': ROWS });
  await expect(listSource(folder, [], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});
