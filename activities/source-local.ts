import { constants } from 'node:fs';
import { copyFile, open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError } from '../config/errors.js';
import type { Attempt, Stores } from './context.js';
import type { SourceFile } from './source.js';
import { splitUrl } from './source-bucket.js';

/** Of a text in a bucket, so much is fetched to see what it is. */
const HEAD_BYTES = 1 << 20;

/** Where the bytes of a file can be read: where it lies, or a copy in `scratch` of an object or an answer. */
export async function localPath(stores: Stores, file: SourceFile, scratch: string, attempt: Attempt): Promise<string> {
  const path = join(scratch, 'object');
  if (file.object !== undefined) {
    await stores.objects.local(
      [file.object],
      ([own]) => copyFile(own!, path, constants.COPYFILE_FICLONE),
      attempt.signal,
    );
    return path;
  }
  if (file.tag === undefined) return file.path;
  const { bucket, key } = splitUrl(file.path);
  await (await stores.buckets()).download(bucket, { ...file, key, tag: file.tag }, path, attempt.signal);
  return path;
}

/** The same of a file of which the beginning is enough: `partial` says whether there is no more of it. */
export async function localHead(
  stores: Stores,
  file: SourceFile,
  scratch: string,
  attempt: Attempt,
): Promise<{ path: string; partial: boolean }> {
  if (file.object !== undefined) return { path: await localPath(stores, file, scratch, attempt), partial: false };
  if (file.tag === undefined) return { path: file.path, partial: false };
  const { bucket, key } = splitUrl(file.path);
  const path = join(scratch, 'head');
  const start = file.bytes === 0 ? Buffer.alloc(0) : await (await stores.buckets()).start(bucket, key, HEAD_BYTES);
  await writeFile(path, start);
  return { path, partial: file.bytes > start.length };
}

/** @throws MillraceError MR_SOURCE_CHANGED when the file is not the one that was listed */
export async function assertUnchanged(stores: Stores, file: SourceFile): Promise<void> {
  if (file.object !== undefined) return;
  if (file.tag === undefined) {
    const now = await stat(file.path).catch(() => null);
    if (now?.size === file.bytes && now.mtimeMs === file.modifiedMs) return;
  } else {
    const { bucket, key } = splitUrl(file.path);
    if (await (await stores.buckets()).isSame(bucket, { key, tag: file.tag })) return;
  }
  throw new MillraceError('MR_SOURCE_CHANGED', `${file.path} changed while it was read`, {
    next: 'run again when nothing writes to it',
  });
}

/** Runs `work` with a folder that is gone afterwards. */
export async function withScratch<T>(stores: Stores, work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await stores.objects.scratch();
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export async function firstBytes(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export function unreadable(path: string, kind: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  return new MillraceError(
    'MR_FILE_UNREADABLE',
    `${path} cannot be read as ${kind}: ${why}`,
    { next: 'write the file anew, or leave it out with "files"' },
    { cause },
  );
}
