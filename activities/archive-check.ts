import { on } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';

/**
 * What is wrong with the files of a zip archive, or null. All are unpacked and thrown away, up to `maxBytes`: who
 * reads them afterwards without looking gets what was packed, and no more than that.
 * @throws Error when the archive cannot be unpacked
 */
export async function archiveFault(path: string, maxBytes: number): Promise<'damaged' | 'too large' | null> {
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true, autoClose: false }, (error, opened) =>
      error ? reject(error) : resolve(opened),
    ),
  );
  let left = maxBytes;
  try {
    const entries: AsyncIterable<yauzl.Entry[]> = on(zip, 'entry', { close: ['end'] });
    zip.readEntry();
    for await (const [entry] of entries) {
      const { bytes, crc } = await sumOf(zip, entry!, left);
      left -= bytes;
      if (left < 0) return 'too large';
      if (crc !== entry!.crc32) return 'damaged';
      zip.readEntry();
    }
    return null;
  } finally {
    zip.close();
  }
}

/** Goes no further than one block beyond `maxBytes`. */
async function sumOf(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  maxBytes: number,
): Promise<{ bytes: number; crc: number }> {
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
    zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  const sum = { bytes: 0, crc: 0 };
  const enough = new Error('enough');
  const sink = new Writable({
    write(block: Buffer, _encoding, done) {
      sum.bytes += block.length;
      sum.crc = crc32(block, sum.crc);
      done(sum.bytes > maxBytes ? enough : null);
    },
  });
  await pipeline(stream, sink).catch((error: unknown) => {
    if (error !== enough) throw error;
  });
  return sum;
}
