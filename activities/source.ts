import { readdir, type Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { glob } from 'tinyglobby';
import { MillraceError } from '../config/errors.js';
import type { Ref } from '../dag/ref.js';
import { eachOf } from '../store/each-of.js';
import { hashFile } from '../store/hash.js';
import type { Stored } from '../store/objects/object-store.js';

/** One file of a source, pinned: what is read later must still be this. */
export interface SourceFile {
  path: string;
  /** Path below the source, with `/`. */
  name: string;
  bytes: number;
  modifiedMs: number;
  /** Hash of its content; of an object in a bucket, of the tag that its server gave it. */
  sha256: string;
  /** Tag of an object in a bucket. */
  tag?: string;
  /** Where the answer to a query is kept; there is no file then. */
  object?: Stored;
}

/** A pinned listing of a source. */
export interface Listing {
  ref: Ref;
  files: number;
  bytes: number;
  source: string;
}

/** Files of folders that are read; what they hold is seen in them. A file that is named may be called anything. */
export const ENDING =
  /\.(csv|tsv|tab|txt|dat|json|ndjson|jsonl)(\.(gz|zst))?$|\.(parquet|pq|xlsx|xlsm|db|sqlite|sqlite3|zip)$/i;
export const KNOWN_ENDINGS =
  '.csv, .tsv, .tab, .txt, .dat, .json, .ndjson, .jsonl, each also with .gz or .zst; .parquet, .xlsx, .sqlite, .db, .zip';

/** While one is hashed, the disk is asked for others. */
const FILES_AT_ONCE = 4;

/**
 * Finds the files of a source and pins them by content. A folder gives every file below it with a known ending; a glob
 * what it matches; a file itself. Links within a source are passed over; one that a glob names must not lead out of it.
 * @param onProgress is told how many bytes of how many are hashed
 * @throws MillraceError MR_SOURCE_MISSING, MR_FILE_UNREADABLE
 */
export async function listSource(
  source: string,
  only: readonly string[],
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<SourceFile[]> {
  const found = await findFiles(source, only, signal);
  const total = found.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    onProgress?.(Math.min(done, total), total);
  };
  return eachOf(found, FILES_AT_ONCE, async (file) => {
    signal?.throwIfAborted();
    return { ...file, sha256: await readable(file.path, hashFile(file.path, { signal, onBytes }), signal) };
  });
}

/** The same without their content: as long as it takes to ask for their sizes. */
export async function findFiles(
  source: string,
  only: readonly string[],
  signal?: AbortSignal,
): Promise<Omit<SourceFile, 'sha256'>[]> {
  if (!isAbsolute(source)) {
    throw new MillraceError('MR_SOURCE_MISSING', `the source "${source}" is not an absolute path`, {
      allowed: 'the command line makes paths absolute; other callers give absolute ones, as the workers see them',
    });
  }
  const { root, paths } = await matches(source, only);
  return eachOf(paths, FILES_AT_ONCE, async (path) => {
    signal?.throwIfAborted();
    return { path, name: relative(root, path).split(sep).join('/'), ...(await sizeOf(path)) };
  });
}

async function matches(source: string, only: readonly string[]): Promise<{ root: string; paths: string[] }> {
  const found = await statOf(source);
  if (found?.isFile()) return { root: dirname(source), paths: [source] };

  const root = found?.isDirectory() ? source : globRoot(source);
  const pattern = found?.isDirectory() ? '**' : relative(root, source).split(sep).join('/');
  const all = found?.isDirectory() || (await statOf(root)) ? await globbed([pattern], root, only.length > 0) : [];
  const wanted = only.length === 0 ? null : new Set(await globbed(only, root, false));
  const inside: string[] = [];
  const home = all.length > 0 ? await realpath(root) : root;
  for (const path of all.map((each) => resolve(each)).sort()) {
    if ((found?.isDirectory() && !ENDING.test(path)) || (wanted !== null && !wanted.has(path))) continue;
    const real = await realpath(path).catch((error: unknown) => nowhere(path, error));
    // A link that leads nowhere, or out of the source.
    if (real === null || relative(home, real).split(sep)[0] === '..') continue;
    inside.push(path);
  }
  if (inside.length > 0) return { root, paths: inside };

  const what = found?.isDirectory() ? `the folder ${source} holds no file` : `nothing matches ${source}`;
  const others = all.length > 0 ? `; ${all.length} files there have other endings or were not selected` : '';
  throw new MillraceError('MR_SOURCE_MISSING', what + others, {
    allowed: `a file, a folder or a quoted glob; endings: ${KNOWN_ENDINGS}`,
    next:
      found === null && !/[*?[{]/.test(source)
        ? `look into ${dirname(source)}`
        : 'check the path, and "files" if it is set',
  });
}

const statOf = (path: string): Promise<Stats | null> => stat(path).catch((error: unknown) => nowhere(path, error));

/** Null for a path that leads nowhere. What is there and may not be read is not passed over: it would be missing. */
function nowhere(path: string, error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return null;
  throw refused(path, error);
}

/** @param lenient whether folders that may not be read are passed over */
async function globbed(patterns: readonly string[], root: string, lenient: boolean): Promise<string[]> {
  const errors = new Map<string, Error>();
  const told = new Proxy(readdir, {
    apply: (target, self, [path, options, done]) =>
      Reflect.apply(target, self, [
        path,
        options,
        (error: Error | null, entries?: unknown) => {
          if (error !== null) errors.set(path, error);
          done(error, entries);
        },
      ]),
  });
  const options = {
    cwd: root,
    absolute: true,
    followSymbolicLinks: false,
    expandDirectories: false,
    dot: false,
    // It passes over what it may not read, and says nothing.
    fs: { readdir: told },
  } as const;
  const found = await glob([...patterns], options);
  for (const [path, error] of lenient ? [] : errors) nowhere(resolve(path), error);
  return found;
}

function refused(path: string, error: unknown): MillraceError {
  return new MillraceError('MR_FILE_UNREADABLE', `${path} cannot be read: ${(error as Error).message}`, {
    next: 'check its permissions, as the user who runs the worker',
  });
}

/** The part of a glob before its first special character, up to a folder. */
function globRoot(pattern: string): string {
  const parts = pattern.split(sep);
  const special = parts.findIndex((part) => /[*?[\]{}()!]/.test(part));
  return parts.slice(0, special === -1 ? parts.length - 1 : special).join(sep) || sep;
}

async function sizeOf(path: string): Promise<Pick<SourceFile, 'bytes' | 'modifiedMs'>> {
  const { size, mtimeMs } = await readable(path, stat(path));
  return { bytes: size, modifiedMs: mtimeMs };
}

async function readable<T>(path: string, work: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (error) {
    signal?.throwIfAborted();
    throw refused(path, error);
  }
}
