import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packingOf, readHead, writePlain } from '../../activities/source-text.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-text-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const RECORDS = Array.from({ length: 40_000 }, (_, at) => `2024-03-01 00:00:${at % 60},Größe ${at},${at / 7} °C`);
const TEXT = `time,name,value\n${RECORDS.join('\n')}\n`;

async function file(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  return path;
}

async function plain(path: string): Promise<string> {
  const target = join(folder, 'plain');
  const { packing, encoding } = await readHead(path);
  await writePlain(path, { packing, encoding: encoding!.encoding, edit: null }, target, undefined);
  return readFile(target, 'utf8');
}

const utf16 = (text: string, bigEndian = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};

/** Made by another program than the one that reads it here. */
async function zstd(text: string): Promise<Buffer> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const lines = join(folder, 'lines');
  await writeFile(lines, text);
  const out = join(folder, 'lines.zst');
  await connection.run(
    `COPY (FROM read_csv('${lines}', header = false, delim = E'\\x01', quote = '', escape = '', columns = {line: 'VARCHAR'}))
     TO '${out}' (FORMAT csv, HEADER false, DELIMITER E'\\x01', QUOTE '', ESCAPE '', COMPRESSION zstd)`,
  );
  return readFile(out);
}

describe('a text file', () => {
  it.each([
    ['plain', async () => Buffer.from(TEXT), 'none', 'utf-8'],
    ['with a mark', async () => Buffer.from(`\uFEFF${TEXT}`), 'none', 'utf-8'],
    ['in UTF-16', async () => utf16(TEXT), 'none', 'utf-16le'],
    ['in UTF-16 with a mark', async () => utf16(`\uFEFF${TEXT}`), 'none', 'utf-16le'],
    ['in UTF-16 the other way round', async () => utf16(`\uFEFF${TEXT}`, true), 'none', 'utf-16be'],
    ['in Latin-1', async () => Buffer.from(TEXT, 'latin1'), 'none', 'windows-1252'],
    ['by gzip', async () => gzipSync(TEXT), 'gzip', 'utf-8'],
    [
      'by gzip, in two members',
      async () => Buffer.concat([gzipSync(TEXT.slice(0, 99)), gzipSync(TEXT.slice(99))]),
      'gzip',
      'utf-8',
    ],
    ['by gzip, in UTF-16', async () => gzipSync(utf16(TEXT)), 'gzip', 'utf-16le'],
    ['by zstd', () => zstd(TEXT), 'zstd', 'utf-8'],
  ])('%s is read whole, and its first lines', async (_, make, packing, encoding) => {
    const path = await file(await make());
    const head = await readHead(path);
    expect(head).toMatchObject({ packing, encoding: { encoding }, complete: false });
    expect(TEXT.startsWith(head.text)).toBe(true);
    expect(head.text.length).toBeGreaterThan(50_000);
    expect(head.text.endsWith('\n')).toBe(true);
    expect((await plain(path)) === TEXT).toBe(true);
  });

  it('that is short is its own first lines, the last without an end', async () => {
    expect(await readHead(await file('a,b\n1,2'))).toMatchObject({ text: 'a,b\n1,2', complete: true });
    expect(await readHead(await file(''))).toMatchObject({ text: '', complete: true });
  });

  it.each([
    ['gzip', async () => gzipSync(TEXT)],
    ['zstd', () => zstd(TEXT)],
  ])('by %s that was cut off is not taken for a shorter one', async (_, make) => {
    const whole = await make();
    const path = await file(whole.subarray(0, whole.length - 9));
    await expect(plain(path)).rejects.toThrow();
  });

  it('by gzip that was damaged is not read as something else', async () => {
    const bytes = gzipSync(TEXT);
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 64);
    await expect(plain(await file(bytes))).rejects.toThrow();
  });

  it('by zstd that asks for more memory than zstd itself would take is refused', async () => {
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x04, 0xf8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    await expect(plain(await file(header))).rejects.toThrow('larger than 128 MiB');
  });

  it('by zstd that is made to fill a disk is left in time', async () => {
    const block = (last: boolean) => {
      const header = Buffer.alloc(4, 'x');
      // The same byte, 128 KiB of it.
      header.writeUIntLE((131_072 << 3) | (1 << 1) | Number(last), 0, 3);
      return header;
    };
    const frame = [
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]),
      ...Array<Buffer>(9_999).fill(block(false)),
      block(true),
    ];
    const path = await file(Buffer.concat(frame));
    await expect(plain(path)).rejects.toThrow('it unpacks to more than 1,000 times its size');
    expect((await stat(join(folder, 'plain'))).size).toBeLessThan(2 ** 29);
  });

  it('is none where it has bytes that no text has', async () => {
    expect((await readHead(await file(Buffer.from([1, 0, 2, 3, 0, 0, 7])))).encoding).toBeNull();
  });

  it('can be left while it is written', async () => {
    const path = await file(gzipSync(TEXT));
    const plain = { packing: 'none', encoding: 'utf-8', edit: null } as const;
    const writing = writePlain(path, plain, join(folder, 'plain'), AbortSignal.abort());
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
  });
});

it('what a file is packed in is said by its first bytes', () => {
  expect(
    ['\x1f\x8b\x08', '(\xb5/\xfd', 'PK\x03\x04', 'time', ''].map((start) => packingOf(Buffer.from(start, 'latin1'))),
  ).toEqual(['gzip', 'zstd', 'zip', 'none', 'none']);
});
