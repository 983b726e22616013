import { Transform } from 'node:stream';
import { Decompress } from 'fzstd';

/** What zstd itself takes unless told otherwise. A damaged header may ask for thousands of times as much. */
const MOST_WINDOW = 128 * 2 ** 20;
const MAGIC = 0xfd2fb528;
/** Bytes of the content's size, by the two bits that say so. */
const SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_BYTES = [0, 1, 2, 4];

/** Unpacks zstd as it comes. */
export function unzstd(): Transform {
  const zstd = new Decompress();
  let start: Buffer | null = Buffer.alloc(0);
  const take = (block: Buffer, last: boolean) => {
    if (start !== null) {
      start = Buffer.concat([start, block]);
      // The header of a frame has at most so many bytes.
      if (start.length < 18 && !last) return;
      if (windowOf(start) > MOST_WINDOW) throw new Error('its frames are larger than 128 MiB, or damaged');
      [block, start] = [start, null];
    }
    if (block.length > 0) zstd.push(block);
    // It says so when the last frame was cut off.
    if (last) zstd.push(new Uint8Array(0), true);
  };
  return new Transform({
    transform(block: Buffer, _encoding, done) {
      zstd.ondata = (data) => this.push(data);
      attempt(() => take(block, false), done);
    },
    flush(done) {
      zstd.ondata = (data) => this.push(data);
      attempt(() => take(Buffer.alloc(0), true), done);
    },
  });
}

function attempt(work: () => void, done: (error?: Error | null) => void): void {
  try {
    work();
    done();
  } catch (error) {
    done(error as Error);
  }
}

/** Memory that the first frame asks for, in bytes; 0 where it is none. RFC 8878, 3.1.1.1. */
function windowOf(start: Buffer): number {
  if (start.length < 6 || start.readUInt32LE(0) !== MAGIC) return 0;
  const descriptor = start[4]!;
  const single = (descriptor & 0x20) !== 0;
  if (!single) {
    const window = start[5]!;
    const base = 2 ** (10 + (window >> 3));
    return base + (base / 8) * (window & 7);
  }
  const bytes = SIZE_BYTES[descriptor >> 6]! || 1;
  const at = 5 + DICTIONARY_BYTES[descriptor & 3]!;
  if (start.length < at + bytes) return 0;
  if (bytes === 8) return Number(start.readBigUInt64LE(at));
  return start.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}
