import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { machineError } from '../../config/machine-errors.js';
import { Duck } from '../../store/duck.js';
import { FolderStore } from '../../store/objects/folder-store.js';
import { chunkSource, writeSource } from '../support/sensor-source.js';
import { type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

/** On these, every write finds the disk full. */
class FullStore extends FolderStore {
  constructor(
    folder: string,
    private readonly names: readonly string[],
  ) {
    super(folder);
  }

  override async scratch(): Promise<string> {
    const folder = await super.scratch();
    for (const name of this.names) await symlink('/dev/full', join(folder, name));
    return folder;
  }
}

const failure = (source: string) =>
  chunkSource(stores, source).then(
    () => null,
    (error: unknown) => machineError(error),
  );

const ROWS = Array.from({ length: 100 }, (_, at) => `2024-01-01 00:00:${String(at % 60).padStart(2, '0')},${at}`);

test.each([
  ['what DuckDB writes', 'utf8', ['staged.parquet', 'tmp_staged.parquet']],
  ['a text that is written anew', 'utf16le', ['table.csv']],
] as const)('a full disk is no fault of the file: %s', async (_, encoding, names) => {
  const text = Buffer.from(`\ufefftime,value\n${ROWS.join('\n')}\n`, encoding);
  const source = await writeSource(stores, { 'a.csv': text });
  stores.objects = new FullStore(join(stores.folder, 'full'), names);
  expect(await failure(source)).toMatchObject({
    code: 'MR_DISK_FULL',
    message: expect.stringMatching(/^a disk is full: .*[Nn]o space left on device/),
  });
});

test('neither is too little memory', async () => {
  const names = Array.from({ length: 3000 }, (_, at) => `s${at}`);
  const rows = Array.from({ length: 50 }, (_, at) => `2024-01-01 00:00:${at},${names.map((_, n) => n + at)}`);
  const source = await writeSource(stores, { 'a.csv': `time,${names}\n${rows.join('\n')}\n` });
  stores.duck = new Duck({ memoryMiB: 20, threads: 2, scratch: join(stores.folder, 'scratch') });
  expect(await failure(source)).toMatchObject({
    code: 'MR_MEMORY',
    message: expect.stringMatching(/20\.0 MiB used\)\n {2}set memoryMiB higher/),
  });
});

test('other errors are what they are', async () => {
  const source = await writeSource(stores, { 'a.csv': 'no table' });
  expect(await failure(source)).toBeNull();
  expect(machineError(new Error('no such thing'))).toBeNull();
});
