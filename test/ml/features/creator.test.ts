import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type CreatorOptions, fitCreator, type Scaling, transform } from '../../../ml/features/creator.js';
import type { Frame } from '../../../ml/frame.js';

interface Fitted {
  fill: number[];
  mean: number[];
  std: number[];
  result: number[][];
}

const text = await readFile(new URL('../../fixtures/ml/creator.json', import.meta.url), 'utf8');
const reference: { data: (number | null)[][]; standard: Fitted; signedLog: Fitted } = JSON.parse(text);

/** A frame of the given columns; null is missing. */
function frameOf(columns: Record<string, readonly (number | null)[]>): Frame {
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.length;
  const data = Float64Array.from({ length: rows * names.length }, (_, at) => {
    return columns[names[at % names.length]!]![Math.floor(at / names.length)] ?? Number.NaN;
  });
  const numbers = Array.from({ length: rows }, (_, row) => row);
  return { sensors: numbers.map((row) => `s${row}`), days: numbers.map(() => '2026-01-01'), columns: names, data };
}

const ALL: CreatorOptions = {
  groups: ['distribution', 'shape', 'dynamics', 'profile', 'coverage'],
  scaling: 'standard',
  maxMissing: 0.5,
  limit: null,
  balance: false,
};

// Features in the unit of the sensor: signed-log takes the logarithm of no others.
const names = ['mean', 'min', 'max', 'median', 'q05', 'q25'];
const table = frameOf(Object.fromEntries(names.map((name, at) => [name, reference.data.map((row) => row[at]!)])));
const CONSTANT = 4;
const kept = names.map((_, at) => at).filter((at) => at !== CONSTANT);

describe.each<[Scaling, Fitted]>([
  ['standard', reference.standard],
  ['signed-log', reference.signedLog],
])('a creator with scaling %s', (scaling, fitted) => {
  const creator = fitCreator(table, { ...ALL, scaling });

  it("learns what scikit-learn's imputer and scaler learn", () => {
    expect(creator.columns.map(({ name }) => name)).toEqual(kept.map((at) => names[at]));
    creator.columns.forEach(({ fill, mean, std }, at) => {
      expect(fill).toBe(fitted.fill[kept[at]!]);
      expect(mean).toBeCloseTo(fitted.mean[kept[at]!]!, 9);
      expect(std).toBeCloseTo(fitted.std[kept[at]!]!, 9);
    });
  });

  it('makes the table that scikit-learn makes', () => {
    const wanted = fitted.result.flatMap((row) => kept.map((at) => row[at]!));
    const { data } = transform(table, creator);
    expect(data).toHaveLength(wanted.length);
    for (const [at, value] of data.entries()) expect(value).toBeCloseTo(wanted[at]!, 9);
  });

  it('drops the constant column', () => {
    expect(creator.dropped).toEqual([{ name: names[CONSTANT], reason: 'constant' }]);
  });
});

describe('fitting a creator', () => {
  it('drops a column that is emptier than allowed, and keeps one that is just as empty', () => {
    const frame = frameOf({ half: [1, 2, null, null], more: [1, null, null, null], full: [4, 3, 2, 1] });
    const { columns, dropped } = fitCreator(frame, ALL);
    expect(columns.map(({ name }) => name)).toEqual(['half', 'full']);
    expect(dropped).toEqual([{ name: 'more', reason: 'too empty' }]);
  });

  it('drops a column without any value, whatever is allowed', () => {
    const { dropped } = fitCreator(frameOf({ full: [1, 2], none: [null, null] }), { ...ALL, maxMissing: 1 });
    expect(dropped).toEqual([{ name: 'none', reason: 'too empty' }]);
  });

  it('names the first of the columns that a duplicate repeats', () => {
    const { columns, dropped } = fitCreator(frameOf({ a: [1, 2, 3], b: [3, 2, 1], c: [1, 2, 3], d: [1, 2, 3] }), ALL);
    expect(columns.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(dropped).toEqual([
      { name: 'c', reason: 'duplicate', of: 'a' },
      { name: 'd', reason: 'duplicate', of: 'a' },
    ]);
  });

  it('takes a column for constant when only rounding moves it', () => {
    const { dropped } = fitCreator(frameOf({ still: [0.1 + 0.2, 0.3, 0.3], moving: [1, 2, 3] }), ALL);
    expect(dropped).toEqual([{ name: 'still', reason: 'constant' }]);
  });

  it.each<[Scaling, string[]]>([
    ['standard', ['median']],
    ['signed-log', ['mean', 'median']],
  ])('drops a column whose spread overflows, with scaling %s', (scaling, left) => {
    const { columns, dropped } = fitCreator(frameOf({ mean: [1e200, -1e200, 5], median: [1, 2, 3] }), {
      ...ALL,
      scaling,
    });
    expect(columns.map(({ name }) => name)).toEqual(left);
    expect(dropped).toEqual(left.includes('mean') ? [] : [{ name: 'mean', reason: 'too large' }]);
  });

  it('keeps a column of tiny values that do move', () => {
    const { columns } = fitCreator(frameOf({ tiny: [1e-9, 2e-9, 3e-9] }), ALL);
    expect(columns).toHaveLength(1);
  });

  it('leaves out the groups that were not chosen', () => {
    const frame = frameOf({ mean: [1, 2, 3], acf_1: [3, 1, 2], count: [5, 7, 9] });
    const { columns, dropped } = fitCreator(frame, { ...ALL, groups: ['distribution', 'dynamics'] });
    expect(columns.map(({ name }) => name)).toEqual(['mean', 'acf_1']);
    expect(dropped).toEqual([{ name: 'count', reason: 'not in the chosen groups' }]);
  });

  it('takes the logarithm only of features in the unit of the sensor', () => {
    const frame = frameOf({ mean: [1, 10, 100], acf_1: [0.1, 0.5, 0.9] });
    const { columns } = fitCreator(frame, { ...ALL, scaling: 'signed-log' });
    expect(columns.map(({ name, log }) => [name, log])).toEqual([
      ['mean', true],
      ['acf_1', false],
    ]);
  });

  it('gives every group the same say when it balances', () => {
    const frame = frameOf({ mean: [1, 2, 3, 9], std: [3, 1, 2, 2], acf_1: [1, 3, 2, 2], min: [5, 5, 5, 5] });
    const { columns } = fitCreator(frame, { ...ALL, balance: true });
    // Two of the distribution survive, one of the dynamics.
    expect(columns.map(({ name, weight }) => [name, weight])).toEqual([
      ['mean', 1 / Math.SQRT2],
      ['std', 1 / Math.SQRT2],
      ['acf_1', 1],
    ]);
  });

  it('keeps the raw spread of every column, dropped ones too, to compare later runs with', () => {
    const { reference: spread, rows } = fitCreator(frameOf({ mean: [1, 3, null, null], count: [5, 5, 5, 5] }), ALL);
    expect(spread).toEqual([
      { name: 'mean', mean: 2, std: 1, missing: 0.5 },
      { name: 'count', mean: 5, std: 0, missing: 0 },
    ]);
    expect(rows).toBe(4);
  });

  it('says so when no column survives', () => {
    expect(() => fitCreator(frameOf({ mean: [1, 1] }), ALL)).toThrow(
      new RangeError('no feature is left: all are constant, too empty or not chosen'),
    );
  });
});

describe('transforming', () => {
  const creator = fitCreator(frameOf({ a: [1, 3, 5, null], b: [0, 0, 0, 8] }), ALL);

  it('puts unseen rows on the scale of the training rows', () => {
    const { data } = transform(frameOf({ a: [3, 103], b: [2, 2] }), creator);
    const { mean, std } = creator.columns[0]!;
    expect([...data]).toEqual([(3 - mean) / std, 0, (103 - mean) / std, 0]);
  });

  it('fills what is missing with the median of the training values', () => {
    const { data } = transform(frameOf({ a: [null], b: [null] }), creator);
    const same = transform(frameOf({ a: [3], b: [0] }), creator);
    expect([...data]).toEqual([...same.data]);
  });

  it('cuts what lies farther out than the limit, on both sides, before it weighs', () => {
    const training = frameOf({ mean: [-1, 1, -1, 1], std: [-1, -1, 1, 1] });
    const limited = fitCreator(training, { ...ALL, limit: 3, balance: true });
    const { data } = transform(frameOf({ mean: [2, 50, -50], std: [0, 0, 0] }), limited);
    const means = [...data].filter((_, at) => at % 2 === 0).map((value) => value * Math.SQRT2);
    for (const [row, wanted] of [2, 3, -3].entries()) expect(means[row]).toBeCloseTo(wanted, 12);
  });

  it('finds columns by name, whatever their order and whatever else is there', () => {
    const { columns, data } = transform(frameOf({ other: [9], b: [0], a: [3] }), creator);
    expect(columns).toEqual(['a', 'b']);
    expect([...data]).toEqual([...transform(frameOf({ a: [3], b: [0] }), creator).data]);
  });

  it('names the column that the table lacks', () => {
    expect(() => transform(frameOf({ a: [1] }), creator)).toThrow(
      new RangeError('the feature "b" is not in the table'),
    );
  });

  it('keeps the keys of the rows', () => {
    const frame = frameOf({ a: [1, 2], b: [1, 2] });
    expect(transform(frame, creator)).toMatchObject({ sensors: frame.sensors, days: frame.days });
  });
});
