import { Decompress } from 'fzstd';

/** What zstd itself takes unless told otherwise. A damaged header may ask for thousands of times as much. */
const MOST_WINDOW = 128 * 2 ** 20;
const MAGIC = 0xfd2fb528;
/** Bytes of the content's size, by the two bits that say so. */
const SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_BYTES = [0, 1, 2, 4];

/** A few bytes may stand for a hundred thousand, again and again: what is unpacked of so many is given away first. */
const PIECE_BYTES = 1 << 10;
/** No text of readings becomes smaller than this part of it: what does is made to fill a disk. */
const MOST_TIMES = 1000;
const ALWAYS_ALLOWED = 2 ** 28;

/** Unpacks zstd as it comes. */
export async function* unzstd(blocks: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const zstd = new Decompress((data) => ready.push(data));
  let [packed, unpacked] = [0, 0];
  let start: Buffer | null = Buffer.alloc(0);

  function* pieces(block: Buffer): Generator<Uint8Array> {
    for (let at = 0; at < block.length; at += PIECE_BYTES) {
      const piece = block.subarray(at, at + PIECE_BYTES);
      packed += piece.length;
      zstd.push(piece);
      for (const data of ready.splice(0)) {
        unpacked += data.length;
        if (unpacked > ALWAYS_ALLOWED && unpacked > MOST_TIMES * packed)
          throw new Error(`it unpacks to more than ${MOST_TIMES.toLocaleString('en-US')} times its size`);
        yield data;
      }
    }
  }

  for await (const block of blocks) {
    if (start === null) {
      yield* pieces(block);
      continue;
    }
    start = Buffer.concat([start, block]);
    // The header of a frame has at most so many bytes.
    if (start.length < 18) continue;
    assertWindow(start);
    yield* pieces(start);
    start = null;
  }
  if (start !== null) {
    assertWindow(start);
    yield* pieces(start);
  }
  // It says so when the last frame was cut off.
  zstd.push(new Uint8Array(0), true);
  yield* ready;
}

function assertWindow(start: Buffer): void {
  if (windowOf(start) > MOST_WINDOW) throw new Error('its frames are larger than 128 MiB, or damaged');
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
