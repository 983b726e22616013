import { randomBytes } from 'node:crypto';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { S3Location } from '../../config/settings.js';
import { hashBytes } from '../../store/hash.js';
import { FolderStore } from '../../store/objects/folder-store.js';
import type { ObjectStore, Stored } from '../../store/objects/object-store.js';
import { S3Store } from '../../store/objects/s3-store.js';
import { type S3Server, s3Missing, startS3 } from '../support/s3-server.js';

const missing = s3Missing();
const MIB = 2 ** 20;

let folder: string;
let s3: S3Server;
let buckets = 0;

beforeAll(async () => {
  if (missing === null) s3 = await startS3();
});
afterAll(() => s3?.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-objects-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const location = (changes: Partial<S3Location> = {}): S3Location => ({
  kind: 's3',
  bucket: `bucket-${buckets}`,
  prefix: 'some/where',
  endpoint: s3?.endpoint,
  region: 'us-east-1',
  pathStyle: true,
  ca: undefined,
  ...changes,
});

const openS3 = (changes: Partial<S3Location> = {}) =>
  new S3Store(location(changes), join(folder, 'scratch'), 256 * MIB);

const STORES: [string, () => Promise<ObjectStore>][] = [
  ['a folder', async () => new FolderStore(join(folder, 'store'))],
];
if (missing === null) {
  STORES.push([
    'S3',
    async () => {
      buckets++;
      const store = openS3();
      await store.create();
      return store;
    },
  ]);
}

if (missing !== null) it.skip(`on S3: ${missing}`, () => undefined);

const stored = (uri: string, bytes: Uint8Array): Stored => ({ uri, sha256: hashBytes(bytes), bytes: bytes.byteLength });
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
    const keys = ['with space', 'plus+and&', "o'clock", 'ümläut/日本', 'percent%20', 'a=b/c=d'];
    for (const key of keys) await store.write(key, key);
    for (const key of keys) expect((await store.read(key)).toString('utf8')).toBe(key);
    expect(await store.list('a=b/')).toEqual(['a=b/c=d']);
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

  it('lists more than a page of a thousand', async () => {
    const keys = Array.from({ length: 1100 }, (_, at) => `many/${String(at).padStart(4, '0')}`);
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => store.write(key, 'x')));
    expect(await store.list('many/')).toEqual(keys);
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

  it('says that an object is missing', async () => {
    const gone = expect.objectContaining({ code: 'MR_OBJECT_MISSING', message: expect.stringContaining('nowhere') });
    await expect(store.read('nowhere')).rejects.toEqual(gone);
    await expect(read(store, stored('nowhere', Buffer.from('x')))).rejects.toEqual(gone);
  });

  it('finds an object that was cut short, and removes it so that it is made again', async () => {
    await store.write('cut', 'only half');
    const whole = stored('cut', Buffer.from('only half of it'));
    await expect(read(store, whole)).rejects.toMatchObject({ code: 'MR_OBJECT_CORRUPT' });
    expect(await store.has('cut')).toBe(false);
  });

  it('gives folders for temporary files that nobody else has', async () => {
    const [one, two] = await Promise.all([store.scratch(), store.scratch()]);
    expect(one).not.toBe(two);
    await writeFile(join(one!, 'x'), 'x');
    await expect(access(join(two!, 'x'))).rejects.toThrow();
  });

  it('tells people where things are', () => {
    expect(store.describe('reports/r.html')).toMatch(/(\/store|s3:\/\/bucket-\d+\/some\/where)\/reports\/r\.html$/);
  });
});

describe('a folder store', () => {
  it('says when its folder cannot be written to', async () => {
    await writeFile(join(folder, 'file'), 'x');
    await expect(new FolderStore(join(folder, 'file')).check()).rejects.toMatchObject({ code: 'MR_STORE' });
  });

  it('keeps names inside of its folder', async () => {
    await expect(new FolderStore(join(folder, 'store')).write('../outside', 'x')).rejects.toThrow('leaves the store');
  });
});

describe.skipIf(missing !== null)('a store on S3', () => {
  beforeEach(() => {
    buckets++;
  });

  it('says that the bucket does not exist, and makes it when asked', async () => {
    const store = openS3();
    const refused = expect.objectContaining({ code: 'MR_STORE', message: expect.stringContaining('does not exist') });
    await expect(store.check()).rejects.toEqual(refused);
    await expect(store.write('a', 'x')).rejects.toEqual(refused);
    await expect(store.read('a')).rejects.toEqual(refused);
    await expect(store.list('')).rejects.toEqual(refused);
    await store.create();
    await expect(store.check()).resolves.toBeUndefined();
  });

  it('lies under its prefix, or under none', async () => {
    const root = openS3({ prefix: '' });
    await root.create();
    await openS3({ prefix: 'a/b' }).write('x', 'deep');
    await root.write('y', 'flat');
    expect(await root.list('')).toEqual(['a/b/x', 'y']);
    expect(await openS3({ prefix: 'a' }).list('')).toEqual(['b/x']);
    expect(await openS3({ prefix: 'a/b' }).list('')).toEqual(['x']);
  });

  it('finds by its hash an object of the right size that was changed', async () => {
    const store = openS3();
    await store.create();
    await store.write('a', 'abc');
    await expect(read(store, stored('a', Buffer.from('abd')))).rejects.toMatchObject({ code: 'MR_OBJECT_CORRUPT' });
    expect(await store.has('a')).toBe(false);
  });

  it('needs no second download for what it has near', async () => {
    const store = openS3();
    await store.create();
    const bytes = Buffer.from('near');
    await store.write('a', bytes);
    const [first] = await store.local([stored('a', bytes)], async (paths) => paths, undefined);
    await openS3().remove('a');
    const [second] = await store.local([stored('a', bytes)], async (paths) => paths, undefined);
    expect(second).toBe(first);
  });
});

describe('servers that do not answer as they should', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function standIn(answer: RequestListener): Promise<S3Store> {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
    server = createServer(answer);
    await new Promise<void>((listening) => server!.listen(0, '127.0.0.1', listening));
    return openS3({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  }

  it('refuse the credentials', async () => {
    const store = await standIn((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end('<Error><Code>InvalidAccessKeyId</Code><Message>The key is not known.</Message></Error>');
    });
    await expect(store.read('a')).rejects.toMatchObject({
      code: 'MR_STORE',
      message: expect.stringMatching(/refuses these credentials: InvalidAccessKeyId, The key is not known\./),
    });
  });

  it('break off in the middle of an object: it is asked for again', async () => {
    let asked = 0;
    const store = await standIn((_request, response) => {
      response.writeHead(200, { 'content-length': 10 });
      if (++asked > 1) return response.end('0123456789');
      response.write('01234');
      return setTimeout(() => response.destroy(), 20);
    });
    expect(String(await store.read('a'))).toBe('0123456789');
    expect(asked).toBe(2);
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

  it('are asked without credentials where there are none', async () => {
    const store = await standIn((_request, response) => response.end());
    const before = { ...process.env };
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    Object.assign(process.env, { AWS_EC2_METADATA_DISABLED: 'true', HOME: folder });
    try {
      await expect(store.read('a')).rejects.toMatchObject({
        code: 'MR_STORE',
        message: expect.stringContaining('needs credentials'),
      });
    } finally {
      Object.assign(process.env, before);
    }
  });
});
