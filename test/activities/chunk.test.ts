import { appendFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Account, createChunk } from '../../activities/chunk.js';
import { Duck } from '../../store/duck.js';
import { writeJson } from '../../store/frames.js';
import { quote } from '../../store/sql.js';
import { AS_IT_IS, type Chunked, chunkSource, writeSource } from '../support/sensor-source.js';
import { pathOf, RUN, runMapped, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

const LONG = 'time,sensor,value';
const HOUR_S = 3600;
const NONE: Account = { read: 0, used: 0, quarantined: 0, duplicate: 0, missing: 0, outside: 0, failed: 0 };

const text = (lines: string[]) => `${lines.join('\n')}\n`;

/** Chunks a long CSV of these records. */
async function chunkRecords(records: string[], options: Parameters<typeof chunkSource>[2] = {}): Promise<Chunked> {
  return chunkSource(stores, await writeSource(stores, { 'a.csv': text([LONG, ...records]) }), options);
}

/** All chunks: `2024-01-01 x` → the chunk. */
function chunksOf({ manifest }: Chunked) {
  return new Map(
    manifest.days.flatMap(({ day, chunks }) => chunks.map((chunk) => [`${day} ${chunk.sensor}`, chunk] as const)),
  );
}

/** Value hash of each chunk. */
function hashes(chunked: Chunked): Record<string, string> {
  return Object.fromEntries([...chunksOf(chunked)].map(([name, { valueHash }]) => [name, valueHash]));
}

/** What lies in the store, read by the row ranges of the manifest: `2024-01-01 x` → `00:00:00 1` … in UTC. */
async function contents({ manifest }: Chunked): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const object of manifest.days) {
    const { day, chunks, rows } = object;
    const path = await pathOf(stores, object);
    const stored = await stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) =>
      duck.rows<{ sensor: string; time: number; value: number }>(
        `SELECT sensor, time, value FROM read_parquet(${quote(path)}, file_row_number = true) ORDER BY file_row_number`,
      ),
    );
    expect(chunks.reduce((sum, chunk) => sum + chunk.rows, 0)).toBe(rows);
    for (const chunk of chunks) {
      const own = stored.slice(chunk.from, chunk.from + chunk.rows);
      expect(new Set(own.map(({ sensor }) => sensor))).toEqual(new Set([chunk.sensor]));
      all[`${day} ${chunk.sensor}`] = own.map(
        ({ time, value }) => `${new Date(time / 1000).toISOString().slice(11, 19)} ${value}`,
      );
    }
  }
  return all;
}

/** A record every `minutes` between two moments. */
function every(minutes: number, from: string, to: string, sensor = 'x'): string[] {
  const records: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += minutes * 60_000) {
    records.push(`${new Date(at).toISOString()},${sensor},${records.length}`);
  }
  return records;
}

describe('a chunk', () => {
  test('holds the readings of one sensor on one day, ordered by time', async () => {
    const found = await chunkRecords([
      '2024-01-02 00:00:00,x,5',
      '2024-01-01 12:00:00,x,2',
      '2024-01-01 06:00:00,y,4',
      '2024-01-01 00:00:00,x,1',
      '2024-01-01 23:59:59,x,3',
    ]);
    expect(await contents(found)).toEqual({
      '2024-01-01 x': ['00:00:00 1', '12:00:00 2', '23:59:59 3'],
      '2024-01-01 y': ['06:00:00 4'],
      '2024-01-02 x': ['00:00:00 5'],
    });
    expect(found.account).toEqual({ ...NONE, read: 5, used: 5 });
    expect(found.chunks).toMatchObject({
      chunks: 3,
      days: 2,
      sensors: 2,
      firstDay: '2024-01-01',
      lastDay: '2024-01-02',
    });
    expect(stores.measures).toMatchObject({ chunks: 3, sensors: 2, readings: 5 });
  });

  test('knows its first and last reading, its largest gap and its share of a full day', async () => {
    const day = Date.parse('2024-01-01T00:00:00Z') * 1000;
    const found = chunksOf(
      await chunkRecords([
        ...every(60, '2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z', 'full'),
        ...every(60, '2024-01-01T10:00:00Z', '2024-01-01T13:00:00Z', 'noon'),
        '2024-01-01 18:00:00,single,1',
      ]),
    );
    expect(found.get('2024-01-01 full')).toMatchObject({
      from: 0,
      rows: 24,
      first: day,
      last: day + 23 * 3600e6,
      largestGap: HOUR_S,
      share: 1,
    });
    // Nothing from 12:00 to 24:00; 3 readings an hour apart are 3 of 24.
    expect(found.get('2024-01-01 noon')).toMatchObject({
      from: 24,
      rows: 3,
      first: day + 10 * 3600e6,
      largestGap: 12 * HOUR_S,
      share: 3 / 24,
    });
    // Nothing from 0:00 to 18:00; one reading has no interval, so no share can be told.
    expect(found.get('2024-01-01 single')).toMatchObject({
      from: 27,
      rows: 1,
      first: day + 18 * 3600e6,
      largestGap: 18 * HOUR_S,
      share: 0,
    });
  });

  test('of a constant sensor is a chunk like others', async () => {
    const found = await chunkRecords(['2024-01-01 00:00:00,x,7', '2024-01-01 12:00:00,x,7']);
    expect(await contents(found)).toEqual({ '2024-01-01 x': ['00:00:00 7', '12:00:00 7'] });
  });

  test('is not made for a day without readings', async () => {
    const found = await chunkRecords([
      '2024-01-01,x,1',
      '2024-01-02,y,1',
      '2024-01-04,x,1',
      '2024-01-04,y,1',
      '2024-01-03,x,',
    ]);
    expect(Object.keys(hashes(found))).toEqual(['2024-01-01 x', '2024-01-02 y', '2024-01-04 x', '2024-01-04 y']);
    expect(found.account).toEqual({ ...NONE, read: 5, used: 4, missing: 1 });
  });

  test('keeps its rows, however sensors are called and sorted', async () => {
    const names = ['b', 'B', 'a', 'ä', 'é', 'Z', '10', '9', ' 9', '\uFF5E', '😀', 'x"y', "x'y", 'x\\y', 'a b'];
    const records = names.flatMap((name, i) => [
      `2024-01-01 00:00:00,"${name.replaceAll('"', '""')}",${i}`,
      `2024-01-01 00:01:00,"${name.replaceAll('"', '""')}",${i}`,
    ]);
    const found = await chunkRecords(records);
    expect(await contents(found)).toEqual(
      Object.fromEntries(names.map((name, i) => [`2024-01-01 ${name}`, [`00:00:00 ${i}`, `00:01:00 ${i}`]])),
    );
    expect(found.chunks.sensors).toBe(names.length);
  });
});

describe('days in a zone', () => {
  test.each([
    ['of 23 hours', '2024-03-31', '2024-03-30T23:00:00Z', 23],
    ['of 25 hours', '2024-10-27', '2024-10-26T22:00:00Z', 25],
    ['of 24 hours', '2024-06-01', '2024-05-31T22:00:00Z', 24],
  ])('a full day %s in Berlin has a share of 1 and no gap', async (_, day, start, hours) => {
    const from = Date.parse(start);
    const end = new Date(from + hours * 3600e3).toISOString();
    const found = await chunkRecords(every(10, start, end), { tz: 'Europe/Berlin' });
    expect(found.manifest.days).toHaveLength(1);
    expect(found.manifest.days[0]).toMatchObject({
      day,
      start: from * 1000,
      end: from * 1000 + hours * 3600e6,
      rows: hours * 6,
    });
    expect(found.manifest.days[0]!.chunks[0]).toMatchObject({
      rows: hours * 6,
      share: 1,
      largestGap: 600,
      first: from * 1000,
    });
  });

  test('the hour that clocks show twice is not taken for duplicates where times have no zone', async () => {
    const wall = (hour: number) =>
      Array.from({ length: 6 }, (_, i) => `2024-10-27 ${String(hour).padStart(2, '0')}:${i}0:00`);
    const stamps = [...wall(1), ...wall(2), ...wall(2), ...wall(3)];
    const found = await chunkRecords(
      stamps.map((stamp, i) => `${stamp},a,${i}`),
      { tz: 'Europe/Berlin' },
    );
    expect(found.account).toMatchObject({ read: 24, used: 24, duplicate: 0 });
    const { a } = Object.fromEntries(Object.entries(await contents(found)).map(([key, rows]) => [key.slice(11), rows]));
    expect(a!.map((row) => row.split(' ')[1])).toEqual(stamps.map((_, i) => String(i)));
    expect(found.manifest.days[0]!.chunks[0]).toMatchObject({
      first: Date.parse('2024-10-26T23:00:00Z') * 1000,
      last: Date.parse('2024-10-27T02:50:00Z') * 1000,
    });
  });

  test('in that hour, too, times with a zone and third readings are what they are', async () => {
    const zoned = ['2024-10-27 02:10:00+02:00,a,1', '2024-10-27 02:10:00+01:00,a,2', '2024-10-27 02:10:00+01:00,a,3'];
    expect((await chunkRecords(zoned, { tz: 'Europe/Berlin' })).account).toMatchObject({ used: 2, duplicate: 1 });
    const thrice = ['1', '2', '3'].map((value) => `2024-10-27 02:10:00,a,${value}`);
    expect((await chunkRecords(thrice, { tz: 'Europe/Berlin' })).account).toMatchObject({ used: 1, duplicate: 2 });
    const elsewhere = ['1', '2'].map((value) => `2024-10-27 03:10:00,a,${value}`);
    expect((await chunkRecords(elsewhere, { tz: 'Europe/Berlin' })).account).toMatchObject({ used: 1, duplicate: 1 });
  });

  test.each([
    ['Asia/Kathmandu', '2024-01-01', '2023-12-31T18:15:00Z', 24],
    ['America/Havana', '2024-03-10', '2024-03-10T05:00:00Z', 23],
    ['Africa/Cairo', '2024-04-26', '2024-04-25T22:00:00Z', 23],
    ['Antarctica/Casey', '2023-03-09', '2023-03-08T13:00:00Z', 27],
  ])('the readings around a day of %s fall into it or beside it', async (tz, day, start, hours) => {
    const from = Date.parse(start);
    const around = new Date(from - 3600e3).toISOString();
    const end = new Date(from + (hours + 1) * 3600e3).toISOString();
    const found = await chunkRecords(every(30, around, end), { tz });
    const [before, own, after] = found.manifest.days;
    expect(own).toMatchObject({ day, start: from * 1000, end: from * 1000 + hours * 3600e6, rows: hours * 2 });
    expect(own!.chunks[0]).toMatchObject({ first: own!.start, share: 1 });
    expect([before!.rows, after!.rows]).toEqual([2, 2]);
  });

  test('times without a zone are read in it, and that is said', async () => {
    const found = await chunkRecords(['2024-01-01 00:30:00,x,1'], { tz: 'Asia/Kathmandu' });
    expect(await contents(found)).toEqual({ '2024-01-01 x': ['18:45:00 1'] });
    expect(found.chunks.zonelessIn).toBe('Asia/Kathmandu');
    expect((await chunkRecords(['2024-01-01T00:30:00Z,x,1'])).chunks.zonelessIn).toBeNull();
  });
});

describe('the account of readings', () => {
  test('every reading has one fate', async () => {
    const source = await writeSource(stores, {
      'long.csv': text([
        LONG,
        '2024-01-01,x,1',
        '2024-01-02,x,2',
        '2024-01-02,x,3',
        '2024-01-03,x,',
        'bad,x,4',
        '2024-01-02,x',
        '2024-01-09,x,5',
      ]),
      'wide.csv': text(['time,a,b', '2024-01-02,1,', '2024-01-01,1,2', '2024-01-02,1,zz']),
    });
    const { account, chunks } = await chunkSource(stores, source, { from: '2024-01-02', to: '2024-01-08' });
    // long: x of the 2nd; wide: a and b of the 2nd, where b is once missing and once no number.
    expect(account).toEqual({ read: 13, used: 2, quarantined: 3, duplicate: 2, missing: 2, outside: 4, failed: 0 });
    expect(chunks.quarantined).toEqual({ bad_time: 1, bad_record: 1, not_a_number: 1 });
  });

  test('"from" and "to" are days of the zone, both included', async () => {
    const records = [
      '2024-01-01T14:59:59Z,x,1',
      '2024-01-01T15:00:00Z,x,2',
      '2024-01-03T14:59:59Z,x,3',
      '2024-01-03T15:00:00Z,x,4',
    ];
    const found = await chunkRecords(records, { tz: 'Asia/Tokyo', from: '2024-01-02', to: '2024-01-03' });
    expect(await contents(found)).toEqual({ '2024-01-02 x': ['15:00:00 2'], '2024-01-03 x': ['14:59:59 3'] });
    expect(found.account).toEqual({ ...NONE, read: 4, used: 2, outside: 2 });
  });

  test('when the selection leaves nothing, the message says which dates there are', async () => {
    const records = ['2024-01-05,x,1', '2024-01-01,x,2', '2024-01-03,x,', 'bad,x,1', 'bad,x,2'];
    await expect(chunkRecords(records, { from: '2024-02-01' })).rejects.toMatchObject({
      code: 'MR_NO_CHUNKS',
      message: [
        'of 5 readings none is left: 2 quarantined, 1 missing, 2 outside the selection',
        '  the source has readings from 2024-01-01 to 2024-01-05; selected: from 2024-02-01 to the last',
        '  reasons: bad_time 2',
      ].join('\n'),
    });
  });

  test('when no reading is usable, it says why', async () => {
    await expect(chunkRecords(['2024-01-05,x,on', '2024-01-05,x,off', '2999-01-01,x,2'])).rejects.toMatchObject({
      code: 'MR_NO_CHUNKS',
      message: [
        'of 3 readings none is left: 3 quarantined, 0 missing, 0 outside the selection',
        '  the source has no usable reading; selected: from the first to the last',
        '  reasons: not_a_number 2, time_out_of_range 1',
      ].join('\n'),
    });
  });
});

describe('duplicates', () => {
  test('within a file the last record wins', async () => {
    const found = await chunkRecords([
      '2024-01-01,x,1',
      '2024-01-01 12:00:00,x,5',
      '2024-01-01,x,3',
      '2024-01-01,x,2',
      '2024-01-01,y,9',
    ]);
    expect(await contents(found)).toEqual({
      '2024-01-01 x': ['00:00:00 2', '12:00:00 5'],
      '2024-01-01 y': ['00:00:00 9'],
    });
    expect(found.account).toEqual({ ...NONE, read: 5, used: 3, duplicate: 2 });
    expect(found.manifest.days[0]).toMatchObject({ rows: 3, duplicates: 2 });
  });

  test('of sensors whose names hold NUL are found as well', async () => {
    const lines = text([LONG, '2024-01-01,x\0y,1', '2024-01-01,x\0y,2', '2024-01-01,z,2']);
    const found = await chunkSource(stores, await writeSource(stores, { 'a.csv': lines }), { encoding: 'utf-8' });
    expect(await contents(found)).toEqual({ '2024-01-01 x\uFFFDy': ['00:00:00 2'], '2024-01-01 z': ['00:00:00 2'] });
  });

  test('are found in files with bad records and without', async () => {
    const source = await writeSource(stores, {
      'a.csv': text([LONG, '2024-01-01,x,1', '2024-01-01,x', '2024-01-01,x,2']),
      'b.csv': text([LONG, '2024-01-01,x,3']),
    });
    const found = await chunkSource(stores, source);
    expect(await contents(found)).toEqual({ '2024-01-01 x': ['00:00:00 3'] });
    expect(found.account).toEqual({ ...NONE, read: 4, used: 1, duplicate: 2, quarantined: 1 });
  });

  test('exact ones count as well', async () => {
    const found = await chunkRecords(['2024-01-01,x,1', '2024-01-01,x,1', '2024-01-01,x,1']);
    expect(await contents(found)).toEqual({ '2024-01-01 x': ['00:00:00 1'] });
    expect(found.account).toEqual({ ...NONE, read: 3, used: 1, duplicate: 2 });
  });

  test('the same moment in two zones is one', async () => {
    const found = await chunkRecords(['2024-01-01T12:00:00Z,x,1', '2024-01-01T13:00:00+01:00,x,2']);
    expect(await contents(found)).toEqual({ '2024-01-01 x': ['12:00:00 2'] });
  });

  test('one that cannot be used or is missing replaces nothing', async () => {
    const found = await chunkRecords(['2024-01-01,x,1', '2024-01-01,x,zz', '2024-01-01,x,']);
    expect(await contents(found)).toEqual({ '2024-01-01 x': ['00:00:00 1'] });
    expect(found.account).toEqual({ ...NONE, read: 3, used: 1, quarantined: 1, missing: 1 });
  });

  test('of several files the last by path wins, whatever its records are worth', async () => {
    const one = text([LONG, '2024-01-01,x,1']);
    const two = text([LONG, '2024-01-01,x,2']);
    const source = await writeSource(stores, { 'a.csv': two, 'b.csv': one });
    const found = await chunkSource(stores, source);
    expect(await contents(found)).toEqual({ '2024-01-01 x': ['00:00:00 1'] });
    expect(found.account).toEqual({ ...NONE, read: 2, used: 1, duplicate: 1 });

    // The same readings, but now the other file is the last: the day must be made anew.
    await rename(join(source, 'a.csv'), join(source, 'c.csv'));
    const again = await chunkSource(stores, source);
    expect(await contents(again)).toEqual({ '2024-01-01 x': ['00:00:00 2'] });
    expect(again.chunks).toMatchObject({ made: 1, kept: 0 });
  });

  test('records that change places make the day anew', async () => {
    await chunkRecords(['2024-01-01,x,1', '2024-01-01,x,2']);
    const found = await chunkRecords(['2024-01-01,x,2', '2024-01-01,x,1']);
    expect(await contents(found)).toEqual({ '2024-01-01 x': ['00:00:00 1'] });
  });

  test('a day with some is kept as others are', async () => {
    await chunkRecords(['2024-01-01,x,1', '2024-01-01,x,2']);
    const found = await chunkRecords(['2024-01-01,x,1', '2024-01-01,x,2']);
    expect(found.chunks).toMatchObject({ made: 0, kept: 1 });
    expect(found.account).toEqual({ ...NONE, read: 2, used: 1, duplicate: 1 });
  });
});

describe('value hashes', () => {
  const times = Array.from({ length: 300 }, (_, i) =>
    new Date(Date.parse('2024-01-01T00:00:00Z') + i * 600_000).toISOString(),
  );
  const value = (i: number, sensor: string) => (Math.sin(i) * (sensor === 'x' ? 1 : 1e6)).toString();
  const long = times.flatMap((time, i) => ['x', 'y'].map((sensor) => `${time},a/${sensor},${value(i, sensor)}`));
  const wide = text(['time,x,y', ...times.map((time, i) => `${time},${value(i, 'x')},${value(i, 'y')}`)]);

  async function hashesOf(files: Record<string, string | Uint8Array>, source = 'other') {
    return hashes(await chunkSource(stores, await writeSource(stores, files, source)));
  }

  test('are of the values only: neither the order of rows, nor the form, nor the layout of files matters', async () => {
    const plain = await hashesOf({ 'a.csv': text([LONG, ...long]) }, 'plain');
    expect(Object.keys(plain)).toHaveLength(6);
    expect(new Set(Object.values(plain)).size).toBe(6);
    const shuffled = long.map((record, i) => ({ record, at: (i * 7919) % 600 })).sort((a, b) => a.at - b.at);
    expect(await hashesOf({ 'a.csv': text([LONG, ...shuffled.map(({ record }) => record)]) }, 'shuffled')).toEqual(
      plain,
    );
    expect(await hashesOf({ 'a.csv': wide }, 'wide')).toEqual(plain);
    expect(await hashesOf({ 'a.csv.gz': gzipSync(wide) }, 'gzip')).toEqual(plain);
    expect(await hashesOf({ 'a.tsv': wide.replaceAll(',', '\t') }, 'tsv')).toEqual(plain);
    const parts = Object.fromEntries(
      [0, 1, 2, 3].map((part) => [`p${part}.csv`, text([LONG, ...long.filter((_, i) => i % 4 === part)])]),
    );
    expect(await hashesOf(parts, 'parts')).toEqual(plain);
  });

  test('are the same from Parquet', async () => {
    const csv = await hashesOf({ 'a.csv': wide }, 'csv');
    const source = await writeSource(stores, { '.keep': '' }, 'parquet');
    await stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) =>
      duck.run(
        `COPY (SELECT time::TIMESTAMPTZ AS time, x::DOUBLE AS x, y::DOUBLE AS y
               FROM read_csv(${quote(join(stores.folder, 'csv', 'a.csv'))}, all_varchar = true))
         TO ${quote(join(source, 'a.parquet'))} (FORMAT parquet)`,
      ),
    );
    expect(hashes(await chunkSource(stores, source))).toEqual(csv);
  });

  test('are the same from one thread and from two', async () => {
    const source = await writeSource(stores, { 'a.csv': wide });
    const two = await chunkSource(stores, source);
    const other = await testStores();
    try {
      const duck = new Duck({ memoryMiB: 256, threads: 1, scratch: join(other.folder, 'scratch') });
      const one = await chunkSource({ ...other, duck }, source);
      expect(hashes(one)).toEqual(hashes(two));
      expect(one.chunks.valueHash).toBe(two.chunks.valueHash);
    } finally {
      await other.close();
    }
  });

  test('differ with a value, a time, and the bounds of the day', async () => {
    const base = ['2024-01-01T12:00:00Z,x,1', '2024-01-01T13:00:00Z,x,2'];
    const variants = [
      await chunkRecords(base),
      await chunkRecords([base[0]!, '2024-01-01T13:00:00Z,x,2.0000000000000004']),
      await chunkRecords([base[0]!, '2024-01-01T13:00:00.000001Z,x,2']),
      await chunkRecords(base, { tz: 'Asia/Tokyo' }),
    ];
    expect(new Set(variants.map((each) => hashes(each)['2024-01-01 x'])).size).toBe(4);
  });

  test('do not tell the sensor: equal readings of two sensors share theirs', async () => {
    const found = hashes(await chunkRecords(['2024-01-01,x,1', '2024-01-01,y,1']));
    expect(found['2024-01-01 x']).toBe(found['2024-01-01 y']);
  });
});

describe('re-use', () => {
  const files = {
    'a.csv': text([LONG, ...every(60, '2024-01-01T00:00:00Z', '2024-01-03T00:00:00Z', 'x')]),
    'b.csv': text([LONG, ...every(60, '2024-01-01T00:00:00Z', '2024-01-03T00:00:00Z', 'y')]),
  };

  test('a second run over the same source makes nothing', async () => {
    const source = await writeSource(stores, files);
    const first = await chunkSource(stores, source);
    expect(first.chunks).toMatchObject({ made: 2, kept: 0, chunks: 4 });
    const second = await chunkSource(stores, source);
    expect(second.chunks).toEqual({ ...first.chunks, made: 0, kept: 2 });
    expect(second.read).toMatchObject({ items: 2, kept: 2 });
  });

  test('a new file with a new day makes that day only', async () => {
    const source = await writeSource(stores, files);
    const first = await chunkSource(stores, source);
    await writeSource(stores, { 'c.csv': text([LONG, '2024-01-03T12:00:00Z,x,1']) });
    const second = await chunkSource(stores, source);
    expect(second.read).toMatchObject({ items: 3, kept: 2 });
    expect(second.chunks).toMatchObject({ made: 1, kept: 2, chunks: 5 });
    expect(hashes(second)).toMatchObject(hashes(first));
  });

  test('a late row makes its own day anew, and changes the hash of its own chunk only', async () => {
    const source = await writeSource(stores, files);
    const first = await chunkSource(stores, source);
    await appendFile(join(source, 'a.csv'), '2024-01-02T00:30:00Z,x,99\n');
    const second = await chunkSource(stores, source);
    expect(second.chunks).toMatchObject({ made: 1, kept: 1 });
    const before = hashes(first);
    const after = hashes(second);
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(['2024-01-02 x']);
    expect(second.chunks.valueHash).not.toBe(first.chunks.valueHash);
  });

  test('a narrower selection uses what is there', async () => {
    const source = await writeSource(stores, files);
    await chunkSource(stores, source);
    const narrow = await chunkSource(stores, source, { from: '2024-01-02' });
    expect(narrow.chunks).toMatchObject({ made: 0, kept: 1, chunks: 2 });
    expect(narrow.account).toEqual({ ...NONE, read: 96, used: 48, outside: 48 });
  });

  test('a row that is taken away brings the chunk back that was there before', async () => {
    const source = await writeSource(stores, { 'a.csv': files['a.csv'] });
    const first = await chunkSource(stores, source);
    await writeSource(stores, { 'b.csv': text([LONG, '2024-01-01T00:30:00Z,x,99']) });
    await chunkSource(stores, source);
    await rm(join(source, 'b.csv'));
    const third = await chunkSource(stores, source);
    expect(third.chunks).toMatchObject({ made: 0, kept: 2, valueHash: first.chunks.valueHash });
  });

  test('days whose object is gone from the store are made anew', async () => {
    const source = await writeSource(stores, files);
    const first = await chunkSource(stores, source);
    await stores.objects.remove(first.manifest.days[0]!.uri);
    const second = await chunkSource(stores, source);
    expect(second.chunks).toMatchObject({ made: 2, kept: 0, valueHash: first.chunks.valueHash });
    expect(await contents(second)).toHaveProperty('2024-01-01 x');
  });

  test('other code makes all anew, to the same hashes', async () => {
    const source = await writeSource(stores, files);
    const first = await chunkSource(stores, source);
    const second = await chunkSource({ ...stores, codeHash: (step) => `newer code of ${step}` }, source);
    expect(second.chunks).toMatchObject({ made: 2, kept: 0, valueHash: first.chunks.valueHash });
  });
});

test('a batch that was cancelled makes nothing more', async () => {
  const { chunks, staged } = await chunkRecords(['2024-01-01,x,1', '2024-01-02,x,1']);
  const ref = await writeJson(stores.objects, 'staged-sources', staged);
  const step = createChunk({ ...stores, codeHash: (name) => `newer code of ${name}` });
  const inputs = { staged: { ...ref, files: 1, read: 2 }, tz: 'UTC', selection: { from: null, to: null }, ...AS_IT_IS };
  const call = { run: RUN, step: 'chunk', inputs };
  const { worklist, items } = await step.plan(call, stores.attempt());
  expect(items).toBe(chunks.days);
  const batch = { ...call, worklist, slice: { from: 0, to: 2 }, batch: 1, batches: 1 };
  await expect(step.batch(batch, stores.attempt(AbortSignal.abort()))).rejects.toMatchObject({ name: 'AbortError' });
  expect(await step.plan(call, stores.attempt())).toMatchObject({ items: 2, kept: 0 });
});

test('an account of readings that does not add up fails the run, with all fates', async () => {
  const { staged } = await chunkRecords(['2024-01-01,x,1', '2024-01-01,x,', '2024-01-02,x,1']);
  const lost = staged.map((file) => ({ ...file, read: file.read + 1 }));
  const ref = await writeJson(stores.objects, 'staged-sources', lost);
  const inputs = { staged: { ...ref, files: 1, read: 4 }, tz: 'UTC', selection: { from: null, to: null }, ...AS_IT_IS };
  await expect(runMapped(stores, 'chunk', createChunk(stores), inputs)).rejects.toMatchObject({
    code: 'MR_ACCOUNT',
    message: expect.stringContaining('4 readings were read, but their fates add up to 3'),
  });
});
