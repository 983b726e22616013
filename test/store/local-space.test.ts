import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalSpace } from '../../store/objects/local-space.js';
import type { Stored } from '../../store/objects/object-store.js';

let folder: string;
let fetched: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-space-'));
  fetched = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const object = (uri: string, bytes: number): Stored => ({ uri, bytes, sha256: '' });
const fetch = async ({ uri, bytes }: Stored, path: string) => {
  fetched.push(uri);
  await writeFile(path, uri.padEnd(bytes).slice(0, bytes));
};
const read = (space: LocalSpace, ...objects: Stored[]) =>
  space.use(objects, fetch, (paths) => Promise.all(paths.map((path) => readFile(path, 'utf8'))));

/** Work that goes on until it is told to end. */
function held() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('local space', () => {
  it('fetches what is not there, and not what is', async () => {
    const space = new LocalSpace(folder, 100);
    expect(await read(space, object('a', 10), object('b', 10))).toEqual(['a'.padEnd(10), 'b'.padEnd(10)]);
    await read(space, object('b', 10), object('a', 10));
    expect(fetched).toEqual(['a', 'b']);
  });

  it('makes room by dropping what was used longest ago', async () => {
    const space = new LocalSpace(folder, 30);
    for (const uri of ['a', 'b', 'c', 'a', 'd', 'a', 'b']) await read(space, object(uri, 10));
    expect(fetched).toEqual(['a', 'b', 'c', 'd', 'b']);
  });

  it('waits while there is no room for all, and goes on when there is', async () => {
    const space = new LocalSpace(folder, 25);
    const first = held();
    const using = space.use([object('a', 10), object('b', 10)], fetch, first.work);
    const waiting = read(space, object('c', 10));
    await settled();
    expect(fetched).toEqual(['a', 'b']);
    first.end();
    await using;
    expect(await waiting).toEqual(['c'.padEnd(10)]);
  });

  it('fetches once for two who want the same at the same time', async () => {
    const space = new LocalSpace(folder, 100);
    await Promise.all([read(space, object('a', 10)), read(space, object('a', 10))]);
    expect(fetched).toEqual(['a']);
  });

  it('tries again what could not be fetched', async () => {
    const space = new LocalSpace(folder, 100);
    const broken = () => Promise.reject(new Error('the line broke'));
    await expect(space.use([object('a', 10)], broken, async () => 1)).rejects.toThrow('the line broke');
    expect(await read(space, object('a', 10))).toEqual(['a'.padEnd(10)]);
  });

  it('refuses what could never fit, with what would help', async () => {
    const space = new LocalSpace(folder, 2 ** 20);
    await expect(read(space, object('a', 2 ** 20), object('b', 1))).rejects.toMatchObject({
      code: 'MR_SPACE',
      message: expect.stringMatching(/2 MiB of objects at once.*bounded to 1 MiB\n.*localMiB/s),
    });
    expect(fetched).toEqual([]);
  });

  it('stops waiting when it is aborted, for room and for a download', async () => {
    const space = new LocalSpace(folder, 15);
    const first = held();
    const using = space.use([object('a', 10)], fetch, first.work);
    const stop = new AbortController();
    const room = space.use([object('b', 10)], fetch, async () => 1, stop.signal);
    const never = new LocalSpace(folder, 100).use(
      [object('c', 1)],
      () => new Promise(() => {}),
      async () => 1,
      stop.signal,
    );
    await settled();
    stop.abort();
    await expect(room).rejects.toMatchObject({ name: 'AbortError' });
    await expect(never).rejects.toMatchObject({ name: 'AbortError' });
    first.end();
    await using;
  });

  it('keeps a finished file as a copy, and removes it where there is no room', async () => {
    const space = new LocalSpace(join(folder, 'space'), 15);
    for (const uri of ['a', 'b']) await writeFile(join(folder, uri), uri.padEnd(10));
    await space.keep(object('a', 10), join(folder, 'a'));
    const first = held();
    const using = space.use([object('a', 10)], fetch, first.work);
    await settled();
    await space.keep(object('b', 10), join(folder, 'b'));
    expect(await readdir(folder)).toEqual(['space']);
    expect(fetched).toEqual([]);
    first.end();
    await using;
    await read(space, object('b', 10));
    expect(fetched).toEqual(['b']);
  });

  it('never holds more than its bound, whoever wants what', async () => {
    const wish = fc.record({
      objects: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }),
      pauseMs: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 12 }), async (wishes) => {
        const own = await mkdtemp(join(folder, 'run-'));
        const space = new LocalSpace(own, 40);
        const seen: number[] = [];
        const used = async () => {
          const sizes = await Promise.all((await readdir(own)).map((name) => stat(join(own, name)).catch(() => null)));
          return sizes.reduce((sum, each) => sum + (each?.size ?? 0), 0);
        };
        await Promise.all(
          wishes.map(({ objects, pauseMs }) =>
            space.use(
              objects.map((n) => object(`o${n}`, 1 + n)),
              fetch,
              async (paths) => {
                seen.push(await used());
                await new Promise((resolve) => setTimeout(resolve, pauseMs));
                for (const [at, path] of paths.entries())
                  expect((await readFile(path, 'utf8')).trim()).toBe(`o${objects[at]}`.slice(0, 1 + objects[at]!));
              },
            ),
          ),
        );
        expect(seen).toHaveLength(wishes.length);
        expect(Math.max(...seen)).toBeLessThanOrEqual(40);
      }),
      { numRuns: 40 },
    );
  });
});
