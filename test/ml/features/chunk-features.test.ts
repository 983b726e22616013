import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chunkFeatures,
  computeFeatures,
  FEATURE_GROUPS,
  FEATURE_NAMES,
  GROUP_NAMES,
  groupOf,
} from '../../../ml/features/chunk-features.js';

interface Case {
  name: string;
  dayStart: number;
  dayEnd: number;
  times: number[];
  values: number[];
  features: Record<string, number | null>;
}

const text = await readFile(new URL('../../fixtures/ml/features.json', import.meta.url), 'utf8');
const { cases }: { cases: Case[] } = JSON.parse(text);

const DAY = 86_400_000_000;

/** Features by name. */
function featuresOf(
  times: readonly number[],
  values: readonly number[],
  dayStart = 0,
  dayEnd = DAY,
): Record<string, number> {
  const row = chunkFeatures(Float64Array.from(times), Float64Array.from(values), dayStart, dayEnd);
  return Object.fromEntries(FEATURE_NAMES.map((name, at) => [name, row[at]!]));
}

/** Names of the features that differ by more than 1e-9 of the wanted value, or 1e-12 near 0, with both values. */
function differences(found: Record<string, number>, wanted: Record<string, number>): string[] {
  return Object.entries(wanted)
    .filter(([name, want]) => {
      const have = found[name]!;
      if (Number.isNaN(want) || Number.isNaN(have)) return Number.isNaN(want) !== Number.isNaN(have);
      return !(Math.abs(have - want) <= Math.max(1e-12, 1e-9 * Math.abs(want)));
    })
    .map(([name, want]) => `${name} is ${found[name]}, not ${want}`);
}

/** Readings at ascending times within a day, of the given values. */
const readingsOf = (value: fc.Arbitrary<number>) =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 1_000_000_000 }), value), { minLength: 1, maxLength: 80 })
    .map((readings) => {
      let time = 0;
      return { times: readings.map(([gap]) => (time += gap)), values: readings.map(([, each]) => each) };
    });

/** Any finite number, with those where sums and squares overflow or vanish. */
const extreme = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(1e300, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE, 1e154, 5e-324, -1e-308, 1e-170, 0, -0, 1),
);

describe('the features of a chunk', () => {
  it.each(cases)('agree with numpy, scipy and statsmodels: $name', ({ times, values, dayStart, dayEnd, features }) => {
    const wanted = Object.fromEntries(Object.entries(features).map(([name, value]) => [name, value ?? Number.NaN]));
    expect(differences(featuresOf(times, values, dayStart, dayEnd), wanted)).toEqual([]);
  });

  it.each(cases)('have the names of the reference, no more and no fewer: $name', ({ features }) => {
    expect(Object.keys(features).sort()).toEqual([...FEATURE_NAMES].sort());
  });

  it('have names that are all different', () => {
    expect(new Set(FEATURE_NAMES).size).toBe(FEATURE_NAMES.length);
  });

  it('each belong to the group that lists it', () => {
    for (const group of GROUP_NAMES) for (const name of FEATURE_GROUPS[group]) expect(groupOf(name)).toBe(group);
    expect(groupOf('unheard-of')).toBeUndefined();
  });

  it('are finite or missing for any finite readings', () => {
    fc.assert(
      fc.property(readingsOf(extreme), ({ times, values }) => {
        const endless = Object.entries(featuresOf(times, values)).filter(([, value]) => Math.abs(value) === Infinity);
        expect(endless).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('are missing, not wrong, where squares overflow', () => {
    const found = featuresOf([1, 2, 3, 4], [1e300, -1e300, 1e300, 1e299]);
    expect(found).toMatchObject({
      std: Number.NaN,
      skewness: Number.NaN,
      kurtosis: Number.NaN,
      quarter_1: Number.NaN,
      acf_1: Number.NaN,
    });
    expect(found).toMatchObject({ min: -1e300, max: 1e300, count: 4 });
  });

  it('of a single reading are its value, and missing where two are needed', () => {
    const found = featuresOf([DAY / 2], [7]);
    expect(found).toMatchObject({
      mean: 7,
      std: 0,
      min: 7,
      max: 7,
      median: 7,
      iqr: 0,
      mad: 0,
      entropy: 0,
      mode_share: 1,
      longest_stuck: 1,
    });
    expect(found).toMatchObject({ count: 1, first_position: 0.5, last_position: 0.5 });
    const missing = [
      'skewness',
      'quantile_skew',
      'abs_change',
      'acf_1',
      'turning_share',
      'trend',
      'quarter_1',
      'day_cos',
      'median_interval',
    ];
    for (const name of missing) expect(found[name], name).toBeNaN();
  });

  it('do not depend on the order in which equal chunks are given', () => {
    const chunk = cases[0]!;
    const once = featuresOf(chunk.times, chunk.values, chunk.dayStart, chunk.dayEnd);
    featuresOf([1], [2]);
    expect(featuresOf(chunk.times, chunk.values, chunk.dayStart, chunk.dayEnd)).toEqual(once);
  });

  it('follow a shift of the values where they are levels, and stay where they are shapes', () => {
    const levels = ['mean', 'min', 'max', 'median', 'q05', 'q25', 'q75', 'q95'];
    const neither = ['zero_share', 'variation'];
    // Both ends of the range are always there, so that the edges of the entropy's bins are whole numbers.
    const values = fc
      .array(fc.integer({ min: -500, max: 500 }), { minLength: 1, maxLength: 60 })
      .map((some) => [-500, ...some, 500]);
    fc.assert(
      fc.property(values, fc.integer({ min: -1_000_000, max: 1_000_000 }), (before, shift) => {
        const times = before.map((_, at) => at * 600_000_000);
        const wanted = featuresOf(times, before);
        for (const name of levels) wanted[name]! += shift;
        for (const name of neither) delete wanted[name];
        const found = featuresOf(
          times,
          before.map((value) => value + shift),
        );
        expect(differences(found, wanted)).toEqual([]);
      }),
    );
  });

  it('that are shares, shapes and correlations stay when the values are scaled', () => {
    const scaled = [
      ...['mean', 'std', 'min', 'max', 'median', 'q05', 'q25', 'q75', 'q95', 'iqr', 'mad'],
      ...['abs_change', 'change_std', 'max_change', 'trend'],
    ];
    fc.assert(
      fc.property(readingsOf(fc.integer({ min: -1000, max: 1000 })), ({ times, values }) => {
        const wanted = featuresOf(times, values);
        for (const name of scaled) wanted[name]! *= 1024;
        // A power of two changes exponents only: every bit of the rest stays.
        expect(
          featuresOf(
            times,
            values.map((value) => value * 1024),
          ),
        ).toEqual(wanted);
      }),
    );
  });
});

describe('features of many chunks', () => {
  it('are those of each chunk by itself', () => {
    const ofOneDay = cases.filter(
      ({ dayStart, dayEnd }) => dayStart === cases[0]!.dayStart && dayEnd === cases[0]!.dayEnd,
    );
    const { dayStart, dayEnd } = ofOneDay[0]!;
    const offsets = [0];
    for (const { times } of ofOneDay) offsets.push(offsets.at(-1)! + times.length);
    const { data } = computeFeatures({
      times: Float64Array.from(ofOneDay.flatMap(({ times }) => times)),
      values: Float64Array.from(ofOneDay.flatMap(({ values }) => values)),
      offsets: Float64Array.from(offsets),
      dayStart,
      dayEnd,
    });
    const alone = ofOneDay.flatMap(({ times, values }) => [
      ...chunkFeatures(Float64Array.from(times), Float64Array.from(values), dayStart, dayEnd),
    ]);
    expect([...data]).toEqual(alone);
  });

  it('are none when there are no chunks', () => {
    const none = new Float64Array(0);
    expect(
      computeFeatures({ times: none, values: none, offsets: Float64Array.of(0), dayStart: 0, dayEnd: DAY }).data,
    ).toHaveLength(0);
  });
});
