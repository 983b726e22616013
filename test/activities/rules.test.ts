import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signsOf } from '../../activities/chunk-signs.js';
import { quote } from '../../store/sql.js';
import { type Chunked, chunkSource, writeSource } from '../support/sensor-source.js';
import { pathOf, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

type Options = Parameters<typeof chunkSource>[2];

let sources = 0;

/** Chunks a long CSV of records like `00:10 x 1`. */
async function chunk(records: string[], options: Options = {}): Promise<Chunked> {
  const lines = records.map((record) => {
    const [time, sensor, value] = record.split(' ') as [string, string, string];
    return `${time.includes('T') ? time : `2024-01-01T${time}`}:00Z,${sensor},${value}`;
  });
  const folder = await writeSource(stores, { 'a.csv': `time,sensor,value\n${lines.join('\n')}\n` }, `s${sources++}`);
  return chunkSource(stores, folder, options);
}

/** The readings of the chunks, as the records are written. */
async function readings({ manifest }: Chunked): Promise<string[]> {
  const all: string[] = [];
  for (const { chunks, ...object } of manifest.days) {
    const path = await pathOf(stores, object);
    for (const { sensor, from, rows } of chunks) {
      const found = await stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) =>
        duck.rows<{ time: number; value: number }>(
          `SELECT time, value FROM read_parquet(${quote(path)}, file_row_number = true)
           WHERE file_row_number >= ${from} AND file_row_number < ${from + rows} ORDER BY file_row_number`,
        ),
      );
      all.push(
        ...found.map(({ time, value }) => `${new Date(time / 1000).toISOString().slice(11, 16)} ${sensor} ${value}`),
      );
    }
  }
  return all;
}

const note = ({ chunks }: Chunked, rule: string) => chunks.rules.find((each) => each.rule === rule);

describe('several readings of one sensor at one time', () => {
  const records = ['00:00 x 1', '00:10 x 2', '00:10 x 3', '00:10 x 7', '00:20 x 9', '00:10 y 5'];
  const base = ['00:00 x 1', '00:20 x 9', '00:10 y 5'];

  it.each([
    ['last', '00:10 x 7'],
    ['first', '00:10 x 2'],
    ['mean', '00:10 x 4'],
  ] as const)('become the %s', async (duplicates, used) => {
    const found = await chunk(records, { duplicates });
    expect((await readings(found)).sort()).toEqual([...base, used].sort());
    expect(found.account).toMatchObject({ read: 6, used: 4, duplicate: 2, missing: 0 });
    expect(note(found, 'duplicates')).toMatchObject({ count: 2, what: expect.stringContaining(duplicates) });
  });

  it('end the run where they are not allowed', async () => {
    await expect(chunk([...records, '00:30 y 5', '00:30 y 6'], { duplicates: 'error' })).rejects.toMatchObject({
      code: 'MR_DUPLICATES',
      message: expect.stringContaining(
        'x has 3 readings of 2024-01-01T00:10:00.000Z, and 1 other times of 2024-01-01 are given more than once',
      ),
    });
    expect((await chunk(base, { duplicates: 'error' })).account).toMatchObject({ used: 3 });
  });

  it('are chunked anew when another is to be used', async () => {
    const folder = await writeSource(stores, { 'a.csv': 'time,sensor,value\n2024-01-01,x,1\n2024-01-01,x,2\n' });
    const [last, first] = [
      await chunkSource(stores, folder),
      await chunkSource(stores, folder, { duplicates: 'first' }),
    ];
    expect([first.chunks.made, first.chunks.valueHash === last.chunks.valueHash]).toEqual([1, false]);
  });
});

describe('a sensor that counts up', () => {
  const records = [
    '00:00 e/kWh 100',
    '00:30 e/kWh 101',
    '01:00 e/kWh 103',
    '02:00 e/kWh 2',
    '02:30 e/kWh 2',
    '00:00 t 5',
  ];

  it('gives its change per hour; where it fell it began at zero; the first of a day takes the next', async () => {
    const found = await chunk(records, { counters: ['*/kWh'] });
    expect(await readings(found)).toEqual([
      '00:00 e/kWh 2',
      '00:30 e/kWh 2',
      '01:00 e/kWh 4',
      '02:00 e/kWh 2',
      '02:30 e/kWh 0',
      '00:00 t 5',
    ]);
    expect(found.account).toMatchObject({ read: 6, used: 6, missing: 0 });
    expect(note(found, 'counters')).toMatchObject({ count: 1, what: expect.stringContaining('1 fresh starts') });
  });

  it('is counted once where a time has several readings', async () => {
    const found = await chunk([...records, '00:30 e/kWh 102'], { counters: ['e/*'] });
    expect((await readings(found)).slice(0, 3)).toEqual(['00:00 e/kWh 4', '00:30 e/kWh 4', '01:00 e/kWh 2']);
    expect(found.account).toMatchObject({ read: 7, used: 6, duplicate: 1, missing: 0 });
  });

  it('with one reading in a day has no change: it is missing', async () => {
    const found = await chunk([...records, '2024-01-02T05:00 e/kWh 3', '2024-01-02T05:00 t 3'], { counters: ['e/*'] });
    expect(found.account).toMatchObject({ read: 8, used: 7, missing: 1 });
    const alone = await chunk([...records, '2024-01-02T05:00 e/kWh 3', '2024-01-03T05:00 t 3'], { counters: ['e/*'] });
    expect(alone.account).toMatchObject({ read: 8, used: 7, missing: 1 });
  });

  it('is pointed out where nobody said so', async () => {
    const rising = Array.from({ length: 20 }, (_, i) => `0${Math.floor(i / 6)}:${(i % 6) * 10 || '00'} e ${i * 2 + 7}`);
    const found = await chunk(rising);
    expect(note(found, 'counters')).toMatchObject({ count: 1, set: 'counters: ["e"]' });
    expect(note(await chunk(rising, { counters: ['e'] }), 'counters')).toMatchObject({ set: 'counters: []' });
  });
});

describe('zeros in a row', () => {
  const values = [21, 21.5, 0, 0, 0, 22, 21, 0, 23, 22, 21, 22, 21, 22, 0, 0];
  const records = values.map((value, i) => `0${Math.floor(i / 6)}:${(i % 6) * 10 || '00'} t ${value}`);

  it('are readings, and pointed out', async () => {
    const found = await chunk(records);
    expect(found.account).toMatchObject({ read: 16, used: 16, missing: 0 });
    expect(note(found, 'zeros')).toMatchObject({ count: 1, set: 'zeroRuns: 3' });
  });

  it('are missing where that is said and no other reading is near', async () => {
    const found = await chunk(records, { zeroRuns: 3 });
    expect(found.account).toMatchObject({ read: 16, used: 13, missing: 3 });
    expect(await readings(found)).toContain('01:10 t 0');
    expect((await chunk(records, { zeroRuns: 2 })).account).toMatchObject({ used: 11, missing: 5 });
    const near = [...records, '05:00 t 1'];
    expect((await chunk(near, { zeroRuns: 2 })).account).toMatchObject({ used: 17, missing: 0 });
  });

  it('of a sensor that has nothing else, or one other number, are readings', async () => {
    const zeros = ['00:00 t 0', '00:10 t 0', '00:20 t 0'];
    expect((await chunk(zeros, { zeroRuns: 2 })).account).toMatchObject({ used: 3, missing: 0 });
    const on = values.map((value, i) => `0${Math.floor(i / 6)}:${(i % 6) * 10 || '00'} t ${value === 0 ? 0 : 1}`);
    expect((await chunk(on, { zeroRuns: 2 })).account).toMatchObject({ used: 16, missing: 0 });
    expect(note(await chunk(on), 'zeros')).toBeUndefined();
  });
});

describe('what else is told', () => {
  it('numbers that stand for missing', async () => {
    const found = await chunk(['00:00 x 20', '00:10 x -9999', '00:20 x 21', '00:30 x -9999', '00:40 x 22']);
    expect(found.account).toMatchObject({ used: 3, missing: 2 });
    expect(note(found, 'sentinels')).toMatchObject({ count: 2, set: 'sentinels: []' });
  });

  it('a clock that went back', async () => {
    const minutes = [...Array(300).keys(), ...Array(300).keys()].map((i, at) => (at < 300 ? i : i + 280));
    const found = await chunk(
      minutes.map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')} x ${m}`),
    );
    expect(note(found, 'clock')).toMatchObject({ count: 1 });
  });

  it('a time between readings that changes', async () => {
    const day = (date: string, minutes: number) =>
      Array.from({ length: 12 }, (_, i) => {
        const at = i * minutes;
        return `${date}T${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')} x ${i % 5}`;
      });
    const steady = await chunk([...day('2024-01-01', 10), ...day('2024-01-02', 10)]);
    expect(note(steady, 'sampling')).toBeUndefined();
    const other = await chunk([...day('2024-01-01', 10), ...day('2024-01-02', 20)]);
    expect(note(other, 'sampling')).toMatchObject({ count: 1 });
  });

  it('nothing where there is nothing', async () => {
    expect((await chunk(['00:00 x 1', '00:10 x 3', '00:20 x 2'])).chunks.rules).toEqual([]);
  });
});

describe('the signs of a counter', () => {
  const signs = (values: number[]) => signsOf(new Float64Array(values), 1);
  const rising = Array.from({ length: 30 }, (_, i) => i + 100);

  it.each([
    ['it rises', rising, true],
    ['it rises in steps', rising.map((x) => Math.floor(x / 2)), true],
    ['it begins again near zero', [...rising, 0, 1, 2], true],
    ['it stands still', rising.map(() => 5), false],
    ['it falls a little', [...rising, 120], false],
    ['there are few readings', rising.slice(0, 9), false],
    ['it stands still but for a moment', [...Array(100).fill(1), ...rising.slice(0, 11).map((x) => x - 98)], false],
  ])('%s', (_, values, cumulative) => {
    expect(signs(values).cumulative).toBe(cumulative);
  });
});

describe('sensors that are called the same in several files', () => {
  const text = (add: number) => {
    const rows = Array.from(
      { length: 24 },
      (_, hour) => `2024-01-01T${String(hour).padStart(2, '0')}:00Z,x,${hour + add}`,
    );
    return `time,sensor,value\n${rows.join('\n')}\n`;
  };
  const found = async (paths: string[], options: Options = {}) => {
    const files = Object.fromEntries(paths.map((path, nth) => [path, text(nth)]));
    return chunkSource(stores, await writeSource(stores, files, `s${sources++}`), options);
  };

  it.each([
    [['north/a.csv', 'south/a.csv'], '{site}/**'],
    [['data/north/1/a.csv', 'data/south/a.csv'], '*/{site}/**'],
    [['north.csv', 'south.csv'], '{site}.*'],
    [['data/north.csv', 'data/south.csv'], '*/{site}.*'],
  ])('are pointed out in %j, with what tells them apart', async (paths, pattern) => {
    const mixed = await found(paths);
    expect(mixed.account).toMatchObject({ read: 48, used: 24, duplicate: 24 });
    expect(note(mixed, 'duplicates')).toMatchObject({
      set: `sensorPath: "${pattern}"`,
      what: expect.stringContaining('several files are called the same'),
    });
    const apart = await found(paths, { sensorPath: pattern });
    expect(apart.account).toMatchObject({ read: 48, used: 48, duplicate: 0 });
    expect(apart.manifest.days[0]!.chunks.map(({ sensor }) => sensor)).toEqual(['north/x', 'south/x']);
  });

  it('are not looked for where the paths differ in days only', async () => {
    const set = note(await found(['2024-01-01.csv', '2024-01-02.csv']), 'duplicates')!.set;
    expect(set).toBe('sensorColumn: …');
  });

  it('stay without a name where the cell is blank', async () => {
    const blank = { 'north/a.csv': 'time,sensor,value\n2024-01-01T00:00:00Z,x,1\n2024-01-01T01:00:00Z, ,2\n' };
    const folder = await writeSource(stores, blank, `s${sources++}`);
    const { account, chunks } = await chunkSource(stores, folder, { sensorPath: '{site}/*' });
    expect(account).toMatchObject({ read: 2, used: 1, quarantined: 1 });
    expect(chunks.quarantined).toEqual({ no_sensor: 1 });
  });

  it('are refused with the path that does not fit', async () => {
    const failed = found(['north/a.csv', 'b.csv'], { sensorPath: '{site}/*' });
    await expect(failed).rejects.toMatchObject({
      code: 'MR_PARAM',
      message: expect.stringContaining('does not fit 1 of 2 tables: b.csv'),
    });
  });
});
