import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import type { Dice } from './dice.js';
import type { Mutation } from './mutate.js';

// Archives and packed files, written by hand: so every field can be a wrong one.

/** What stands in an archive of a file, where that is not what should. */
export interface Entry {
  name: string | Buffer;
  bytes: Buffer;
  method?: number;
  flags?: number;
  crc?: number;
  size?: number;
  packedSize?: number;
  /** Of the header before the file, where it says something else than the list at the end. */
  localName?: string;
  localSize?: number;
  attributes?: number;
  extra?: Buffer;
}

export function zip(
  entries: readonly Entry[],
  { comment = '', count = entries.length, shift = 0, before = Buffer.alloc(0) as Buffer } = {},
): Buffer {
  const parts: Buffer[] = [before];
  const list: Buffer[] = [];
  let at = before.length;
  for (const entry of entries) {
    const { bytes, method = 8, flags = 0x800, extra = Buffer.alloc(0) } = entry;
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const name = Buffer.from(entry.name as string);
    const local = Buffer.alloc(30);
    const fields = (header: Buffer, start: number, size: number) => {
      header.writeUInt16LE(20, start);
      header.writeUInt16LE(flags, start + 2);
      header.writeUInt16LE(method, start + 4);
      header.writeUInt32LE(0x58_21_00_00, start + 6);
      header.writeUInt32LE((entry.crc ?? crc32(bytes)) >>> 0, start + 10);
      header.writeUInt32LE((entry.packedSize ?? packed.length) >>> 0, start + 14);
      header.writeUInt32LE(size >>> 0, start + 18);
    };
    const size = entry.size ?? bytes.length;
    local.writeUInt32LE(0x04034b50, 0);
    fields(local, 4, entry.localSize ?? size);
    const localName = entry.localName === undefined ? name : Buffer.from(entry.localName);
    local.writeUInt16LE(localName.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(0x031e, 4);
    fields(central, 6, size);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE((entry.attributes ?? 0) >>> 0, 38);
    central.writeUInt32LE((at + shift) >>> 0, 42);
    parts.push(local, localName, packed);
    list.push(central, name, extra);
    at += 30 + localName.length + packed.length;
  }
  const central = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE((at + shift) >>> 0, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, central, end, Buffer.from(comment)]);
}

export const gzip = (bytes: Buffer) => gzipSync(bytes);

/** As zstd, in blocks that are not compressed, or of one byte that is repeated. */
export function zstd(bytes: Buffer, { block = 100_000, checksum = false, size = true } = {}): Buffer {
  const head = Buffer.alloc(size ? 9 : 6);
  head.writeUInt32LE(0xfd2fb528, 0);
  // A single segment with a size of four bytes, or a window of 8 MiB.
  head[4] = (size ? 0xa0 : 0) | (checksum ? 4 : 0);
  if (size) head.writeUInt32LE(bytes.length, 5);
  else head[5] = 0x68;
  const parts: Buffer[] = [head];
  for (let at = 0; at === 0 || at < bytes.length; at += block) {
    const part = bytes.subarray(at, at + block);
    const last = at + block >= bytes.length ? 1 : 0;
    parts.push(Buffer.from([0, 0, 0]), part);
    parts.at(-2)!.writeUIntLE((part.length << 3) | last, 0, 3);
  }
  if (checksum) parts.push(Buffer.from([1, 2, 3, 4]));
  return Buffer.concat(parts);
}

/** A frame that is passed over. */
export function skippable(bytes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50, 0);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

/** Much from little: repeated bytes. */
export function zstdBomb(bytes: number): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x68]);
  const block = 128 * 1024;
  const parts: Buffer[] = [head];
  for (let left = bytes; left > 0; left -= block) {
    const part = Buffer.alloc(4);
    part.writeUIntLE((Math.min(left, block) << 3) | 2 | (left <= block ? 1 : 0), 0, 3);
    part[3] = 0x31;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const field = (bytes: Buffer, at: number, size: 1 | 2 | 4, value: number) => {
  if (at < 0 || at + size > bytes.length) return bytes;
  const copy = Buffer.from(bytes);
  copy.writeUIntLE((value >>> 0) % 2 ** (8 * size), at, size);
  return copy;
};

/** So many bytes come of a few; more would only take longer. */
const MUCH = [30_000, 300_000, 3_000_000];

const SIZES = [0, 1, 20, 1000, 65_535, 65_536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

export const GZIP: Mutation<Buffer>[] = [
  { name: 'gzip: flags', make: (bytes, dice) => field(bytes, 3, 1, dice.below(256)) },
  { name: 'gzip: method', make: (bytes, dice) => field(bytes, 2, 1, dice.below(256)) },
  { name: 'gzip: sum', make: (bytes, dice) => field(bytes, bytes.length - 8, 4, dice.below(2 ** 32)) },
  { name: 'gzip: size', make: (bytes, dice) => field(bytes, bytes.length - 4, 4, dice.pick(SIZES)) },
  { name: 'gzip: no trailer', make: (bytes, dice) => bytes.subarray(0, bytes.length - dice.between(1, 9)) },
  {
    name: 'gzip: two members',
    make: (bytes, dice, other) =>
      Buffer.concat([bytes, gzip(dice.chance(0.5) ? Buffer.alloc(0) : other.subarray(0, 2000))]),
  },
  {
    name: 'gzip: the second member is cut',
    make: (bytes, dice) => Buffer.concat([bytes, bytes.subarray(0, dice.below(bytes.length))]),
  },
  { name: 'gzip: zeros behind it', make: (bytes, dice) => Buffer.concat([bytes, Buffer.alloc(dice.between(1, 2000))]) },
  { name: 'gzip: text behind it', make: (bytes, _dice, other) => Buffer.concat([bytes, other.subarray(0, 500)]) },
  { name: 'gzip: packed twice', make: (bytes) => gzip(bytes) },
  { name: 'gzip: nothing', make: () => gzip(Buffer.alloc(0)) },
  {
    name: 'gzip: much from little',
    make: (_bytes, dice) =>
      gzip(Buffer.alloc(dice.pick(MUCH), dice.pick(['1', 'x,', '\n', '1,2\n', '"', ' ', 'time,a\n2024-01-01,5\n']))),
  },
];

export const ZSTD: Mutation<Buffer>[] = [
  { name: 'zstd: descriptor', make: (bytes, dice) => field(bytes, 4, 1, dice.below(256)) },
  {
    name: 'zstd: window or size',
    make: (bytes, dice) => field(bytes, 5, dice.pick([1, 2, 4] as const), dice.pick(SIZES) & 0xff),
  },
  { name: 'zstd: size', make: (bytes, dice) => field(bytes, 5, 4, dice.pick(SIZES)) },
  {
    name: 'zstd: head of a block',
    make: (bytes, dice) => field(bytes, dice.pick([6, 7, 8, 9, 10, 11]), 1, dice.below(256)),
  },
  { name: 'zstd: two frames', make: (bytes, _dice, other) => Buffer.concat([bytes, zstd(other.subarray(0, 2000))]) },
  {
    name: 'zstd: a frame to pass over',
    make: (bytes, dice) => Buffer.concat(dice.shuffled([skippable(dice.bytes(20)), bytes])),
  },
  { name: 'zstd: a sum', make: (_bytes, _dice, other) => zstd(other, { checksum: true }) },
  { name: 'zstd: no size', make: (_bytes, _dice, other) => zstd(other, { size: false, block: 1000 }) },
  { name: 'zstd: nothing', make: () => zstd(Buffer.alloc(0)) },
  { name: 'zstd: much from little', make: (_bytes, dice) => zstdBomb(dice.pick(MUCH)) },
];

/** Archives that are strange in what they say of their files. */
export function strangeZip(name: string, bytes: Buffer, dice: Dice, other: Buffer): { how: string; bytes: Buffer } {
  const entry: Entry = { name, bytes };
  const ways: [string, () => Buffer][] = [
    ['sum', () => zip([{ ...entry, crc: dice.below(2 ** 32) }])],
    ['method', () => zip([{ ...entry, method: dice.pick([0, 1, 6, 9, 12, 14, 93, 99]) }])],
    ['flags', () => zip([{ ...entry, flags: dice.below(65_536) }])],
    ['size', () => zip([{ ...entry, size: dice.pick(SIZES) }])],
    ['packed size', () => zip([{ ...entry, packedSize: dice.pick(SIZES) }])],
    ['local size', () => zip([{ ...entry, localSize: dice.pick(SIZES) }])],
    ['local name', () => zip([{ ...entry, localName: 'another.csv' }])],
    ['one name twice', () => zip([entry, { name, bytes: other }])],
    [
      'names',
      () =>
        zip([
          {
            name: dice.pick([
              '../a.csv',
              '/etc/a.csv',
              'C:\\a.csv',
              'a\\b.csv',
              '',
              '/',
              'a/',
              '.',
              '..',
              'a\0b.csv',
              'x'.repeat(5000),
              'ä.csv',
              '\u202ea.csv',
              '!.csv',
              'a!b.csv',
              '.hidden.csv',
              '__MACOSX/._a.csv',
              'a.parquet',
              'a.sqlite',
              'a.xlsx',
              'xl/workbook.xml',
              '*.csv',
              'a[1].csv',
            ]),
            bytes,
          },
        ]),
    ],
    ['a name that is no text', () => zip([{ name: dice.bytes(12), bytes, flags: dice.pick([0, 0x800]) }])],
    ['a link', () => zip([{ ...entry, attributes: 0xa1ff0000 }])],
    ['a folder with bytes', () => zip([{ name: `${name}/`, bytes }, entry])],
    [
      'many files',
      () =>
        zip(
          Array.from({ length: dice.pick([20, 60]) }, (_, at) => ({
            name: `${at}.csv`,
            bytes: bytes.subarray(0, 3000),
          })),
        ),
    ],
    [
      'many empty files',
      () => zip(Array.from({ length: 300 }, (_, at) => ({ name: `${at}.csv`, bytes: Buffer.alloc(0) }))),
    ],
    [
      'other files beside',
      () =>
        zip([
          entry,
          { name: 'README.md', bytes: Buffer.from('# read me\n') },
          { name: 'x.bin', bytes: dice.bytes(300) },
          { name: 'p.pdf', bytes: Buffer.from('%PDF-1.4\n%\xe2\xe3\n') },
        ]),
    ],
    ['an archive in it', () => zip([{ name: 'inner.zip', bytes: zip([entry]) }, entry])],
    [
      'a packed file in it',
      () =>
        zip([
          { name: `${name}.gz`, bytes: gzip(bytes) },
          { name: 'z.csv.zst', bytes: zstd(other) },
        ]),
    ],
    ['none in it', () => zip([])],
    ['count', () => zip([entry], { count: dice.pick([0, 2, 100, 65_535]) })],
    ['shifted', () => zip([entry], { shift: dice.pick([-1, 1, 4, -4, 1000]) >>> 0 })],
    ['bytes before', () => zip([entry], { before: Buffer.from(dice.bytes(dice.between(1, 40))), shift: 0 })],
    ['a remark', () => zip([entry], { comment: dice.pick(['hello', 'PK\u0005\u0006', 'x'.repeat(60_000)]) })],
    [
      'extra fields',
      () =>
        zip([
          {
            ...entry,
            extra: dice.pick([
              Buffer.from([1, 0, 200, 0]),
              Buffer.from([1, 0, 8, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
              dice.bytes(30),
              Buffer.from('75700500010000000061', 'hex'),
            ]),
          },
        ]),
    ],
    [
      'sizes for ZIP64',
      () =>
        zip([
          {
            ...entry,
            size: 0xffffffff,
            extra: Buffer.concat([
              Buffer.from([1, 0, 8, 0]),
              bigInt(dice.pick([BigInt(bytes.length), 0n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n])),
            ]),
          },
        ]),
    ],
    ['much from little', () => zip([{ name, bytes: Buffer.alloc(dice.pick(MUCH), '1,2\n') }])],
  ];
  const [how, make] = dice.pick(ways);
  return { how: `zip: ${how}`, bytes: make() };
}

function bigInt(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** A field of one of the lists of a zip archive, by its place in it. */
export const ZIP: Mutation<Buffer>[] = [
  {
    name: 'zip: the end',
    make: (bytes, dice) =>
      field(bytes, bytes.length - 22 + dice.between(4, 21), dice.pick([1, 2, 4] as const), dice.pick(SIZES)),
  },
  {
    name: 'zip: the list',
    make(bytes, dice) {
      const at = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
      return field(bytes, at + dice.below(46), dice.pick([1, 2, 4] as const), dice.pick(SIZES));
    },
  },
  {
    name: 'zip: before a file',
    make: (bytes, dice) => field(bytes, dice.below(30), dice.pick([1, 2, 4] as const), dice.pick(SIZES)),
  },
];
