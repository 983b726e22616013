import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { ZipFile } from 'yazl';
import { grow, type Random } from './plant.js';
import { anyForm, asText, knownOf, type Oddity, odd, type Table, tableOf } from './written.js';

const packed = (name: string, file: string, pack: (text: string) => Uint8Array, packing: string): Oddity => ({
  name,
  write: (random) => {
    const table = tableOf(random, grow(random));
    return knownOf(table, { [file]: pack(asText(table)) }, { packing });
  },
});

/** A frame of blocks that are not compressed: as valid as any. After RFC 8878. */
function zstdRaw(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const MOST = 1 << 16;
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MOST) {
    const block = bytes.subarray(at, at + MOST);
    const last = at + MOST >= bytes.length ? 1 : 0;
    const head = Buffer.alloc(3);
    head.writeUIntLE((block.length << 3) | last, 0, 3);
    blocks.push(head, block);
  }
  // One segment, its size in four bytes, no checksum.
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 5);
  return Buffer.concat([head, ...blocks]);
}

function hasZstd(): boolean {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const zstd = (text: string) => execFileSync('zstd', ['-q', '-c'], { input: text });

const zipped = (name: string, paths: readonly string[], archive: string, series: readonly string[]): Oddity => ({
  name,
  write: (random: Random) => {
    const plant = grow(random);
    const form = anyForm(random);
    const tables = paths.map((path, nth): [string, Table] => [
      path,
      tableOf(
        random,
        { ...plant, sensors: plant.sensors.map((id) => `${id}-${nth}`) },
        {
          form,
          series: series[nth]!,
          time: ['time'],
          sensor: 'sensor',
          value: 'value',
        },
      ),
    ]);
    const readings = tables.flatMap(([, table]) => table.readings);
    const missing = tables.reduce((sum, [, table]) => sum + table.missing, 0);
    const all = { ...tables[0]![1], readings, missing };
    const make = async (folder: string) => {
      const zip = new ZipFile();
      for (const [path, table] of tables) zip.addBuffer(Buffer.from(asText(table)), path);
      zip.addBuffer(Buffer.from('Dear all,\nthere are no data in here.\n'), 'README.txt');
      zip.end();
      await writeFile(join(folder, archive), await buffer(zip.outputStream));
    };
    return knownOf(all, {}, {}, { make });
  },
});

export const PACKED: Oddity[] = [
  packed('gzip', 'plant.csv.gz', (text) => gzipSync(text), 'gzip'),
  packed('gzip that is not called so', 'plant.csv', (text) => gzipSync(text), 'gzip'),
  packed(
    'gzip in two parts',
    'plant.csv.gz',
    (text) => Buffer.concat([gzipSync(text.slice(0, 700)), gzipSync(text.slice(700))]),
    'gzip',
  ),
  { ...packed('zstd', 'plant.csv.zst', zstd, 'zstd'), skip: hasZstd() ? null : 'there is no command zstd here' },
  packed('zstd whose blocks are stored', 'plant.csv.zst', zstdRaw, 'zstd'),
  packed(
    'zstd in two frames',
    'plant.csv.zst',
    (text) => Buffer.concat([zstdRaw(text.slice(0, 700)), zstdRaw(text.slice(700))]),
    'zstd',
  ),
  odd('UTF-16 in gzip', (random) => ({
    plant: grow(random, { sensors: ['Kühler', 'b'] }),
    edit: (text) => gzipSync(Buffer.from(`\ufeff${text}`, 'utf16le')),
    found: { encoding: 'utf-16le', packing: 'gzip' },
  })),
  zipped('zip with several files', ['a.csv', 'b.csv'], 'export.zip', ['export/a', 'export/b']),
  zipped('zip with folders and clutter', ['x/1/north.csv', 'x/2/north.csv', 'x/south.txt'], 'plant_2024-03-01.zip', [
    'plant/x/1/north',
    'plant/x/2/north',
    'plant/x/south',
  ]),
];
