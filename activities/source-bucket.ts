import picomatch from 'picomatch';
import { MillraceError } from '../config/errors.js';
import { hashJson } from '../store/hash.js';
import type { Buckets } from '../store/objects/buckets.js';
import { ENDING, KNOWN_ENDINGS, type SourceFile } from './source.js';

export const isBucketUrl = (path: string) => path.startsWith('s3://');

/** `s3://bucket/key` in its parts. */
export function splitUrl(url: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(url);
  if (match === null) {
    throw new MillraceError('MR_SOURCE_MISSING', `the source "${url}" names no bucket`, {
      allowed: 's3://bucket, s3://bucket/prefix/, or a glob below it',
    });
  }
  return { bucket: match[1]!, key: match[2]! };
}

/**
 * Finds the objects of a source in a bucket and pins them by their tags: an object by its key, all below a prefix, or
 * what a glob matches.
 * @throws MillraceError MR_SOURCE_MISSING, MR_STORE, MR_SERVICE
 */
export async function listBucket(buckets: Buckets, source: string, only: readonly string[]): Promise<SourceFile[]> {
  const { bucket, key } = splitUrl(source);
  const special = /[*?[\]{}()!]/.exec(key);
  const prefix = special === null ? key : key.slice(0, special.index);
  const found = await buckets.list(bucket, prefix);
  const below = key === '' || key.endsWith('/') ? key : `${key}/`;
  const matches =
    special === null
      ? (each: string) => each === key || each.startsWith(below)
      : picomatch(key, { dot: false, nocase: false });
  const root = special === null && found.every((each) => each.key !== key) ? below : folderOf(prefix);
  const selected = only.length === 0 ? () => true : picomatch([...only], { dot: false });
  const named = special !== null || found.some((each) => each.key === key);
  const usable = found.filter(
    (each) => matches(each.key) && (named || ENDING.test(each.key)) && selected(each.key.slice(root.length)),
  );
  if (usable.length === 0) {
    throw new MillraceError(
      'MR_SOURCE_MISSING',
      `${source} matches none of ${found.length} objects${prefix === '' ? '' : ` that begin with ${prefix}`}`,
      { allowed: `endings: ${KNOWN_ENDINGS}`, next: 'check the prefix, and "files" if it is set' },
    );
  }
  return usable.map((object) => ({
    path: `s3://${bucket}/${object.key}`,
    name: object.key.slice(root.length),
    bytes: object.bytes,
    modifiedMs: object.modifiedMs,
    // The server's tag stands for the content: to hash it, all of it would have to be fetched.
    sha256: hashJson([object.tag, object.bytes]),
    tag: object.tag,
  }));
}

const folderOf = (key: string) => key.slice(0, key.lastIndexOf('/') + 1);
