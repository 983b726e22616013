import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZipFile as Zip, type ZipFile } from 'yazl';
import { listMembers, unpackMember } from '../../activities/archive.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-archive-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function archive(fill: (zip: ZipFile) => void, change = (bytes: Buffer) => bytes): Promise<string> {
  const zip = new Zip();
  fill(zip);
  zip.end();
  const path = join(folder, 'data.zip');
  await writeFile(path, change(await buffer(zip.outputStream)));
  return path;
}

async function unpack(path: string, name: string): Promise<string> {
  const member = (await listMembers(path)).find((each) => each.name === name)!;
  await unpackMember(path, member, join(folder, 'out'), undefined);
  return readFile(join(folder, 'out'), 'utf8');
}

const refused = (words: RegExp) => ({ code: 'MR_FILE_UNREADABLE', message: expect.stringMatching(words) });
/** How the parts of an archive begin: a file, an entry of the directory, the end of the directory. */
const [LOCAL, CENTRAL, END] = ['PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06'] as const;
const LONG = 'time,value\n'.repeat(5000);

describe('an archive', () => {
  it('gives its files by name, packed or not, and none that nobody put there', async () => {
    const path = await archive((zip) => {
      zip.addBuffer(Buffer.from('b'), 'b/2024/x.csv', { compress: false });
      zip.addBuffer(Buffer.from(LONG), 'a.csv');
      zip.addEmptyDirectory('b/empty');
      for (const name of ['__MACOSX/a.csv', '.DS_Store', 'b/.hidden', 'Thumbs.db'])
        zip.addBuffer(Buffer.from('x'), name);
      zip.addBuffer(Buffer.from('/etc/passwd'), 'link.csv', { mode: 0o120777 });
    });
    expect((await listMembers(path)).map(({ name, bytes }) => [name, bytes])).toEqual([
      ['a.csv', LONG.length],
      ['b/2024/x.csv', 1],
    ]);
    expect(await unpack(path, 'a.csv')).toBe(LONG);
    expect(await unpack(path, 'b/2024/x.csv')).toBe('b');
  });

  it('takes names of any language', async () => {
    const path = await archive((zip) => zip.addBuffer(Buffer.from('x'), 'größe/日本 "1".csv'));
    expect(await unpack(path, 'größe/日本 "1".csv')).toBe('x');
  });

  it.each([
    ['leads out of it', '../evil.csv'],
    ['begins at the root', '/etc/xx.csv'],
  ])('with a file whose name %s is refused', async (_, name) => {
    const path = await archive(
      (zip) => zip.addBuffer(Buffer.from('x'), 'x'.repeat(name.length)),
      (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('x'.repeat(name.length), name), 'latin1'),
    );
    await expect(listMembers(path)).rejects.toMatchObject(refused(/cannot be read as zip: .*(relative|absolute)/));
    expect(await readdir(folder)).toEqual(['data.zip']);
  });

  it('that was cut off is refused', async () => {
    const path = await archive(
      (zip) => zip.addBuffer(Buffer.from(LONG), 'a.csv'),
      (bytes) => bytes.subarray(0, bytes.length - 30),
    );
    await expect(listMembers(path)).rejects.toMatchObject(refused(/cannot be read as zip/));
  });

  it('whose content was damaged is refused', async () => {
    const path = await archive(
      (zip) => zip.addBuffer(Buffer.from('time,value\n'), 'a.csv', { compress: false }),
      (bytes) => Buffer.from(bytes.toString('latin1').replace('time,value', 'time,vbluf'), 'latin1'),
    );
    await expect(unpack(path, 'a.csv')).rejects.toMatchObject(refused(/a\.csv in it is damaged/));
  });

  it('that says of a file that it is smaller than it is, is refused, and no more is written', async () => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(LONG.length);
    const less = Buffer.alloc(4);
    less.writeUInt32LE(100);
    const path = await archive(
      (zip) => zip.addBuffer(Buffer.from(LONG), 'a.csv'),
      (whole) =>
        Buffer.from(whole.toString('latin1').replaceAll(bytes.toString('latin1'), less.toString('latin1')), 'latin1'),
    );
    await expect(unpack(path, 'a.csv')).rejects.toMatchObject(refused(/too many bytes/));
    expect((await readFile(join(folder, 'out'))).length).toBeLessThan(LONG.length);
  });

  it('that unpacks the same bytes over and over is refused', async () => {
    const path = await archive((zip) => {
      for (let n = 0; n < 20; n++) zip.addBuffer(Buffer.from(LONG), `${n}.csv`);
    });
    // Of the files only the first is left, and all of the directory leads to it.
    const whole = await readFile(path);
    const [second, directory, end] = [whole.indexOf(LOCAL, 4), whole.indexOf(CENTRAL), whole.indexOf(END)] as const;
    for (let at = directory; at !== -1; at = whole.indexOf(CENTRAL, at + 4)) whole.writeUInt32LE(0, at + 42);
    whole.writeUInt32LE(second, end + 16);
    await writeFile(path, Buffer.concat([whole.subarray(0, second), whole.subarray(directory)]));
    await expect(listMembers(path)).rejects.toMatchObject(refused(/its files overlap/));
  });

  it('that is none is refused', async () => {
    await writeFile(join(folder, 'data.zip'), 'PK\x03\x04 and nothing more');
    await expect(listMembers(join(folder, 'data.zip'))).rejects.toMatchObject(refused(/cannot be read as zip/));
  });

  it('larger than the disk is not begun', async () => {
    const path = await archive((zip) => zip.addBuffer(Buffer.from(LONG), 'a.csv'));
    const [member] = await listMembers(path);
    const large = { ...member!, bytes: 2 ** 60 };
    await expect(unpackMember(path, large, join(folder, 'out'), undefined)).rejects.toMatchObject({ code: 'MR_SPACE' });
    expect(await readdir(folder)).toEqual(['data.zip']);
  });

  it('can be left in the middle', async () => {
    const path = await archive((zip) => zip.addBuffer(Buffer.from(LONG), 'a.csv'));
    const [member] = await listMembers(path);
    const unpacking = unpackMember(path, member!, join(folder, 'out'), AbortSignal.abort());
    await expect(unpacking).rejects.toMatchObject({ name: 'AbortError' });
  });
});
