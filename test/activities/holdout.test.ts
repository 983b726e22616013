import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Chunks } from '../../activities/chunk.js';
import {
  createHoldout,
  type Holdout,
  type HoldoutInput,
  heldOutRows,
  type Promotion,
  trainingRows,
} from '../../activities/holdout.js';
import type { Parent } from '../../activities/model.js';
import { dayName } from '../../config/time-zone.js';
import type { Frame } from '../../ml/frame.js';
import { heldFrom, NOTHING_HELD, registered, train, writeTable } from '../support/models.js';
import { chunkSource, writeSource } from '../support/sensor-source.js';
import { RUN, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
let champion: Parent;

beforeEach(async () => {
  stores = await testStores();
  champion = await registered(
    stores,
    await train(stores, { table: await writeTable(stores, { a: [0], b: [1] }), k: 1 }),
  );
});
afterEach(() => stores.close());

const BY_GATE: Promotion = {
  how: 'gate',
  metric: 'mean-distance',
  margin: 0,
  holdoutDays: 1,
  leastChunks: 1,
  mostNovel: 1,
};

/** Chunks of these sensors on these days. */
async function chunksOf(days: Record<string, string[]>): Promise<Chunks> {
  const records = Object.entries(days).flatMap(([day, sensors]) => sensors.map((sensor) => `${day},${sensor},1`));
  const source = await writeSource(stores, { 'a.csv': `${['time,sensor,value', ...records].join('\n')}\n` });
  return (await chunkSource(stores, source)).chunks;
}

const setApart = (
  chunks: Chunks,
  promotion: Partial<Promotion>,
  inputs: Partial<HoldoutInput> = {},
): Promise<Holdout> =>
  createHoldout(stores)(
    { run: RUN, step: 'holdout', inputs: { chunks, champion, promotion: { ...BY_GATE, ...promotion }, ...inputs } },
    stores.attempt(),
  );

// Days need not follow one another.
const DAYS = { '2026-01-01': ['a'], '2026-01-02': ['a', 'b'], '2026-01-05': ['a', 'b', 'c'], '2026-01-09': ['b'] };

describe('what is held out', () => {
  it.each([
    [1, '2026-01-09', 1],
    [2, '2026-01-05', 4],
    [3, '2026-01-02', 6],
  ])('are the chunks of the newest %i days that have any', async (holdoutDays, from, chunks) => {
    expect(await setApart(await chunksOf(DAYS), { holdoutDays })).toEqual({ from, chunks, reason: null });
  });

  it.each(['always', 'never'] as const)('is nothing where promotion is asked for %s', async (how) => {
    expect(await setApart(await chunksOf(DAYS), { how })).toEqual(NOTHING_HELD);
  });

  it('is nothing where there is no champion to compare with', async () => {
    expect(await setApart(await chunksOf(DAYS), {}, { champion: null })).toEqual(NOTHING_HELD);
  });

  it.each([
    [4, 'there are 4 days of chunks: none is left to train on when 4 are held out'],
    [90, 'there are 4 days of chunks: none is left to train on when 90 are held out'],
  ])('is nothing where no day would be left of %i, and it says why', async (holdoutDays, reason) => {
    expect(await setApart(await chunksOf(DAYS), { holdoutDays })).toEqual({ from: null, chunks: 0, reason });
  });

  it('is nothing of a single day', async () => {
    const { from, reason } = await setApart(await chunksOf({ '2026-01-01': ['a', 'b'] }), {});
    expect(from).toBeNull();
    expect(reason).toMatch(/^there is 1 day of chunks: none is left to train on/);
  });

  it('is kept the second time, and found anew for another choice', async () => {
    const chunks = await chunksOf(DAYS);
    const first = await setApart(chunks, {});
    expect(stores.measures.kept).toBeUndefined();
    expect((await setApart(chunks, { holdoutDays: 2 })).from).toBe('2026-01-05');
    expect(await setApart(chunks, {}, { champion: null })).toEqual(NOTHING_HELD);
    expect(await setApart(await chunksOf({ ...DAYS, '2026-01-10': ['a'] }), {})).toMatchObject({ from: '2026-01-10' });
    expect(stores.measures.kept).toBeUndefined();
    expect(await setApart(chunks, {})).toEqual(first);
    expect(stores.measures.kept).toBe(1);
  });
});

const anyDay = fc.integer({ min: 20_000, max: 20_010 }).map(dayName);

const anyFrame = fc.array(fc.record({ day: anyDay, sensor: fc.constantFrom('a', 'b') })).map(
  (rows): Frame => ({
    sensors: rows.map(({ sensor }) => sensor),
    days: rows.map(({ day }) => day),
    columns: ['x', 'y'],
    data: Float64Array.from(rows.flatMap((_, row) => [row, -row])),
  }),
);

/** Rows as text: position in the original, and keys. */
const rowsOf = ({ sensors, days, data }: Frame) =>
  days.map((day, row) => `${data[row * 2]} ${data[row * 2 + 1]} ${sensors[row]} ${day}`);

describe('rows to train on and rows held out', () => {
  it('are the whole together, in their order, and share none', () => {
    fc.assert(
      fc.property(anyFrame, anyDay, (frame, from) => {
        const [training, held] = [trainingRows(frame, heldFrom(from)), heldOutRows(frame, heldFrom(from))];
        const position = (row: string) => Number(row.split(' ')[0]);
        const both = [...rowsOf(training), ...rowsOf(held)].sort((a, b) => position(a) - position(b));
        expect(both).toEqual(rowsOf(frame));
        expect(rowsOf(training)).toEqual(rowsOf(frame).filter((_, row) => frame.days[row]! < from));
        expect(rowsOf(held)).toEqual(rowsOf(frame).filter((_, row) => frame.days[row]! >= from));
      }),
    );
  });

  it('are all and none where nothing is held out', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        expect(rowsOf(trainingRows(frame, NOTHING_HELD))).toEqual(rowsOf(frame));
        expect(heldOutRows(frame, NOTHING_HELD).days).toEqual([]);
      }),
    );
  });
});
