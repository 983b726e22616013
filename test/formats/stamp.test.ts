import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseStamp } from '../../formats/stamp.js';
import { patternsOf } from '../../formats/times.js';

/** The moments of stamps as DuckDB reads them by the pattern that was found: what reads the files is the reference. */
let read: (stamps: string[], order?: 'day-first' | 'month-first') => Promise<(string | null)[]>;

beforeAll(async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run("SET TimeZone = 'UTC'");
  read = async (stamps, order = 'day-first') => {
    const rows = stamps.map((stamp) => {
      const found = parseStamp(stamp);
      const [pattern] = found === null ? [''] : patternsOf([found.pattern], order);
      // For the short name of a zone there is no word.
      return `try_strptime('${stamp.replace('UTC', 'Z')}', '${pattern!.replace('%K', 'Z')}')::TIMESTAMP::VARCHAR`;
    });
    const { getRows } = await connection.runAndReadAll(`SELECT unnest([${rows.join(', ')}])`).then((reader) => ({
      getRows: () => reader.getRows(),
    }));
    return getRows().map(([text]) => text as string | null);
  };
});

describe('a stamp', () => {
  const dates = ['2024-02-03', '2024/2/3', '2024.02.03', '3.2.2024', '03/02/2024', '03-02-24', '3 2 2024', '20240203'];
  const named = ['3 Feb 2024', '03-Feb-24', '3. February 2024', 'Feb 3, 2024', 'february 3 2024', 'Sat, 3 Feb 2024'];
  const clocks: [string, string][] = [
    ['', '00:00:00'],
    [' 4:05', '04:05:00'],
    [' 04:05:06', '04:05:06'],
    ['T04:05:06', '04:05:06'],
    [' 04:05:06.25', '04:05:06.25'],
    [' 04:05:06,25', '04:05:06.25'],
    [' 4:05 pm', '16:05:00'],
    [' 12:05:06 AM', '00:05:06'],
    [' 4:05:06PM', '16:05:06'],
    [', 04:05', '04:05:00'],
  ];
  const zones: [string, number][] = [
    ['', 0],
    ['Z', 0],
    [' UTC', 0],
    ['+01:00', 1],
    [' +0100', 1],
    ['-05', -5],
    [' Europe/Berlin', 1],
  ];

  it('is read to its moment, however it is written', async () => {
    const written: { stamp: string; moment: string }[] = [];
    for (const date of [...dates, ...named])
      for (const [clock, time] of clocks)
        for (const [zone, hours] of zones) {
          if (clock === '' && zone !== '') continue;
          const moment = new Date(Date.parse(`2024-02-03T${time}Z`) - hours * 3_600_000).toISOString();
          written.push({ stamp: `${date}${clock}${zone}`, moment });
        }
    expect(written.length).toBeGreaterThan(800);
    const moments = await read(written.map(({ stamp }) => stamp));
    const wrong = written.flatMap(({ stamp, moment }, at) => {
      const got = moments[at] === null ? null : new Date(`${moments[at]}Z`).toISOString();
      return got === moment ? [] : [`${stamp}: ${got} instead of ${moment}, by ${parseStamp(stamp)?.pattern}`];
    });
    expect(wrong).toEqual([]);
  });

  it('of digits alone is read to the minute or the second', async () => {
    expect(await read(['20240203', '202402030405', '20240203040506', '20240203T040506', '20240203_0405'])).toEqual([
      '2024-02-03 00:00:00',
      '2024-02-03 04:05:00',
      '2024-02-03 04:05:06',
      '2024-02-03 04:05:06',
      '2024-02-03 04:05:00',
    ]);
  });

  it('with two numbers that may be the day is read in the order that was decided', async () => {
    expect(await read(['03/02/2024 04:05'], 'month-first')).toEqual(['2024-03-02 04:05:00']);
    expect(parseStamp('03/02/2024')?.either).toEqual([3, 2]);
    expect(parseStamp('2024-02-03')?.either).toBeNull();
  });

  it('is plain where a cast reads it', () => {
    const plain = ['2024-02-03', '2024-02-03 04:05:06', '2024-02-03T04:05:06.123456Z', '2024/02/03 04:05:06+01:00'];
    for (const stamp of plain) expect(parseStamp(stamp), stamp).toMatchObject({ plain: true });
    for (const stamp of ['3.2.2024', '2024-02-03T04:05Z', '2024-02-03 04:05:06,5', '20240203'])
      expect(parseStamp(stamp), stamp).toMatchObject({ plain: false });
  });

  it.each([
    ...['', 'noon', '12', '3.5', '1,234', '192.168.1.12', '2024', '2024-02', '32.1.2024', '13/13/2024', '2024-13-01'],
    ...['2024-02-03 25:00', '2024-02-03 04:60', '4:05', '12345678', '99999999', 'may', 'Sat', '2024-02-03 sunny day'],
    ...['3 Fob 2024', '20241301', '1.2.3.4', '2024-02-03 04:05 later'],
  ])('is none: %j', (cell) => {
    expect(parseStamp(cell)).toBeNull();
  });
});
