import { randomBytes } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { S3Location } from '../../config/settings.js';
import { hashBytes } from '../../store/hash.js';
import { FolderStore } from '../../store/objects/folder-store.js';
import type { FoundObject, ObjectStore, Stored } from '../../store/objects/object-store.js';
import { S3Store } from '../../store/objects/s3-store.js';
import { newLocation, type S3Server, s3Missing, setCredentials, startS3 } from '../support/s3-server.js';

const missing = s3Missing();
const MIB = 2 ** 20;

let folder: string;
let s3: S3Server | undefined;
/** A server of one test, which stands in for S3 or before it. */
let server: Server | undefined;

beforeAll(async () => {
  if (missing === null) s3 = await startS3();
});
afterAll(() => s3?.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-objects-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((listening) => server!.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A store on S3 as a process has one: with local copies of its own. */
const openS3 = (location: S3Location, process = 'one', localBytes = 256 * MIB) =>
  new S3Store(location, join(folder, process), localBytes);

/** A place in a bucket that is there. */
async function place(changes: Partial<S3Location> = {}): Promise<S3Location> {
  const location = newLocation(s3!.endpoint, changes);
  await openS3(location).create();
  return location;
}

const STORES: [string, () => Promise<ObjectStore>][] = [
  ['a folder', async () => new FolderStore(join(folder, 'store'))],
];
if (missing === null) STORES.push(['S3', async () => openS3(await place())]);

if (missing !== null) it.skip(`on S3: ${missing}`, () => undefined);

const stored = (uri: string, bytes: Uint8Array): Stored => ({ uri, sha256: hashBytes(bytes), bytes: bytes.byteLength });
/** What a listing finds, by key. */
async function all(store: ObjectStore, prefix: string): Promise<FoundObject[]> {
  const found: FoundObject[] = [];
  for await (const each of store.walk(prefix)) found.push(each);
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}
const read = (store: ObjectStore, ...objects: Stored[]) =>
  store.local(objects, (paths) => Promise.all(paths.map((path) => readFile(path))), undefined);

describe.each(STORES)('an object store in %s', (_name, open) => {
  let store: ObjectStore;
  beforeEach(async () => {
    store = await open();
  });

  it('can be used once it was made', async () => {
    await expect(store.check()).resolves.toBeUndefined();
    await store.create();
    await expect(store.check()).resolves.toBeUndefined();
  });

  it('gives back what was written, bytes and text, and the newest of it', async () => {
    await store.write('a/b.bin', new Uint8Array([0, 255, 7]));
    await store.write('a/text', 'Grüße');
    expect([...(await store.read('a/b.bin'))]).toEqual([0, 255, 7]);
    expect((await store.read('a/text')).toString('utf8')).toBe('Grüße');
    await store.write('a/text', 'newer');
    expect((await store.read('a/text')).toString('utf8')).toBe('newer');
    await store.write('empty', '');
    expect(await store.read('empty')).toHaveLength(0);
  });

  it('takes any name', async () => {
    const names = ['with space', 'plus+and&', "o'clock", 'a "quote"', 'ümläut/日本', 'percent%20', 'a=b/c=d', '<x>#?*'];
    const keys = names.map((name) => `odd+ "ö"/${name}`);
    for (const key of keys) await store.write(key, key);
    for (const key of keys) expect((await store.read(key)).toString('utf8')).toBe(key);
    expect(await store.list('odd+ "ö"/')).toEqual(keys.sort());
    const lent = await read(store, ...keys.map((key) => stored(key, Buffer.from(key))));
    expect(lent.map(String)).toEqual(keys);
    for (const key of keys) await store.remove(key);
    expect(await store.list('odd+ "ö"/')).toEqual([]);
  });

  it('says what is there and what is not', async () => {
    await store.write('there', 'x');
    expect(await store.has('there')).toBe(true);
    expect(await store.has('ther')).toBe(false);
    await store.remove('there');
    expect(await store.has('there')).toBe(false);
    await expect(store.remove('there')).resolves.toBeUndefined();
  });

  it('lists what lies under a prefix, sorted, and nothing beside it', async () => {
    for (const key of ['p/b', 'p/a/2', 'p/a/1', 'pp/x', 'q']) await store.write(key, key);
    expect(await store.list('p/')).toEqual(['p/a/1', 'p/a/2', 'p/b']);
    expect(await store.list('none/')).toEqual([]);
  });

  it('goes through what lies under a prefix, with its size and when it was written', async () => {
    const began = Date.now();
    for (const key of ['p/b', 'p/a/2', 'p/a/1', 'pp/x', 'q']) await store.write(key, key);
    const found = await all(store, 'p/');
    expect(found.map(({ key, bytes }) => [key, bytes])).toEqual([
      ['p/a/1', 5],
      ['p/a/2', 5],
      ['p/b', 3],
    ]);
    // S3 tells whole seconds.
    for (const { modifiedMs } of found) expect(Math.abs(modifiedMs - began)).toBeLessThan(10_000);
    expect(await all(store, 'none/')).toEqual([]);
  });

  it('can be left in the middle of that, and what goes meanwhile does no harm', async () => {
    for (const key of ['p/a', 'p/b/c']) await store.write(key, key);
    for await (const { key } of store.walk('p/')) {
      await store.remove(key);
      break;
    }
    expect(await all(store, 'p/')).toHaveLength(1);
    for await (const { key } of store.walk('p/')) await store.remove(key);
    expect(await all(store, 'p/')).toEqual([]);
  });

  it('removes what was not written since, and nothing else', async () => {
    await store.write('a', 'x');
    expect(await store.removeUnlessWritten('a', Date.now() - 60_000)).toBe(false);
    expect(await store.has('a')).toBe(true);
    expect(await store.removeUnlessWritten('a', Date.now() + 60_000)).toBe(true);
    expect(await store.has('a')).toBe(false);
    expect(await store.removeUnlessWritten('a', Date.now() + 60_000)).toBe(false);
  });

  it('lists more than a page of a thousand', async () => {
    const keys = Array.from({ length: 1100 }, (_, at) => `many/${String(at).padStart(4, '0')}`);
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => store.write(key, 'x')));
    expect(await store.list('many/')).toEqual(keys);
    expect((await all(store, 'many/')).map(({ key }) => key)).toEqual(keys);
  });

  it('takes in a finished file, also one of several parts, and gives it out again byte for byte', async () => {
    const bytes = randomBytes(20 * MIB + 3);
    const file = join(await store.scratch(), 'made');
    await writeFile(file, bytes);
    const object = stored('large', bytes);
    await store.adopt(object, file);
    await expect(access(file)).rejects.toThrow();
    const [copy] = await read(store, object);
    expect(copy!.equals(bytes)).toBe(true);
    expect((await store.read('large')).equals(bytes)).toBe(true);
  });

  it('lends several objects at once, and one of them twice', async () => {
    const [a, b] = [Buffer.from('first'), Buffer.from('second')];
    await store.write('a', a);
    await store.write('b', b);
    const lent = await read(store, stored('a', a), stored('b', b), stored('a', a));
    expect(lent.map(String)).toEqual(['first', 'second', 'first']);
  });

  it('hands on what the work with them came to, or how it failed', async () => {
    const bytes = Buffer.from('x');
    await store.write('x', bytes);
    expect(await store.local([stored('x', bytes)], async (paths) => paths.length, undefined)).toBe(1);
    expect(await store.local([], async (paths) => paths.length, undefined)).toBe(0);
    const broken = new Error('the work broke');
    await expect(store.local([stored('x', bytes)], () => Promise.reject(broken), undefined)).rejects.toBe(broken);
  });

  it('says that an object is missing', async () => {
    const gone = { code: 'MR_OBJECT_MISSING', message: expect.stringContaining('nowhere') };
    await expect(store.read('nowhere')).rejects.toMatchObject(gone);
    const x = Buffer.from('x');
    await store.write('there', x);
    await expect(read(store, stored('there', x), stored('nowhere', x))).rejects.toMatchObject(gone);
  });

  it('finds an object that was cut short, and removes it so that it is made again', async () => {
    const whole = Buffer.from('only half of it');
    await store.write('cut', 'only half');
    await expect(read(store, stored('cut', whole))).rejects.toMatchObject({
      code: 'MR_OBJECT_CORRUPT',
      message: expect.stringMatching(/^the object cut has 9 bytes.*written were 15/),
    });
    expect(await store.has('cut')).toBe(false);
    await store.write('cut', whole);
    expect(String(await read(store, stored('cut', whole)))).toBe('only half of it');
  });

  it('gives folders for temporary files that nobody else has', async () => {
    const [one, two] = await Promise.all([store.scratch(), store.scratch()]);
    expect(one).not.toBe(two);
    await writeFile(join(one!, 'x'), 'x');
    expect(await readdir(two!)).toEqual([]);
  });

  it('tells people where things are', () => {
    expect(store.describe('reports/r.html')).toMatch(
      /^(\/.*\/store|s3:\/\/bucket-\d+\/some\/where)\/reports\/r\.html$/,
    );
    expect(store.describe('')).toMatch(/^(\/.*\/store|s3:\/\/bucket-\d+\/some\/where\/)$/);
  });
});

describe('a folder store', () => {
  it('says when its folder cannot be written to', async () => {
    await writeFile(join(folder, 'file'), 'x');
    await expect(new FolderStore(join(folder, 'file')).check()).rejects.toMatchObject({ code: 'MR_STORE' });
  });

  it('does not take what cannot be read for what is not there', async () => {
    const store = new FolderStore(join(folder, 'store'));
    await store.write('a/b', 'x');
    // A folder cannot be read as a file, whoever asks.
    await expect(store.read('a')).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(store.read('a/b/c')).rejects.toMatchObject({ code: 'MR_OBJECT_MISSING' });
    expect(await store.has('a/b/c')).toBe(false);
    expect(await store.list('a/b/c/')).toEqual([]);
  });

  it('leaves nothing half written among its objects', async () => {
    const store = new FolderStore(join(folder, 'store'));
    await store.write('a/b', 'x');
    await mkdir(join(folder, 'store/a/c'));
    await expect(store.write('a/c', 'x')).rejects.toThrow();
    expect(await readdir(join(folder, 'store/a'))).toEqual(['b', 'c']);
  });

  it('keeps names inside of its folder', async () => {
    await expect(new FolderStore(join(folder, 'store')).write('../outside', 'x')).rejects.toThrow('leaves the store');
  });
});

describe.skipIf(missing !== null)('a store on S3', () => {
  it('says that the bucket does not exist, and makes it when asked', async () => {
    const store = openS3(newLocation(s3!.endpoint));
    const refused = { code: 'MR_STORE', message: expect.stringMatching(/bucket "bucket-\d+" at .* does not exist/) };
    await expect(store.check()).rejects.toMatchObject(refused);
    await expect(store.write('a', 'x')).rejects.toMatchObject(refused);
    await expect(store.read('a')).rejects.toMatchObject(refused);
    await expect(store.list('')).rejects.toMatchObject(refused);
    await expect(read(store, stored('a', Buffer.from('x')))).rejects.toMatchObject(refused);
    await store.create();
    await expect(store.check()).resolves.toBeUndefined();
    await store.write('a', 'x');
    expect(String(await store.read('a'))).toBe('x');
  });

  it('lies under its prefix, or under none', async () => {
    const root = await place({ prefix: '' });
    await openS3({ ...root, prefix: 'a/b' }).write('x', 'deep');
    await openS3({ ...root, prefix: 'a/bc' }).write('z', 'beside');
    await openS3(root).write('y', 'flat');
    expect(await openS3(root).list('')).toEqual(['a/b/x', 'a/bc/z', 'y']);
    expect(await openS3({ ...root, prefix: 'a' }).list('')).toEqual(['b/x', 'bc/z']);
    expect(await openS3({ ...root, prefix: 'a/b' }).list('')).toEqual(['x']);
    expect(openS3({ ...root, prefix: 'a/b' }).describe('x')).toBe(`s3://${root.bucket}/a/b/x`);
    expect(openS3(root).describe('y')).toBe(`s3://${root.bucket}/y`);
    await openS3({ ...root, prefix: 'a/b' }).remove('x');
    expect(await openS3(root).list('')).toEqual(['a/bc/z', 'y']);
  });

  it('finds by its hash an object of the right size that was changed', async () => {
    const store = openS3(await place());
    await store.write('a', 'abc');
    await expect(read(store, stored('a', Buffer.from('abd')))).rejects.toMatchObject({ code: 'MR_OBJECT_CORRUPT' });
    expect(await store.has('a')).toBe(false);
  });

  it('takes in a large file part by part, and streams it to another process', async () => {
    const location = await place();
    const bytes = randomBytes(20 * MIB + 3);
    const asked: string[] = [];
    const endpoint = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const { method, headers } = request;
      const onward = send(`${s3!.endpoint}${request.url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    const maker = openS3({ ...location, endpoint }, 'maker');
    const file = join(await maker.scratch(), 'made');
    await writeFile(file, bytes);
    const object = stored('large', bytes);
    await maker.adopt(object, file);
    expect(
      asked
        .map((each) => /^PUT .*partNumber=(\d)/.exec(each)?.[1] ?? '')
        .filter(Boolean)
        .sort(),
    ).toEqual(['1', '2', '3']);
    const [copy] = await read(openS3(location, 'user'), object);
    expect(copy!.equals(bytes)).toBe(true);
  });

  it('needs no second download for what it has near', async () => {
    const location = await place();
    const store = openS3(location);
    const [a, b] = [Buffer.from('lent before'), Buffer.from('made here')];
    await store.write('a', a);
    const pathOf = (object: Stored) => store.local([object], async ([path]) => path!, undefined);
    const first = await pathOf(stored('a', a));
    const file = join(await store.scratch(), 'made');
    await writeFile(file, b);
    await store.adopt(stored('b', b), file);
    for (const key of ['a', 'b']) await openS3(location).remove(key);
    expect(await pathOf(stored('a', a))).toBe(first);
    expect(String(await read(store, stored('b', b)))).toBe('made here');
  });

  it('keeps its local copies within their bound', async () => {
    const store = openS3(await place(), 'one', 10);
    const [a, b] = [Buffer.from('six b.'), Buffer.from('bytes.')];
    await store.write('a', a);
    await store.write('b', b);
    await expect(read(store, stored('a', a), stored('b', b))).rejects.toMatchObject({ code: 'MR_SPACE' });
    expect(String(await read(store, stored('a', a)))).toBe('six b.');
    expect(String(await read(store, stored('b', b)))).toBe('bytes.');
  });

  it('begins nothing for who has given up', async () => {
    const store = openS3(await place());
    const bytes = Buffer.from('x');
    await store.write('x', bytes);
    const lending = store.local([stored('x', bytes)], async (paths) => paths, AbortSignal.abort());
    await expect(lending).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('servers that do not answer as they should', () => {
  beforeEach(setCredentials);
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const standIn = async (answer: RequestListener) => openS3(newLocation(await serve(answer)));

  /** Answers so often with half of an object only. */
  async function breaksOff(times: number) {
    const asked: string[] = [];
    const store = await standIn((request, response) => {
      response.writeHead(200, { 'content-length': 10 });
      if (asked.push(request.url!) > times) response.end('0123456789');
      else response.write('01234', () => response.destroy());
    });
    return { store, asked };
  }

  /** An environment in which the AWS SDK finds nothing. */
  function stubNoAws(): void {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('HOME', folder);
  }

  it.each([
    [403, 'InvalidAccessKeyId', /refuses these credentials: InvalidAccessKeyId, In words\./],
    [403, 'SignatureDoesNotMatch', /refuses these credentials: SignatureDoesNotMatch, In words\./],
    [401, 'Unauthorized', /refuses these credentials/],
    [301, 'PermanentRedirect', /lies in another region\n {2}set AWS_REGION/],
  ])('refuse with %i %s: trying again would not help', async (status, code, message) => {
    let asked = 0;
    const store = await standIn((_request, response) => {
      asked++;
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${code}</Code><Message>In words.</Message></Error>`);
    });
    const refused = { code: 'MR_STORE', message: expect.stringMatching(message) };
    await expect(store.read('a')).rejects.toMatchObject(refused);
    await expect(store.write('a', 'x')).rejects.toMatchObject(refused);
    await expect(store.list('a/')).rejects.toMatchObject(refused);
    expect(asked).toBe(3);
    // Answers to these have no body to say more.
    await expect(store.check()).rejects.toMatchObject({ code: 'MR_STORE' });
    await expect(store.has('a')).rejects.toMatchObject({ code: 'MR_STORE' });
  });

  it('break off in the middle of an object: it is asked for again', async () => {
    const { store, asked } = await breaksOff(1);
    expect(String(await store.read('a'))).toBe('0123456789');
    expect(asked).toHaveLength(2);
  });

  it('break off in the middle of an object that is lent: the copy is whole', async () => {
    const { store, asked } = await breaksOff(2);
    const [copy] = await read(store, stored('a', Buffer.from('0123456789')));
    expect(String(copy)).toBe('0123456789');
    expect(asked).toHaveLength(3);
  });

  it('break off each time: the object is not there, but neither is it thought corrupt', async () => {
    const { store, asked } = await breaksOff(Number.POSITIVE_INFINITY);
    await expect(store.read('a')).rejects.toMatchObject({ code: 'MR_SERVICE' });
    await expect(read(store, stored('a', Buffer.from('0123456789')))).rejects.toMatchObject({ code: 'MR_SERVICE' });
    expect(asked).toHaveLength(6);
  });

  it('are busy for a moment: they are asked again', async () => {
    let asked = 0;
    const store = await standIn((_request, response) => {
      if (++asked <= 2) response.writeHead(503);
      response.end('x');
    });
    expect(String(await store.read('a'))).toBe('x');
    expect(asked).toBe(3);
  });

  it('are not there at all', async () => {
    const store = await standIn(() => undefined);
    const { port } = server!.address() as AddressInfo;
    server!.close();
    await expect(store.read('a')).rejects.toMatchObject({
      code: 'MR_SERVICE',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  it('are asked for nothing where there are no credentials', async () => {
    let asked = 0;
    const store = await standIn((_request, response) => {
      asked++;
      response.end();
    });
    stubNoAws();
    await expect(store.read('a')).rejects.toMatchObject({
      code: 'MR_STORE',
      message: expect.stringContaining('needs credentials'),
    });
    expect(asked).toBe(0);
  });

  it('cannot be found where no region is named', async () => {
    stubNoAws();
    const store = openS3(newLocation(undefined, { region: undefined }));
    await expect(store.check()).rejects.toMatchObject({
      code: 'MR_STORE',
      message: expect.stringMatching(/needs a region\n {2}set AWS_REGION/),
    });
  });
});
