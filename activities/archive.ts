import { createWriteStream } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { MillraceError } from '../config/errors.js';

/** A file in an archive. */
export interface Member {
  name: string;
  /** Unpacked, as the archive says; one that turns out larger is refused. */
  bytes: number;
  crc32: number;
}

const LINK = 0o120000;
const KIND = 0o170000;
/** What systems and programs put beside the files of people. */
const CLUTTER = /(^|\/)(__MACOSX\/|\.|Thumbs\.db$|desktop\.ini$)/;

/**
 * The files of a zip archive, by name. Links are passed over: they could lead anywhere.
 * @throws MillraceError MR_FILE_UNREADABLE when it is damaged, encrypted, or made to harm who unpacks it
 */
export async function listMembers(path: string): Promise<Member[]> {
  const members: Member[] = [];
  let packed = 0;
  await eachEntry(path, async (entry) => {
    packed += entry.compressedSize;
    const { fileName: name, uncompressedSize: bytes, crc32 } = entry;
    if (name.endsWith('/') || CLUTTER.test(name) || isLink(entry)) return 'on';
    if (entry.isEncrypted()) throw unreadable(path, `${name} in it is encrypted`, 'unpack it, and name the folder');
    members.push({ name, bytes, crc32 });
    return 'on';
  });
  const { size } = await stat(path);
  // Such an archive unpacks the same bytes over and over.
  if (packed > size)
    throw unreadable(path, `its files overlap: ${packed} bytes in an archive of ${size}`, 'make the archive anew');
  return members.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Unpacks one file of a zip archive.
 * @throws MillraceError MR_FILE_UNREADABLE when it is damaged or not what the archive says; MR_SPACE when the disk is too small
 */
export async function unpackMember(
  path: string,
  { name, bytes, crc32: wanted }: Member,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(target));
  if (bytes > bavail * bsize) {
    throw new MillraceError(
      'MR_SPACE',
      `${name} in ${path} is ${mib(bytes)} MiB unpacked, and ${mib(bavail * bsize)} MiB are free in ${dirname(target)}`,
      { next: 'make room, or name a folder on a larger disk with MILLRACE_SCRATCH' },
    );
  }
  let crc: number | null = null;
  await eachEntry(path, async (entry, zip) => {
    if (entry.fileName !== name) return 'on';
    crc = 0;
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
      zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened))),
    );
    const sum = new Transform({
      transform(block: Buffer, _encoding, done) {
        crc = crc32(block, crc!);
        done(null, block);
      },
    });
    await pipeline(stream, sum, createWriteStream(target), { ...(signal && { signal }) });
    return 'end';
  });
  if (crc === null) throw unreadable(path, `${name} is not in it any more`, 'run again when nothing writes to it');
  if (crc !== wanted) throw unreadable(path, `${name} in it is damaged`, 'make the archive anew');
}

async function eachEntry(
  path: string,
  visit: (entry: yauzl.Entry, zip: yauzl.ZipFile) => Promise<'on' | 'end'>,
): Promise<void> {
  const open = new Promise<yauzl.ZipFile>((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true, autoClose: false }, (error, zip) => (error ? reject(error) : resolve(zip))),
  );
  try {
    const zip = await open;
    try {
      await new Promise<void>((resolve, reject) => {
        zip.on('error', reject);
        zip.on('end', resolve);
        zip.on('entry', (entry: yauzl.Entry) =>
          visit(entry, zip).then((next) => (next === 'on' ? zip.readEntry() : resolve()), reject),
        );
        zip.readEntry();
      });
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof MillraceError || (error as Error).name === 'AbortError') throw error;
    throw unreadable(path, (error as Error).message, 'make the archive anew; it may have been cut off', error);
  }
}

const isLink = ({ externalFileAttributes }: yauzl.Entry) => ((externalFileAttributes >>> 16) & KIND) === LINK;

const unreadable = (path: string, why: string, next: string, cause?: unknown) =>
  new MillraceError('MR_FILE_UNREADABLE', `${path} cannot be read as zip: ${why}`, { next }, { cause });

const mib = (bytes: number) => Math.ceil(bytes / 2 ** 20).toLocaleString('en-US');
