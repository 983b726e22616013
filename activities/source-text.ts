import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { type EncodingGuess, guessEncoding } from '../formats/encoding.js';

/** What a file is packed in. */
export type Packing = 'none' | 'gzip' | 'zstd' | 'zip';

const MAGIC: [Packing, number[]][] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
];

/** So much of the text decides how a file is written: some thousand records. */
const HEAD_BYTES = 1 << 18;

/** What a file is packed in, by its first bytes: its name may say anything. */
export function packingOf(start: Uint8Array): Packing {
  return MAGIC.find(([, magic]) => magic.every((byte, at) => start[at] === byte))?.[0] ?? 'none';
}

export interface Head {
  packing: Packing;
  /** Null: the file is no text. */
  encoding: EncodingGuess | null;
  /** Whole lines from its beginning. */
  text: string;
  /** Whether the text is all there is. */
  complete: boolean;
}

/** The first lines of a text file, unpacked and decoded. */
export async function readHead(path: string, signal?: AbortSignal): Promise<Head> {
  const packing = packingOf(await firstBytes(path));
  const blocks: Buffer[] = [];
  let bytes = 0;
  const { stream, close } = unpacked(path, packing);
  try {
    for await (const block of stream) {
      signal?.throwIfAborted();
      blocks.push(block as Buffer);
      bytes += (block as Buffer).length;
      if (bytes >= HEAD_BYTES) break;
    }
  } finally {
    close();
  }
  const start = Buffer.concat(blocks).subarray(0, HEAD_BYTES);
  const complete = bytes < HEAD_BYTES;
  const encoding = guessEncoding(start);
  if (encoding === null) return { packing, encoding, text: '', complete };
  const text = new TextDecoder(encoding.encoding).decode(start, { stream: !complete });
  return { packing, encoding, text: complete ? text : wholeLines(text), complete };
}

/** Writes a text file as plain UTF-8, without the mark at its beginning. Fails where it was cut off or is damaged. */
export async function writePlain(
  path: string,
  head: Head,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { stream, close } = unpacked(path, head.packing);
  try {
    await pipeline(stream, decoder(head.encoding!), createWriteStream(target), { ...(signal && { signal }) });
  } finally {
    close();
  }
}

function wholeLines(text: string): string {
  const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r'));
  return end === -1 ? text : text.slice(0, end + 1);
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The bytes of a file without their packing. `close` ends the reading of what is not wanted any more. */
function unpacked(path: string, packing: Packing): { stream: Readable; close(): void } {
  const raw = createReadStream(path, { highWaterMark: 1 << 18 });
  const close = () => raw.destroy();
  if (packing !== 'gzip' && packing !== 'zstd') return { stream: raw, close };
  const stream = packing === 'gzip' ? createGunzip() : unzstd();
  // What goes wrong with the file is told to who reads what comes out.
  raw.once('error', (error) => stream.destroy(error));
  return { stream: raw.pipe(stream), close };
}

function unzstd(): Transform {
  const zstd = new Decompress();
  return new Transform({
    transform(block: Buffer, _encoding, done) {
      try {
        zstd.ondata = (data) => this.push(data);
        zstd.push(block);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        // It says so when the last frame was cut off.
        zstd.push(new Uint8Array(0), true);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function decoder({ encoding }: EncodingGuess): Transform {
  // A mark at the beginning is taken off by the decoder itself.
  const text = new TextDecoder(encoding);
  return new Transform({
    transform(block: Buffer, _encoding, done) {
      done(null, text.decode(block, { stream: true }));
    },
    flush(done) {
      done(null, text.decode());
    },
  });
}
