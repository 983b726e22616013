import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIST, hashClosure } from '../../dist/workers/code-hashes.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-hashes-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, code: string) => writeFile(join(folder, name), code);
const hash = (versions: Record<string, string> = {}) => hashClosure(join(folder, 'step.js'), versions);

describe('the hash of a step', () => {
  it('changes with what it imports, and what that imports, and with nothing else', async () => {
    await write('step.js', "import { a } from './a.js';");
    await write('a.js', "export { a } from './b.js';");
    await write('b.js', 'export const a = 1;');
    await write('c.js', 'export const c = 1;');
    const before = await hash();
    await write('c.js', 'export const c = 2;');
    expect(await hash()).toBe(before);
    await write('b.js', 'export const a = 2;');
    expect(await hash()).not.toBe(before);
  });

  it('changes with the version of a library that makes its outputs', async () => {
    await write('step.js', "import '@duckdb/node-api'; import 'zod';");
    const one = await hash({ '@duckdb/node-api': '1', zod: '1' });
    expect(await hash({ '@duckdb/node-api': '1', zod: '2' })).toBe(one);
    expect(await hash({ '@duckdb/node-api': '2', zod: '1' })).not.toBe(one);
  });

  it('knows the code of tasks that run in threads', async () => {
    await write('step.js', "await stores.parallel.run(\n 'clusterScore', {})");
    await expect(hash()).rejects.toThrow('no worker thread knows the task "clusterScore"');
  });

  it('is there for every task that a step names', async () => {
    const named = new Set<string>();
    for (const file of await readdir(join(DIST, 'activities'))) {
      if (!file.endsWith('.js')) continue;
      const code = await readFile(join(DIST, 'activities', file), 'utf8');
      for (const [, task] of code.matchAll(/parallel\s*\.run\(\s*['"](\w+)['"]/g)) named.add(task!);
    }
    expect([...named].sort()).toEqual(['clusterScores', 'features', 'kmeans']);
  });
});
