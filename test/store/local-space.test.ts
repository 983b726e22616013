import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
  await writeFile(path, uri.padEnd(bytes));
};
const read = (space: LocalSpace, ...objects: Stored[]) =>
  space.use(objects, fetch, (paths) => Promise.all(paths.map((path) => readFile(path, 'utf8'))));

/** Work that begins when there is room and goes on until it is told to end. */
function held() {
  let begin = () => {};
  let end = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = () => {
    begin();
    return ended;
  };
  return { work, begun, end };
}

/** Objects in use until they are given back. */
async function hold(space: LocalSpace, ...objects: Stored[]): Promise<() => Promise<void>> {
  const { work, begun, end } = held();
  const using = space.use(objects, fetch, work);
  await begun;
  return async () => {
    end();
    await using;
  };
}

/** Long enough for what should not happen to have happened. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('local space', () => {
  it('fetches what is not there, and not what is', async () => {
    const space = new LocalSpace(folder, 100);
    expect(await read(space, object('a', 10), object('b', 10))).toEqual(['a'.padEnd(10), 'b'.padEnd(10)]);
    expect(await read(space, object('b', 10), object('a', 10))).toEqual(['b'.padEnd(10), 'a'.padEnd(10)]);
    expect(fetched).toEqual(['a', 'b']);
  });

  it('counts once what is asked for twice', async () => {
    const space = new LocalSpace(folder, 10);
    expect(await read(space, object('a', 10), object('a', 10))).toEqual(['a'.padEnd(10), 'a'.padEnd(10)]);
    expect(fetched).toEqual(['a']);
    expect(await read(space, object('b', 10))).toEqual(['b'.padEnd(10)]);
  });

  it('makes room by dropping what was used longest ago', async () => {
    const space = new LocalSpace(folder, 30);
    for (const uri of ['a', 'b', 'c', 'a', 'd', 'a', 'b']) await read(space, object(uri, 10));
    expect(fetched).toEqual(['a', 'b', 'c', 'd', 'b']);
  });

  it('drops nothing that is in use, however long ago that began, and no more than it must', async () => {
    const space = new LocalSpace(folder, 40);
    const release = await hold(space, object('a', 10));
    for (const uri of ['b', 'c', 'd', 'e']) await read(space, object(uri, 10));
    expect(fetched).toEqual(['a', 'b', 'c', 'd', 'e']);
    await release();
    for (const uri of ['a', 'c', 'd', 'e']) await read(space, object(uri, 10));
    expect(fetched).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('waits while there is no room for all, and goes on when there is', async () => {
    const space = new LocalSpace(folder, 25);
    const release = await hold(space, object('a', 10), object('b', 10));
    const waiting = read(space, object('c', 10));
    await settled();
    expect(fetched).toEqual(['a', 'b']);
    await release();
    expect(await waiting).toEqual(['c'.padEnd(10)]);
  });

  it('waits until all who use the same have given it back', async () => {
    const space = new LocalSpace(folder, 15);
    const releases = [await hold(space, object('a', 10)), await hold(space, object('a', 10))];
    const waiting = read(space, object('b', 10));
    await releases[0]!();
    await settled();
    expect(fetched).toEqual(['a']);
    await releases[1]!();
    expect(await waiting).toEqual(['b'.padEnd(10)]);
  });

  it('gives back what was in use when the work failed', async () => {
    const space = new LocalSpace(folder, 10);
    const broken = new Error('the work broke');
    await expect(space.use([object('a', 10)], fetch, () => Promise.reject(broken))).rejects.toBe(broken);
    expect(await read(space, object('b', 10))).toEqual(['b'.padEnd(10)]);
  });

  it('fetches once for two who want the same at the same time', async () => {
    const space = new LocalSpace(folder, 100);
    const both = await Promise.all([read(space, object('a', 10)), read(space, object('a', 10))]);
    expect(both).toEqual([['a'.padEnd(10)], ['a'.padEnd(10)]]);
    expect(fetched).toEqual(['a']);
  });

  it('tries again what could not be fetched, of which nothing stays', async () => {
    const space = new LocalSpace(folder, 10);
    const broken = async (_object: Stored, path: string) => {
      await writeFile(path, 'half');
      throw new Error('the line broke');
    };
    await expect(space.use([object('a', 10)], broken, async () => 1)).rejects.toThrow('the line broke');
    expect(await read(space, object('a', 10))).toEqual(['a'.padEnd(10)]);
    expect(await readdir(folder)).toHaveLength(1);
    expect(await read(space, object('b', 10))).toEqual(['b'.padEnd(10)]);
  });

  it('refuses what could never fit, with what would help', async () => {
    const space = new LocalSpace(folder, 2 ** 20);
    await expect(read(space, object('a', 2 ** 20), object('b', 1))).rejects.toMatchObject({
      code: 'MR_SPACE',
      message: expect.stringMatching(/2 MiB of objects at once.*bounded to 1 MiB\n.*localMiB/s),
    });
    expect(fetched).toEqual([]);
  });

  it('stops waiting for room when it is aborted, and takes none', async () => {
    const space = new LocalSpace(folder, 15);
    const release = await hold(space, object('a', 10));
    const stop = new AbortController();
    const waiting = space.use([object('b', 10)], fetch, async () => 1, stop.signal);
    await settled();
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect(space.use([object('a', 10)], fetch, async () => 1, AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
    await release();
    expect(await read(space, object('c', 15))).toEqual(['c'.padEnd(15)]);
    expect(fetched).toEqual(['a', 'c']);
  });

  it('stops waiting for a download when it is aborted; the next finds it', async () => {
    const space = new LocalSpace(folder, 100);
    const { work, begun, end } = held();
    const slow = async (each: Stored, path: string) => {
      await work();
      await fetch(each, path);
    };
    const stop = new AbortController();
    const waiting = space.use([object('a', 10)], slow, async () => 1, stop.signal);
    await begun;
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(fetched).toEqual([]);
    const next = read(space, object('a', 10));
    end();
    expect(await next).toEqual(['a'.padEnd(10)]);
    expect(fetched).toEqual(['a']);
  });
});

describe('a finished file', () => {
  const inFolder = () => new LocalSpace(join(folder, 'space'), 15);
  async function made(uri: string): Promise<string> {
    const path = join(folder, uri);
    await writeFile(path, `made ${uri}`);
    return path;
  }

  it('is kept as a copy', async () => {
    const space = inFolder();
    await space.keep(object('a', 10), await made('a'));
    expect(await readdir(folder)).toEqual(['space']);
    expect(await read(space, object('a', 10))).toEqual(['made a']);
    expect(fetched).toEqual([]);
  });

  it('takes the place of what nobody uses', async () => {
    const space = inFolder();
    await read(space, object('a', 10));
    await space.keep(object('b', 10), await made('b'));
    expect(await readdir(join(folder, 'space'))).toHaveLength(1);
    expect(await read(space, object('b', 10))).toEqual(['made b']);
    await read(space, object('a', 10));
    expect(fetched).toEqual(['a', 'a']);
  });

  it('is removed where there is no room, without waiting for any', async () => {
    const space = inFolder();
    const release = await hold(space, object('a', 10));
    await space.keep(object('b', 10), await made('b'));
    expect(await readdir(folder)).toEqual(['space']);
    await release();
    expect(await read(space, object('b', 10))).toEqual(['b'.padEnd(10)]);
    await space.keep(object('c', 16), await made('c'));
    expect(await readdir(folder)).toEqual(['space']);
  });

  it('is removed where there is a copy', async () => {
    const space = inFolder();
    await read(space, object('a', 10));
    await space.keep(object('a', 10), await made('a'));
    expect(await readdir(folder)).toEqual(['space']);
    expect(await read(space, object('a', 10))).toEqual(['a'.padEnd(10)]);
    expect(fetched).toEqual(['a']);
  });
});

it('local space never holds more than its bound, whoever wants what, and everybody gets it', async () => {
  const wish = fc.record({
    how: fc.constantFrom('use', 'use', 'use', 'keep', 'fail', 'give up'),
    objects: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }),
    pauses: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }),
  });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const LIMIT = 35;
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 12 }), async (wishes) => {
      const own = await mkdtemp(join(folder, 'run-'));
      const outside = await mkdtemp(join(folder, 'made-'));
      await mkdir(own, { recursive: true });
      const space = new LocalSpace(own, LIMIT);
      const of = (n: number) => object(`o${n}`, 1 + n);
      const contents = (n: number) => `${n}`.repeat(1 + n);
      let most = 0;
      // Files that a listing names were there at one time, so their sizes may be added.
      const look = async () => {
        const sizes = await Promise.all((await readdir(own)).map((name) => stat(join(own, name)).catch(() => null)));
        most = Math.max(
          most,
          sizes.reduce((sum, each) => sum + (each?.size ?? 0), 0),
        );
      };
      const lent = async (paths: string[], objects: number[]) => {
        await look();
        for (const [at, path] of paths.entries()) expect(await readFile(path, 'utf8')).toBe(contents(objects[at]!));
      };
      const carryOut = async ({ how, objects, pauses }: (typeof wishes)[number], at: number): Promise<void> => {
        await pause(pauses[0]!);
        if (how === 'keep') {
          const file = join(outside, `${at}`);
          await writeFile(file, contents(objects[0]!));
          await space.keep(of(objects[0]!), file);
          await look();
          return;
        }
        const stop = new AbortController();
        const fetchSlowly = async ({ bytes }: Stored, path: string) => {
          await writeFile(path, contents(bytes - 1));
          await look();
          await pause(pauses[1]!);
          if (how === 'fail') throw new Error('the line broke');
        };
        const work = async (paths: string[]) => {
          await lent(paths, objects);
          await pause(pauses[2]!);
          await lent(paths, objects);
        };
        if (how === 'give up') setTimeout(() => stop.abort(), pauses[1]!);
        await space.use(objects.map(of), fetchSlowly, work, stop.signal).catch((error: Error) => {
          // One who fails to fetch fails those who wait for the same.
          if (error.message === 'the line broke' || (how === 'give up' && error.name === 'AbortError')) return;
          throw error;
        });
      };
      await Promise.all(wishes.map(carryOut));
      expect(most).toBeLessThanOrEqual(LIMIT);
      expect(await readdir(outside)).toEqual([]);
      // All was given back: there is room for the most that may be asked for.
      await space.use([object('all', LIMIT)], async (_object, path) => writeFile(path, 'x'.repeat(LIMIT)), look);
      expect(most).toBeLessThanOrEqual(LIMIT);
      expect(await readdir(own)).toHaveLength(1);
    }),
    { numRuns: 60 },
  );
});
