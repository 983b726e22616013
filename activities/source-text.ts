import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Encoding, type EncodingGuess, guessEncoding } from '../formats/encoding.js';
import { unzstd } from './zstd.js';

/** What a file is packed in. */
export type Packing = 'none' | 'gzip' | 'zstd' | 'zip';

const MAGIC: [Packing, number[]][] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
];

/** So much of the text decides how a file is written: some thousand records, or as many as these if they are long. */
const HEAD_BYTES = 1 << 17;
const HEAD_LINES = 20;
const MOST_HEAD_BYTES = 1 << 21;
/** Further down one looks at so many places, each of so many bytes; what is packed is unpacked so far for it. */
const LATER_PLACES = 4;
const LATER_BYTES = 1 << 15;
const MOST_UNPACKED = 1 << 25;

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
  /** Whole lines from further down, some from each of several places. */
  later: string[];
}

export interface HeadOptions {
  /** What a person says it is encoded in. */
  encoding?: Encoding | null;
  /** Whether only the beginning of the file is there, so that its packing may end in the middle. */
  partial?: boolean;
  signal?: AbortSignal;
}

/** The first lines of a text file, unpacked and decoded. */
export async function readHead(path: string, options: HeadOptions = {}): Promise<Head> {
  const { encoding: given = null, partial = false, signal } = options;
  const packing = packingOf(await firstBytes(path));
  const blocks: Buffer[] = [];
  const later: { from: number; bytes: Buffer }[] = [];
  let bytes = 0;
  let lines = 0;
  let complete = !partial;
  let next = Number.POSITIVE_INFINITY;
  const { stream, close } = unpacked(path, packing);
  try {
    for await (const block of stream as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      if (bytes >= next) {
        later.push({ from: bytes, bytes: block });
        next = 2 * bytes;
      } else if (next === Number.POSITIVE_INFINITY) {
        blocks.push(block);
        lines += lineEnds(block);
      }
      bytes += block.length;
      if (bytes < HEAD_BYTES || (lines < HEAD_LINES && bytes < MOST_HEAD_BYTES)) continue;
      complete = false;
      if (packing === 'none' || partial || bytes > MOST_UNPACKED) break;
      next = Math.min(next, bytes + LATER_BYTES);
    }
  } catch (error) {
    signal?.throwIfAborted();
    // What is wrong further down, who reads all of it will say.
    if (complete || bytes === 0) throw error;
  } finally {
    close();
  }
  if (packing === 'none' && !complete && !partial) later.push(...(await placesIn(path, bytes)));
  const start = Buffer.concat(blocks);
  const encoding = given === null ? guessEncoding(start) : { encoding: given, markBytes: 0, why: 'it was named' };
  if (encoding === null) return { packing, encoding, text: '', complete, later: [] };
  // In one go, some versions of Node decode Windows-1252 as Latin-1.
  const decoder = new TextDecoder(encoding.encoding);
  const text = decoder.decode(start, { stream: true }) + (complete ? decoder.decode() : '');
  return {
    packing,
    encoding,
    text: complete ? text : wholeLines(text),
    complete,
    later: later.map((place) => linesWithin(place, encoding.encoding)),
  };
}

/** Some bytes from several places of a file behind its first, in their order. */
async function placesIn(path: string, first: number): Promise<{ from: number; bytes: Buffer }[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const places: { from: number; bytes: Buffer }[] = [];
    for (let nth = 1; nth <= LATER_PLACES; nth++) {
      const before = places.at(-1);
      const end = before === undefined ? first : before.from + before.bytes.length;
      const from = Math.max(end, first + Math.floor(((size - first) * nth) / LATER_PLACES) - LATER_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LATER_BYTES), 0, LATER_BYTES, from);
      places.push({ from, bytes: buffer.subarray(0, bytesRead) });
    }
    return places;
  } finally {
    await file.close();
  }
}

/** The whole lines among some bytes from the middle of a text. */
function linesWithin({ from, bytes }: { from: number; bytes: Buffer }, encoding: Encoding): string {
  const start = encoding.startsWith('utf-16') ? from % 2 : 0;
  const text = new TextDecoder(encoding).decode(bytes.subarray(start), { stream: true });
  const first = /\r\n|\n|\r/.exec(text);
  return first === null ? '' : wholeLines(text.slice(first.index + first[0].length));
}

/** How the text of a file is packed and encoded. */
export interface Packed {
  packing: Packing;
  encoding: Encoding;
}

/** How a text is written as plain UTF-8 text. */
export interface PlainText extends Packed {
  /** What becomes of each line, counted from 1, in UTF-8 of its bytes; null: lines stay as they are. */
  edit: ((line: string, number: number) => string) | null;
}

/** Writes a text file as plain UTF-8, without the mark at its beginning. Fails where it was cut off or is damaged. */
export async function writePlain(
  path: string,
  { packing, encoding, edit }: PlainText,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { stream, close } = unpacked(path, packing);
  try {
    const text = decoded(stream, encoding);
    const edited = edit === null ? text : editedLines(text, edit);
    const file = createWriteStream(target).setDefaultEncoding(encoding === 'utf-8' ? 'latin1' : 'utf8');
    await pipeline(edited, file, { ...(signal && { signal }) });
  } finally {
    close();
  }
}

/** A text without the mark at its beginning; of UTF-8 each byte is a character, so that what is none stays what it is. */
async function* decoded(blocks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<string> {
  if (encoding === 'utf-8') {
    let start: Buffer | null = Buffer.alloc(0);
    for await (const block of blocks) {
      if (start === null) yield block.toString('latin1');
      else {
        start = Buffer.concat([start, block]);
        if (start.length < UTF8_MARK.length) continue;
        yield withoutMark(start).toString('latin1');
        start = null;
      }
    }
    if (start !== null) yield withoutMark(start).toString('latin1');
    return;
  }
  const decoder = new TextDecoder(encoding);
  for await (const block of blocks) yield decoder.decode(block, { stream: true });
  yield decoder.decode();
}

const UTF8_MARK = Buffer.from('\ufeff');
const withoutMark = (start: Buffer) =>
  start.subarray(0, UTF8_MARK.length).equals(UTF8_MARK) ? start.subarray(UTF8_MARK.length) : start;

/** Calls `edit` with each line, counted from 1, without its end. */
async function* editedLines(
  blocks: AsyncIterable<string>,
  edit: (line: string, number: number) => string,
): AsyncGenerator<string> {
  let number = 0;
  for await (const lines of lineBlocks(blocks)) yield lines.map((line) => `${edit(line, ++number)}\n`).join('');
}

/** The lines of a text without their ends, some at a time. */
async function* lineBlocks(blocks: AsyncIterable<string>): AsyncGenerator<string[]> {
  // A line may come in many blocks: only what is new is searched for its end.
  let parts: string[] = [];
  for await (const block of blocks) {
    const before = parts.at(-1)?.endsWith('\r') ? parts.pop()! : '';
    // A block may end between the two signs of a line's end.
    const lines = (before + block).split(/\r\n|\n|\r(?!$)/);
    const rest = lines.pop()!;
    if (lines.length === 0) {
      parts.push(rest);
      continue;
    }
    lines[0] = parts.join('') + lines[0]!;
    parts = [rest];
    yield lines;
  }
  const last = parts.join('').replace(/\r$/, '');
  if (last !== '') yield [last];
}

/** The lines of a file, byte for byte: each byte is a character. */
export async function* byteLines(
  path: string,
  packing: Packing,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[]> {
  const { stream, close } = unpacked(path, packing);
  stream.setEncoding('latin1');
  try {
    for await (const lines of lineBlocks(stream)) {
      signal?.throwIfAborted();
      yield lines;
    }
  } finally {
    close();
  }
}

/** Whether a file has a line of more than so many bytes. All of it is read: it fails where the file was cut off. */
export async function hasLongLine(
  path: string,
  packing: Packing,
  most: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { stream, close } = unpacked(path, packing);
  let long = false;
  let under = 0;
  try {
    for await (const block of stream as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      long ||= under > most;
      // From the last end within reach one goes on: of short lines, most are never looked at.
      for (let start = -under; !long && block.length - start > most; ) {
        const end = lastLineEnd(block, start + most);
        long = end < start;
        start = end + 1;
      }
      const last = lastLineEnd(block, block.length - 1);
      under = last === -1 ? under + block.length : block.length - 1 - last;
    }
  } finally {
    close();
  }
  return long || under > most;
}

const lastLineEnd = (block: Buffer, from: number) => {
  const end = block.lastIndexOf(10, from);
  return end === -1 ? block.lastIndexOf(13, from) : end;
};

function lineEnds(block: Buffer): number {
  let n = 0;
  for (const byte of block) if (byte === 10 || byte === 13) n++;
  return n;
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
export function unpacked(path: string, packing: Packing): { stream: Readable; close(): void } {
  // A damaged zstd frame may take long: between small blocks, other work has its turn.
  const raw = createReadStream(path, { highWaterMark: packing === 'zstd' ? 1 << 14 : 1 << 18 });
  const close = () => raw.destroy();
  if (packing === 'zstd') return { stream: Readable.from(unzstd(raw), { objectMode: false }), close };
  if (packing !== 'gzip') return { stream: raw, close };
  const stream = createGunzip();
  // What goes wrong with the file is told to who reads what comes out.
  raw.once('error', (error) => stream.destroy(error));
  return { stream: raw.pipe(stream), close };
}
