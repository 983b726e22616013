import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReadParams } from '../../activities/choice.js';
import { createRead, type Staged, type StagedFile } from '../../activities/read.js';
import { listSource, type SourceFile } from '../../activities/source.js';
import { readJson, writeJson } from '../../store/frames.js';
import type { Stored } from '../../store/objects/object-store.js';
import { quote } from '../../store/sql.js';
import { inspectListing, writeSource } from '../support/sensor-source.js';
import { pathOf, runMapped, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

type Options = Partial<ReadParams & { tz: string }>;

async function readPinned(files: SourceFile[], { tz = 'UTC', ...params }: Options = {}) {
  const listing = {
    ref: await writeJson(stores.objects, 'listings', files),
    source: 'test',
    files: files.length,
    bytes: 0,
  };
  const inspected = await inspectListing(stores, listing, params);
  const { output, items, kept } = await runMapped(stores, 'read', createRead(stores), { inspected, tz });
  const staged = await readJson<StagedFile[]>(stores.objects, output satisfies Staged);
  return { output, staged, made: items - kept };
}

/** Reads a source: `2024-01-01T00:00:00.000Z x 1` of each usable reading, in their order, and what was set apart. */
async function read(source: string, options: Options = {}) {
  const { staged } = await readPinned(await listSource(source, []), options);
  const readings: string[] = [];
  const quarantine: string[] = [];
  for (const file of staged) {
    if (file.read === 0) continue;
    const good = await rows<{ time: number; sensor: string; value: number }>(
      file.object!,
      'time, sensor, value',
      'reason IS NULL',
    );
    for (const { time, sensor, value } of good)
      readings.push(`${new Date(time / 1000).toISOString()} ${sensor} ${value}`);
    if (file.quarantine === null) continue;
    const bad = await rows<{ record: number; sensor: string; reason: string; raw: string }>(
      file.quarantine,
      'record::DOUBLE AS record, sensor, reason, raw',
    );
    quarantine.push(
      ...bad.map(({ record, sensor, reason, raw }) => `${file.name} #${record} ${sensor} ${reason}: ${raw}`),
    );
  }
  const sum = (count: (file: StagedFile) => number) => staged.reduce((total, file) => total + count(file), 0);
  const counts = {
    read: sum((file) => file.read),
    usable: readings.length,
    missing: sum((file) => file.missing),
    quarantined: sum((file) => Object.values(file.quarantined).reduce((a, b) => a + b, 0)),
  };
  expect(counts.usable + counts.missing + counts.quarantined).toBe(counts.read);
  return { readings, quarantine, staged, ...counts };
}

async function rows<T>(object: Stored, columns: string, where = 'true'): Promise<T[]> {
  const path = await pathOf(stores, object);
  return stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) =>
    duck.rows<T>(
      `SELECT ${columns} FROM read_parquet(${quote(path)}, file_row_number = true) WHERE ${where} ORDER BY file_row_number`,
    ),
  );
}

/** Reads one CSV of these lines. */
async function readLines(lines: string[], options: Options = {}) {
  return read(await writeSource(stores, { 'a.csv': `${lines.join('\n')}\n` }), options);
}

/** Reads one Parquet file of a query. */
async function readParquet(sql: string, options: Options = {}) {
  const folder = await writeSource(stores, { '.keep': '' });
  await writeParquet(join(folder, 'a.parquet'), sql);
  return read(folder, options);
}

async function writeParquet(path: string, sql: string, how = 'FORMAT parquet'): Promise<void> {
  await stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) =>
    duck.run(`COPY (${sql}) TO ${quote(path)} (${how})`),
  );
}

const LONG = 'time,sensor,value';

describe('kinds of files', () => {
  const lines = [LONG, '2024-01-01 00:00:00,x,1', '2024-01-01 00:01:00,"y, z",2.5'];
  const csv = `${lines.join('\n')}\n`;
  const tsv = 'time\tsensor\tvalue\n2024-01-01 00:00:00\tx\t1\n2024-01-01 00:01:00\ty, z\t2.5\n';
  const readings = ['2024-01-01T00:00:00.000Z x 1', '2024-01-01T00:01:00.000Z y, z 2.5'];

  test.each<[string, string, string | Uint8Array]>([
    ['CSV', 'a.csv', csv],
    ['CSV without a line end behind the last record', 'a.csv', csv.trimEnd()],
    ['CSV with CRLF', 'a.csv', csv.replaceAll('\n', '\r\n')],
    ['CSV with a byte order mark', 'a.csv', `\uFEFF${csv}`],
    [
      'CSV with a byte order mark and a quoted header',
      'a.csv',
      `\uFEFF${csv.replace(LONG, '"time","sensor","value"')}`,
    ],
    ['CSV with blank lines', 'a.csv', csv.replaceAll('\n', '\n\n')],
    ['gzip CSV', 'a.csv.gz', gzipSync(csv)],
    ['gzip CSV in two parts', 'a.csv.gz', Buffer.concat([gzipSync(csv.slice(0, 30)), gzipSync(csv.slice(30))])],
    ['gzip CSV with capitals', 'A.CSV.GZ', gzipSync(csv)],
    ['TSV', 'a.tsv', tsv],
    ['gzip TSV', 'a.tsv.gz', gzipSync(tsv)],
    ['a name that is a glob', 'a[1]*.csv', csv],
    ['a gzip file whose name is a glob', '{a}?.csv.gz', gzipSync(csv)],
    ['a name with quotes, spaces and umlauts', `it's "süd" 1.csv`, csv],
  ])('%s', async (_, name, content) => {
    const source = await writeSource(stores, { [name]: content, 'a1b.csv': `${LONG}\n` });
    const found = await read(source);
    expect(found.readings).toEqual(readings);
    expect(found.read).toBe(2);
  });

  test('Parquet', async () => {
    const found = await readParquet(`
      SELECT * FROM (VALUES (TIMESTAMP '2024-01-01', 'x', 1), (TIMESTAMP '2024-01-01 00:01:00', 'y, z', 2.5)) t(time, sensor, value)`);
    expect(found.readings).toEqual(readings);
  });

  test('a wide file: sensors are called after the file and the column', async () => {
    const source = await writeSource(stores, { 'north/hall.csv': 'time,"flow, in","a ""b"""\n2024-01-01,1,2\n' });
    const found = await read(source);
    expect(found.readings).toEqual([
      '2024-01-01T00:00:00.000Z north/hall/flow, in 1',
      '2024-01-01T00:00:00.000Z north/hall/a "b" 2',
    ]);
  });

  test('columns without a name or of one name are told apart', async () => {
    const found = await readLines(['time,,a,a', '2024-01-01,1,2,3']);
    expect(found.readings.map((each) => each.slice(25))).toEqual(['a/column2 1', 'a/a 2', 'a/a_2 3']);
  });

  test('a folder called month=3 adds no column and no name, neither to CSV nor to Parquet', async () => {
    const source = await writeSource(stores, { 'year=2024/month=3/a.csv': 'time,x\n2024-01-01,1\n' });
    await writeParquet(join(source, 'year=2024/month=3/b.parquet'), `SELECT DATE '2024-01-01' AS time, 2 AS x`);
    const found = await read(source);
    expect(found.readings.map((each) => each.slice(25))).toEqual(['a/x 1', 'b/x 2']);
  });
});

describe('times', () => {
  const at = async (stamp: string, tz: string) => {
    const { readings, quarantine } = await readLines([LONG, `${stamp},x,1`], { tz });
    return [...readings, ...quarantine][0]!.split(' x ')[0];
  };

  test.each([
    ['2024-06-01T12:00:00Z', '2024-06-01T12:00:00.000Z', '2024-06-01T12:00:00.000Z'],
    ['2024-06-01 12:00:00', '2024-06-01T12:00:00.000Z', '2024-06-01T10:00:00.000Z'],
    ['2024-06-01T12:00', '2024-06-01T12:00:00.000Z', '2024-06-01T10:00:00.000Z'],
    ['2024-06-01', '2024-06-01T00:00:00.000Z', '2024-05-31T22:00:00.000Z'],
    ['2024-06-01T12:00:00+02:00', '2024-06-01T10:00:00.000Z', '2024-06-01T10:00:00.000Z'],
    ['2024-06-01 12:00:00+0200', '2024-06-01T10:00:00.000Z', '2024-06-01T10:00:00.000Z'],
    ['2024-06-01T12:00:00-05', '2024-06-01T17:00:00.000Z', '2024-06-01T17:00:00.000Z'],
    ['2024-06-01 12:00:00.25-05:30', '2024-06-01T17:30:00.250Z', '2024-06-01T17:30:00.250Z'],
    ['2024-06-01 12:00:00 America/New_York', '2024-06-01T16:00:00.000Z', '2024-06-01T16:00:00.000Z'],
    [' 2024-06-01 12:00:00 ', '2024-06-01T12:00:00.000Z', '2024-06-01T10:00:00.000Z'],
  ])('%j', async (stamp, utc, berlin) => {
    expect(await at(stamp, 'UTC')).toBe(utc);
    expect(await at(stamp, 'Europe/Berlin')).toBe(berlin);
  });

  test('microseconds are kept, finer ones cut off', async () => {
    const { staged } = await readLines([LONG, '2024-01-01 00:00:00.123456,x,1', '2024-01-01T00:00:00.1234569Z,x,2']);
    expect(await rows(staged[0]!.object!, 'time')).toEqual([{ time: 1704067200123456 }, { time: 1704067200123456 }]);
  });

  test('an hour that clocks skip is read as the next one, of one that comes twice the later', async () => {
    expect(await at('2024-03-31 02:30:00', 'Europe/Berlin')).toBe('2024-03-31T01:30:00.000Z');
    expect(await at('2024-10-27 02:30:00', 'Europe/Berlin')).toBe('2024-10-27T01:30:00.000Z');
  });

  test.each(['soon', '2024-02-30', '2024-13-01', '12:00'])('%j is no time', async (stamp) => {
    expect((await readLines([LONG, `${stamp},x,1`])).quarantine).toEqual([`a #1 x bad_time: ${stamp},x,1`]);
    expect((await readLines([LONG, `${stamp},x,1`], { tz: 'Asia/Kathmandu' })).quarantine).toEqual([
      `a #1 x bad_time: ${stamp},x,1`,
    ]);
  });

  test.each(['2999-01-01', '1969-12-31 23:59:59', '2100-01-01', 'infinity'])(
    '%j is a time nobody measured at',
    async (stamp) => {
      expect((await readLines([LONG, `${stamp},x,1`])).quarantine).toEqual([`a #1 x time_out_of_range: ${stamp},x,1`]);
    },
  );

  test.each([
    [`TIMESTAMP '2024-06-01 12:00:00'`, '2024-06-01T12:00:00.000Z', '2024-06-01T10:00:00.000Z', true],
    [`TIMESTAMP_NS '2024-06-01 12:00:00.5'`, '2024-06-01T12:00:00.500Z', '2024-06-01T10:00:00.500Z', true],
    [`TIMESTAMPTZ '2024-06-01 12:00:00+02'`, '2024-06-01T10:00:00.000Z', '2024-06-01T10:00:00.000Z', false],
    [`DATE '2024-06-01'`, '2024-06-01T00:00:00.000Z', '2024-05-31T22:00:00.000Z', true],
    [`'2024-06-01T12:00:00Z'`, '2024-06-01T12:00:00.000Z', '2024-06-01T12:00:00.000Z', false],
  ])('Parquet %s', async (literal, utc, berlin, zoneless) => {
    const sql = `SELECT ${literal} AS time, 'x' AS sensor, 1.0 AS value`;
    const inUtc = await readParquet(sql);
    expect(inUtc.readings).toEqual([`${utc} x 1`]);
    expect(inUtc.staged[0]!.zoneless).toBe(zoneless);
    expect((await readParquet(sql, { tz: 'Europe/Berlin' })).readings).toEqual([`${berlin} x 1`]);
  });

  test('whether times have a zone is seen in text too', async () => {
    const zoneless = async (stamp: string) => (await readLines([LONG, `${stamp},x,1`])).staged[0]!.zoneless;
    expect(await zoneless('2024-01-01 00:00:00')).toBe(true);
    expect(await zoneless('2024-01-01')).toBe(true);
    expect(await zoneless('2024-01-01T00:00:00Z')).toBe(false);
    expect(await zoneless('2024-01-01 00:00:00-05')).toBe(false);
  });
});

describe('dates as 03/04/2024', () => {
  const long = (stamps: string[]) => `${LONG}\n${stamps.map((stamp) => `${stamp},x,1.5`).join('\n')}\n`;
  const minutes = (day: string) =>
    Array.from(
      { length: 1440 },
      (_, i) => `${day} ${String(Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`,
    );

  test('are settled by days that come only far down in the file', async () => {
    const early = [...Array(6)].flatMap(() => minutes('03/03/2024'));
    const late = [...minutes('04/03/2024'), ...minutes('13/03/2024')];
    const found = await read(await writeSource(stores, { 'a.csv': long([...early, ...late]) }));
    expect(found.readings.at(-1)).toBe('2024-03-13T23:59:00.000Z x 1.5');
    expect(found.quarantined).toBe(0);
  });

  test('are settled by other files of the source', async () => {
    const found = await read(
      await writeSource(stores, { 'a.csv': long(['03/04/2024 10:00']), 'b.csv': long(['13/04/2024 10:00']) }),
    );
    expect(found.readings[0]).toBe('2024-04-03T10:00:00.000Z x 1.5');
  });

  test('are found beside records of very many cells', async () => {
    const days = Array.from({ length: 20_000 }, (_, at) => `03/04/2024 10:${String(at % 60).padStart(2, '0')}`);
    const lines = long(days).trimEnd().split('\n');
    const found = await read(
      await writeSource(stores, {
        'a.csv': `${[...lines, 'a,'.repeat(300_000), '13/04/2024 10:00,x,1.5'].join('\n')}\n`,
      }),
    );
    expect(found.staged[0]!.quarantined).toEqual({ bad_record: 1 });
    expect(found.readings[0]).toContain('2024-04-03T10:00');
  });

  test('and numbers as 1.250 are read as in the other files of a source', async () => {
    const day = (n: number, values: string[]) =>
      `Zeit;Druck\n${values.map((value, at) => `0${n}.03.2024 0${at}:00;${value}`).join('\n')}\n`;
    const found = await read(
      await writeSource(stores, { 'a.csv': day(1, ['1.250,5', '980,25']), 'b.csv': day(2, ['1.250', '1.125']) }),
      { dayFirst: true },
    );
    expect(found.readings.map((reading) => reading.split(' ')[2])).toEqual(['1250.5', '980.25', '1250', '1125']);
  });

  test('are not looked for in a file that is damaged: it is named', async () => {
    const days = Array.from({ length: 40_000 }, (_, at) => `03/04/2024 10:${String(at % 60).padStart(2, '0')}`);
    const bytes = gzipSync(Buffer.from(`\ufeff${long(days)}`, 'utf16le'));
    bytes[bytes.length - 8]! ^= 1;
    await expect(read(await writeSource(stores, { 'a.csv.gz': bytes }))).rejects.toMatchObject({
      code: 'MR_FILE_UNREADABLE',
      message: expect.stringMatching(/a\.csv\.gz cannot be read as text: incorrect data check/),
    });
  });

  test('that nothing settles end the run, and the message says which param to set', async () => {
    const source = await writeSource(stores, { 'a.csv': long(['03/04/2024 10:00', '03/04/2024 11:00']) });
    await expect(read(source)).rejects.toMatchObject({
      code: 'MR_TIME_AMBIGUOUS',
      message: expect.stringMatching(
        /"03\/04\/2024 10:00" in the column "time" may be day 03 of month 04.*\n.*dayFirst=true/s,
      ),
    });
    expect((await read(source, { dayFirst: false })).readings[0]).toBe('2024-03-04T10:00:00.000Z x 1.5');
    expect((await read(source, { dayFirst: true })).readings[0]).toBe('2024-04-03T10:00:00.000Z x 1.5');
  });
});

test('line ends that change far down in a file, and times that end there, are read', async () => {
  const good = Array.from({ length: 20_000 }, (_, i) => `2024-01-01 00:00:${String(i % 60).padStart(2, '0')},x,${i}`);
  const mixed = `${LONG}\n${good.join('\n')}\n${good.slice(0, 50).join('\r\n')}\r\n${good.slice(0, 50).join('\n')}\n`;
  expect((await read(await writeSource(stores, { 'a.csv': mixed }))).usable).toBe(20_100);
  const half = [...good.slice(0, 3000), ...good.map((line) => line.replace(/^[^,]*/, 'soon'))].join('\n');
  const found = await read(await writeSource(stores, { 'a.csv': `${LONG}\n${half}\n` }, 'half'));
  expect(found).toMatchObject({ usable: 3000, quarantined: 20_000 });
});

describe('the day of a reading', () => {
  const days = async (stamps: string[], tz: string) => {
    const { staged } = await readLines([LONG, ...stamps.map((stamp) => `${stamp},x,1`)], { tz });
    const found = await rows<{ day: string }>(staged[0]!.object!, `(DATE '1970-01-01' + day)::VARCHAR AS day`);
    return found.map(({ day }) => day);
  };

  test.each([
    ['UTC', ['2024-01-01T23:59:59.999999Z', '2024-01-02T00:00:00Z'], ['2024-01-01', '2024-01-02']],
    [
      'Europe/Berlin',
      ['2024-03-30T23:00:00Z', '2024-03-31T21:59:59Z', '2024-03-31T22:00:00Z'],
      ['2024-03-31', '2024-03-31', '2024-04-01'],
    ],
    [
      'Europe/Berlin',
      ['2024-10-26T22:00:00Z', '2024-10-27T22:59:59Z', '2024-10-27T23:00:00Z'],
      ['2024-10-27', '2024-10-27', '2024-10-28'],
    ],
    ['Asia/Kathmandu', ['2024-01-01T18:14:59Z', '2024-01-01T18:15:00Z'], ['2024-01-01', '2024-01-02']],
    [
      'America/Havana',
      ['2024-03-10T04:59:59Z', '2024-03-10T05:00:00Z', '2024-03-10 00:30:00'],
      ['2024-03-09', '2024-03-10', '2024-03-10'],
    ],
    [
      'Africa/Cairo',
      ['2024-04-25T21:59:59Z', '2024-04-25T22:00:00Z', '2024-04-26 00:30:00'],
      ['2024-04-25', '2024-04-26', '2024-04-26'],
    ],
  ])('%s %j', async (tz, stamps, expected) => {
    expect(await days(stamps, tz)).toEqual(expected);
  });
});

describe('values', () => {
  const stamp = '2024-01-01 00:00:00';
  const meaning = async (cell: string) => {
    const { readings, quarantine, missing } = await readLines([LONG, `${stamp},x,${cell}`]);
    if (missing === 1) return 'missing';
    return readings[0]?.split(' x ')[1] ?? quarantine[0]!.split(' ')[3]!.replace(':', '');
  };

  test.each([
    ['1e5', '100000'],
    ['"1.5"', '1.5'],
    [' 1.5 ', '1.5'],
    ['+2', '2'],
    ['.5', '0.5'],
    ['1e308', '1e+308'],
    ['9007199254740993', '9007199254740992'],
    // What DuckDB takes for a number, as many languages do in their own text.
    ['1_000', '1000'],
    ['true', '1'],
    ['off', '0'],
    ['"1,5"', '1.5'],
    ['1.5 °C', '1.5'],
  ])('%j is a number', async (cell, value) => {
    expect(await meaning(cell)).toBe(value);
  });

  test('-0 is 0', async () => {
    const { staged } = await readLines([LONG, `${stamp},x,-0`, `${stamp},x,-0.0`]);
    expect(await rows(staged[0]!.object!, 'value')).toEqual([{ value: 0 }, { value: 0 }]);
  });

  test.each(['', '""', ' ', 'NA', 'n/a', 'null', 'None', '-', '--', 'NaN', 'nan', '?'])(
    '%j is a missing reading',
    async (cell) => {
      expect(await meaning(cell)).toBe('missing');
    },
  );

  test.each(['0x10', 'standby', '1e', '#REF!', '1.5.2024 °C'])('%j is not a number', async (cell) => {
    expect(await meaning(cell)).toBe('not_a_number');
  });

  test.each(['inf', '-Infinity', '1e309'])('%j is not finite', async (cell) => {
    expect(await meaning(cell)).toBe('not_finite');
  });

  test('a sensor must have a name; it is taken as it stands', async () => {
    const found = await readLines([
      LONG,
      `${stamp},,1`,
      `${stamp},"",1`,
      `${stamp},"  ",1`,
      `${stamp},null,1`,
      `${stamp}, a ,1`,
    ]);
    expect(found.staged[0]!.quarantined).toEqual({ no_sensor: 3 });
    expect(found.readings.map((each) => each.slice(25))).toEqual(['null 1', ' a  1']);
  });

  test('Parquet may hold them as any type of number; without a number they are missing', async () => {
    const found = await readParquet(`
      SELECT DATE '2024-01-01' AS time, 1::TINYINT AS a, 9007199254740993::BIGINT AS b, 1.25::DECIMAL(9, 4) AS c, true AS d,
             NULL::DOUBLE AS e, 'nan'::DOUBLE AS f, '7' AS g, DATE '2024-01-01' AS h`);
    expect(found.readings.map((each) => each.slice(25))).toEqual([
      'a/a 1',
      'a/b 9007199254740992',
      'a/c 1.25',
      'a/d 1',
      'a/g 7',
    ]);
    expect(found.missing).toBe(2);
    expect(found.staged[0]!.quarantined).toEqual({});
  });

  test('Parquet columns of one type are read as those of several', async () => {
    const single = await readParquet(`SELECT DATE '2024-01-01' AS time, 0.1::FLOAT AS x, 0.2::FLOAT AS y`);
    const mixed = await readParquet(`SELECT DATE '2024-01-01' AS time, 0.1::FLOAT AS x, 0.2::FLOAT AS y, 1 AS z`);
    expect(single.readings).toEqual([
      `2024-01-01T00:00:00.000Z a/x ${Math.fround(0.1)}`,
      `2024-01-01T00:00:00.000Z a/y ${Math.fround(0.2)}`,
    ]);
    expect(mixed.readings.slice(0, 2)).toEqual(single.readings);
  });
});

describe('quarantine', () => {
  test('names record, sensor, reason and raw text', async () => {
    const found = await readLines([
      LONG,
      '2024-01-01 00:00:00,x,1.5',
      '2024-01-01 00:00:30,x,1.75',
      'soon,x,2',
      '2024-01-01 00:02:00,x,"1,5"',
      ',x,4',
      '2024-01-01 00:04:00,,5',
      '2999-01-01,x,6',
      '2024-01-01 00:06:00,x,inf',
      '2024-01-01 00:07:00,x,',
    ]);
    expect(found.quarantine).toEqual([
      'a #3 x bad_time: soon,x,2',
      'a #4 x not_a_number: 2024-01-01 00:02:00,x,1,5',
      'a #5 x no_time: x,4',
      'a #6 null no_sensor: 2024-01-01 00:04:00,5',
      'a #7 x time_out_of_range: 2999-01-01,x,6',
      'a #8 x not_finite: 2024-01-01 00:06:00,x,inf',
    ]);
    expect(found).toMatchObject({ read: 9, usable: 2, missing: 1, quarantined: 6 });
  });

  test('records keep their numbers behind those the CSV reader rejects', async () => {
    const found = await readLines([
      LONG,
      '2024-01-01 00:00:00,x',
      'bad,x,2',
      '2024-01-01 00:02:00,x,3,4',
      '2024-01-01 00:03:00,"x"y,4',
      'bad,x,5',
      '2024-01-01 00:05:00,x,6',
      '2024-01-01',
      'bad,x,8',
    ]);
    expect(found.quarantine).toEqual([
      'a #1 null bad_record: 2024-01-01 00:00:00,x',
      'a #2 x bad_time: bad,x,2',
      'a #3 null bad_record: 2024-01-01 00:02:00,x,3,4',
      'a #4 null bad_record: 2024-01-01 00:03:00,"x"y,4',
      'a #5 x bad_time: bad,x,5',
      'a #7 null bad_record: 2024-01-01',
      'a #8 x bad_time: bad,x,8',
    ]);
    expect(found).toMatchObject({ read: 8, usable: 1, quarantined: 7 });
  });

  test.each(['\n', '\r\n'])('blank lines and line ends within quotes are no records; lines end in %j', async (end) => {
    const text = [
      'time,sensor,value,note',
      '',
      '2024-01-01,x,1,"two',
      'lines"',
      '',
      '',
      'bad,x,2,',
      'short,x',
      '',
      'bad,x,4,',
      '',
    ].join(end);
    const found = await read(await writeSource(stores, { 'a.csv': text }));
    expect(found.quarantine).toEqual([
      'a #2 x bad_time: bad,x,2',
      'a #3 null bad_record: short,x',
      'a #4 x bad_time: bad,x,4',
    ]);
  });

  test('blank lines within and behind a cell of several lines do not shift the numbers', async () => {
    const found = await readLines([
      'time,sensor,value,note',
      ...['2024-01-01 00:00:00,x,1,', '2024-01-01 00:01:00,x,2,"a', '', 'b"', '', 'short,x', '', '', 'bad,x,4,', 'END'],
    ]);
    expect(found.quarantine).toEqual([
      'a #3 null bad_record: short,x',
      'a #4 x bad_time: bad,x,4',
      'a #5 null bad_record: END',
    ]);
  });

  test('a quote that is never closed costs only the line in which it stands', async () => {
    const found = await readLines([LONG, '2024-01-01,x,1', '2024-01-02,"x,2', '2024-01-03,x,3']);
    expect(found.quarantine).toEqual(['a #2 null bad_record: 2024-01-02,"x,2']);
    expect(found).toMatchObject({ read: 3, usable: 2, quarantined: 1 });
  });

  test('behind a quote that is never closed, no record of a long file is lost', async () => {
    const good = Array.from({ length: 400_000 }, (_, at) => `2024-01-01,x,${at}.25`);
    const found = await readLines([LONG, ...good.slice(0, 10), '2024-01-01,"x,2', ...good, '2024-01-02,"y"y,3']);
    expect(found.staged[0]).toMatchObject({ read: 400_012, quarantined: { bad_record: 2 } });
    expect(found.quarantine).toEqual([
      'a #11 null bad_record: 2024-01-01,"x,2',
      'a #400012 null bad_record: 2024-01-02,"y"y,3',
    ]);
  });

  test('a record of very many cells is set apart as quickly as any other', async () => {
    const line = 'a,'.repeat(300_000);
    const found = await readLines([LONG, ...Array(20_000).fill('2024-01-01,x,1'), line, `"b",${line}`, 'bad,x,2']);
    expect(found.quarantine).toEqual([
      `a #20001 null bad_record: ${line.slice(0, 10_000)}`,
      `a #20002 null bad_record: ${`"b",${line}`.slice(0, 10_000)}`,
      'a #20003 x bad_time: bad,x,2',
    ]);
  });

  test('of many records with too few cells, DuckDB does not keep an error for each cell', async () => {
    const names = Array.from({ length: 900 }, (_, at) => `s${at}`);
    const record = (at: number, cells: number) =>
      `2024-01-01 00:${String(at % 60).padStart(2, '0')},${Array(cells).fill(at)}`;
    const lines = Array.from({ length: 400 }, (_, at) => record(at, at < 200 ? 900 : 400));
    const found = await read(await writeSource(stores, { 'a.csv': `time,${names}\n${lines.join('\n')}\n` }));
    expect(found.staged[0]).toMatchObject({ read: 360_000, quarantined: { bad_record: 180_000 } });
    expect(found.quarantine).toHaveLength(200);
  });

  test.each([
    ['is read as it lies there', ''],
    ['is written anew', '# remark\n'],
  ])('text that is not UTF-8, far down in a file that is and %s, is a bad record', async (_, above) => {
    const good = '2024-01-01,x,2\n'.repeat(20_000);
    const umlauts = Buffer.from('2024-01-01,süd,2\n').toString('latin1');
    const source = await writeSource(stores, {
      'a.csv': Buffer.from(`${above}${LONG}\n${umlauts}${good}2024-01-01,s\xfcd,1\n`, 'latin1'),
    });
    const found = await read(source);
    expect(found.staged[0]!.quarantined).toEqual({ bad_record: 1 });
    expect(found.readings[0]).toContain(' süd 2');
    expect(found.usable).toBe(20_001);
  });

  test('a number with a unit that the beginning of the file has not is set apart: it may be of another scale', async () => {
    const good = Array.from({ length: 20_000 }, () => '2024-01-01,x,2.5');
    const found = await readLines([LONG, ...good, '2024-01-01,x,70.5 °F']);
    expect(found.staged[0]!.quarantined).toEqual({ not_a_number: 1 });
  });

  test('a wide file has a reading in every cell: a bad time and a bad record cost all of theirs', async () => {
    const found = await readLines(['time,x,y', '2024-01-01,1,', 'bad,3,', '2024-01-02,4', '2024-01-03,zz,5']);
    expect(found.staged[0]).toMatchObject({ form: 'wide', read: 8, missing: 1 });
    expect(found.staged[0]!.quarantined).toEqual({ bad_time: 2, bad_record: 2, not_a_number: 1 });
    expect(found.quarantine).toEqual([
      'a #2 a/x bad_time: bad,a/x,3',
      'a #2 a/y bad_time: bad,a/y',
      'a #3 null bad_record: 2024-01-02,4',
      'a #4 a/x not_a_number: 2024-01-03,a/x,zz',
    ]);
  });

  test('very many blanks between cells are one', async () => {
    const lines = Array.from(
      { length: 60 },
      (_, at) => `  2024-01-01T00:${String(at).padStart(2, '0')}:00   ${at}.5  7  `,
    );
    const found = await readLines(['time  a  b', ...lines, `2024-01-02T00:00:00${' '.repeat(400_000)}1.5 2`]);
    expect(found).toMatchObject({ read: 122, usable: 122 });
  });

  test('a name of blanks and control characters alone is none', async () => {
    const found = await readLines(
      [
        LONG,
        '2024-01-01, ,1',
        '2024-01-01,\f,2',
        '2024-01-01,\t\v,3',
        '2024-01-01,\u00a0\u2029,5',
        '2024-01-01, x,4',
        '2024-01-01,ü,6',
      ],
      {
        encoding: 'utf-8',
      },
    );
    expect(found.staged[0]!.quarantined).toEqual({ no_sensor: 4 });
    expect(found.usable).toBe(2);
  });

  test('names of columns and units may hold anything, also NUL', async () => {
    const found = await readLines([`time,a\0b,c'd,"e""f"`, '2024-01-01,1,2,3', '2024-01-02,4 °\0C,5,6'], {
      encoding: 'windows-1252',
    });
    expect(found.readings.map((reading) => reading.split(' ').slice(1).join(' '))).toEqual(
      expect.arrayContaining(['a/a\uFFFDb 1', "a/c'd 5", 'a/e"f 6']),
    );
  });

  test('names of columns that need quotes are no record', async () => {
    const keys = { 'a,b': 1, 'c\nd': 2, 'e "f"': 3 };
    const found = await read(
      await writeSource(stores, {
        'a.jsonl': [1, 2].map((day) => JSON.stringify({ time: `2024-01-0${day}`, ...keys })).join('\n'),
      }),
    );
    expect(found).toMatchObject({ read: 6, usable: 6 });
  });

  test('records of Parquet are counted too', async () => {
    const found = await readParquet(`
      SELECT * FROM (VALUES (DATE '2024-01-01', 'x', 'inf'::DOUBLE), (NULL, 'x', 1), (DATE '2024-01-01', '', 2)) t(time, sensor, value)`);
    expect(found.quarantine).toEqual([
      'a #1 x not_finite: 2024-01-01,x,inf',
      'a #2 x no_time: x,1.0',
      'a #3  no_sensor: 2024-01-01,,2.0',
    ]);
  });

  test('a file without a bad reading has none', async () => {
    expect((await readLines([LONG, '2024-01-01,x,1'])).staged[0]!.quarantine).toBeNull();
  });
});

test('readings keep the order of a large file', async () => {
  // Several row groups, so that both threads have some to read.
  const source = await writeSource(stores, { '.keep': '' });
  const sql = `SELECT TIMESTAMP '2024-01-01' + to_microseconds(i % 1000) AS time, 'x' AS sensor, i AS value FROM range(600000) t(i)`;
  await writeParquet(join(source, 'a.parquet'), sql, 'FORMAT parquet, ROW_GROUP_SIZE 20480, PRESERVE_ORDER true');
  const { staged } = await readPinned(await listSource(source, []));
  const [row] = await rows<{ moved: number }>(
    staged[0]!.object!,
    'count(*) FILTER (value <> file_row_number)::DOUBLE AS moved, any_value(0) AS file_row_number',
  );
  expect(row!.moved).toBe(0);
});

describe('files that cannot be read', () => {
  const unreadable = (name: string, why: string) => ({
    code: 'MR_FILE_UNREADABLE',
    message: expect.stringMatching(new RegExp(`${name} cannot be read as .*${why}`)),
  });

  test('Parquet that was cut off', async () => {
    const source = await writeSource(stores, { '.keep': '' });
    const path = join(source, 'a.parquet');
    await writeParquet(path, `SELECT DATE '2024-01-01' AS time, i AS x FROM range(1000) t(i)`);
    const whole = await stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) =>
      duck.rows<{ content: Uint8Array }>(`SELECT content FROM read_blob(${quote(path)})`),
    );
    await writeFile(path, whole[0]!.content.subarray(0, 500));
    await expect(read(source)).rejects.toMatchObject(unreadable('a.parquet', 'parquet'));
  });

  test('gzip that was cut off, though its beginning could be read', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `2024-01-01 00:00:00.${i},x,${Math.sin(i)}\n`);
    const source = await writeSource(stores, {
      'a.csv.gz': gzipSync(`${LONG}\n${lines.join('')}`).subarray(0, 30_000),
    });
    await expect(read(source)).rejects.toMatchObject(unreadable('a.csv.gz', 'unexpected end of file'));
  });

  test('Parquet that is called so and is none', async () => {
    const source = await writeSource(stores, { 'a.parquet': `${LONG}\n2024-01-01,x,1\n` });
    await expect(read(source)).rejects.toMatchObject(unreadable('a.parquet', 'it does not begin with PAR1'));
  });
});

describe('files that change', () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ['grown', (path) => appendFile(path, '2024-01-01,x,2\n')],
    ['emptied', (path) => writeFile(path, '')],
    ['removed', (path) => rm(path)],
  ])('one that has %s since it was listed', async (_, change) => {
    const source = await writeSource(stores, { 'a.csv': `${LONG}\n2024-01-01,x,1\n` });
    const pinned = await listSource(source, []);
    await change(join(source, 'a.csv'));
    await expect(readPinned(pinned)).rejects.toMatchObject({
      code: 'MR_SOURCE_CHANGED',
      message: `${join(source, 'a.csv')} changed while it was read\n  run again when nothing writes to it`,
    });
  });
});

describe('files without records', () => {
  const empties = { 'a.csv': '', 'b.csv': '\n\n', 'c.csv': LONG, 'd.csv': `${LONG}\n\n`, 'e.csv.gz': gzipSync('') };

  test('nothing but such is an empty source', async () => {
    await expect(read(await writeSource(stores, empties))).rejects.toMatchObject({
      code: 'MR_SOURCE_EMPTY',
      message: expect.stringContaining('the source holds no records: 5 files, each empty or a header only'),
    });
  });

  test('beside others they do no harm', async () => {
    const found = await read(await writeSource(stores, { ...empties, 'z.csv': `${LONG}\n2024-01-01,x,1\n` }));
    expect(found.readings).toEqual(['2024-01-01T00:00:00.000Z x 1']);
    expect(found.staged.map(({ read }) => read)).toEqual([0, 0, 0, 0, 0, 1]);
  });
});

describe('re-use', () => {
  const files = { 'a.csv': `${LONG}\n2024-01-01,x,1\n`, 'b.csv': `${LONG}\n2024-01-02,x,1\n`, 'c.csv': '' };

  test('a file is read once, also when it was touched or moved with its folder', async () => {
    const source = await writeSource(stores, files);
    expect((await readPinned(await listSource(source, []))).made).toBe(3);
    await writeFile(join(source, 'a.csv'), files['a.csv']);
    expect((await readPinned(await listSource(source, []))).made).toBe(0);
    const moved = await writeSource(stores, files, 'elsewhere');
    const again = await readPinned(await listSource(moved, []));
    expect(again.made).toBe(0);
    expect(again.staged.map(({ path }) => path)).toEqual(['a.csv', 'b.csv', 'c.csv'].map((name) => join(moved, name)));
  });

  test('a changed file is read anew, the others are not', async () => {
    const source = await writeSource(stores, files);
    await readPinned(await listSource(source, []));
    await appendFile(join(source, 'b.csv'), '2024-01-03,x,1\n');
    expect((await readPinned(await listSource(source, []))).made).toBe(1);
  });

  test('another zone reads all anew, a param only what is read another way', async () => {
    const pinned = await listSource(await writeSource(stores, files), []);
    await readPinned(pinned);
    expect((await readPinned(pinned, { tz: 'Asia/Tokyo' })).made).toBe(3);
    expect((await readPinned(pinned, { valueColumn: 'value' })).made).toBe(0);
    expect((await readPinned(pinned, { sentinels: [1] })).made).toBe(2);
  });

  test('readings that are gone from the store are made anew', async () => {
    const pinned = await listSource(await writeSource(stores, files), []);
    const { staged } = await readPinned(pinned);
    await stores.objects.remove(staged[0]!.object!.uri);
    const again = await readPinned(pinned);
    expect(again.made).toBe(1);
    expect(await stores.objects.has(staged[0]!.object!.uri)).toBe(true);
  });
});
