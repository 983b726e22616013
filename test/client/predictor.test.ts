import { describe, expect, it } from 'vitest';
import { type Instance, Predictor } from '../../client/predictor.js';
import { type Chunk, DAY, instanceOf, isoMicros, modelAround, namedFeatures, swinging } from './small-model.js';

const CHUNKS = [swinging(20, 3), swinging(500, 40), swinging(1, 0.01), swinging(90, 45)];
const IDS = [7, 2, 9, 4];
const { model, creator } = modelAround(CHUNKS, IDS);
const predictor = new Predictor('plant', 3, model, creator);
const same = (id: number) => ({ cluster: id, distance: 0, novel: false });

const refusal = (instance: Instance) => {
  const good = instanceOf(CHUNKS[0]!);
  return expect(() => predictor.predict([good, instance]));
};
const code = (name: string, message: RegExp) =>
  expect.objectContaining({ code: name, message: expect.stringMatching(message) });

describe('a warm model', () => {
  it('gives each chunk the id of the centre it lies at, in the order they were sent', () => {
    expect(predictor.predict(CHUNKS.map(instanceOf))).toEqual(IDS.map(same));
    expect(predictor.predict([...CHUNKS].reverse().map(instanceOf))).toEqual([...IDS].reverse().map(same));
    expect(predictor).toMatchObject({ model: 'plant', version: 3 });
  });

  it('takes features as well as readings, beside each other', () => {
    const [one, two] = CHUNKS as [Chunk, Chunk];
    expect(predictor.predict([{ features: namedFeatures(one) }, instanceOf(two)])).toEqual([same(7), same(2)]);
  });

  it('answers for one chunk as for many', () => {
    const strange = swinging(30, 12);
    const [alone] = predictor.predict([instanceOf(strange)]);
    const among = predictor.predict([...CHUNKS, strange].map(instanceOf));
    expect(among.at(-1)).toEqual(alone);
    expect(alone!.distance).toBeGreaterThan(0);
  });

  it('calls novel what lies farther from its centre than any chunk in training did', () => {
    const near = new Predictor('plant', 3, { ...model, radius: IDS.map(() => 0) }, creator);
    const [at] = near.predict([instanceOf(CHUNKS[1]!)]);
    expect(at).toEqual(same(2));
    const [away] = near.predict([instanceOf(swinging(510, 41))]);
    expect(away).toMatchObject({ cluster: 2, novel: true });
    const wide = new Predictor('plant', 3, { ...model, radius: IDS.map(() => away!.distance) }, creator);
    expect(wide.predict([instanceOf(swinging(510, 41))])).toEqual([{ ...away, novel: false }]);
  });

  it('puts what the creator learned in the place of what is missing, named as null or not at all', () => {
    const { skewness: _, ...others } = namedFeatures(CHUNKS[0]!);
    const [left, named] = predictor.predict([{ features: others }, { features: { ...others, skewness: null } }]);
    expect(left).toEqual(named);
    const { fill } = creator.columns.find(({ name }) => name === 'skewness')!;
    expect(predictor.predict([{ features: { ...others, skewness: fill } }])).toEqual([left]);
  });
});

describe('a model that was trained on columns of a project', () => {
  const [swing, level] = ['swing', 'level'].map((name, at) => ({
    ...creator.columns[at]!,
    name,
    log: false,
    weight: 1,
  }));
  const columns = [swing!, level!];
  const own = { ...creator, columns, reference: columns.map(({ name }) => ({ ...creator.reference[0]!, name })) };
  const centres = [
    [0, 0],
    [3, 3],
  ];
  const clusters = { ...model, columns: ['swing', 'level'], centres, ids: [4, 5], radius: [9, 9] };
  const theirs = new Predictor('swings', 1, clusters, own);

  it('takes them by name', () => {
    const at = ({ mean, std }: { mean: number; std: number }, deviations: number) => mean + deviations * std;
    const features = { swing: at(swing!, 2.9), level: at(level!, 2.9) };
    expect(theirs.predict([{ features }])).toMatchObject([{ cluster: 5 }]);
  });

  it('says so where it is given readings', () => {
    expect(() => theirs.predict([instanceOf(CHUNKS[0]!)])).toThrow(
      code(
        'MR_PARAM',
        /swings version 1 sees features that a project makes of readings\n {2}features by name: swing, level/,
      ),
    );
  });
});

describe('readings', () => {
  it('may come in any order, and of several at one time the last is used', () => {
    const { readings, ...rest } = instanceOf(CHUNKS[0]!);
    const [first, ...others] = readings as [[string, number], ...[string, number][]];
    const shuffled = [[first[0], first[1] + 1000] as [string, number], ...others.reverse(), first];
    expect(predictor.predict([{ ...rest, readings: shuffled }])).toEqual([same(7)]);
  });

  it('may be named in any zone', () => {
    const { readings, ...rest } = instanceOf(CHUNKS[0]!);
    const shifted = readings.map(([time, value]): [string, number] => {
      const there = new Date(Date.parse(time) - 5.5 * 3_600_000).toISOString();
      return [there.replace('Z', '-05:30'), value];
    });
    expect(predictor.predict([{ ...rest, readings: shifted }])).toEqual([same(7)]);
  });

  it('lie as near to each other as in files: to the microsecond', () => {
    // Four thousand in a second.
    const fast = swinging(20, 3, 250, 4000);
    const around = modelAround([...CHUNKS, fast], [...IDS, 11]);
    const warm = new Predictor('plant', 4, around.model, around.creator);
    expect(isoMicros(fast[1]![0])).toBe('2026-03-02T00:00:00.000250Z');
    expect(warm.predict([instanceOf(fast)])).toEqual([same(11)]);
  });

  it.each([
    ['2024-03-31', '2024-03-30T23:00:00Z', '2024-03-31T21:59:59Z', '2024-03-31T22:00:00Z'],
    ['2024-10-27', '2024-10-26T22:00:00Z', '2024-10-27T22:59:59Z', '2024-10-27T23:00:00Z'],
  ])('of %s in Berlin lie between the midnights there, where clocks change', (day, first, last, next) => {
    const of = (time: string): Instance => ({ day, tz: 'Europe/Berlin', readings: [[time, 1]] });
    expect(predictor.predict([of(first), of(last)])).toHaveLength(2);
    refusal(of(next)).toThrow(code('MR_PARAM', new RegExp(`not a time on ${day} in Europe/Berlin`)));
    const before = new Date(Date.parse(first) - 1000).toISOString();
    refusal(of(before)).toThrow(code('MR_PARAM', /instances\.1\.readings\.0/));
  });
});

describe('what cannot be predicted', () => {
  it.each<[string, Instance, string, RegExp]>([
    ['a wrong name', { features: { mean: 1, medain: 1 } }, 'MR_PARAM', /instances\.1: .*"medain".*"median"/],
    ['a name that every object has', { features: { constructor: 1 } }, 'MR_PARAM', /instances\.1: .*"constructor"/],
    ['nothing', { features: {} }, 'MR_PARAM', /instances\.1: no feature has a value/],
    ['nothing but nulls', { features: { mean: null } }, 'MR_PARAM', /instances\.1: no feature has a value/],
    [
      'another day',
      { day: DAY, tz: 'UTC', readings: [['2026-03-03T00:00:00Z', 1]] },
      'MR_PARAM',
      /instances\.1\.readings\.0: "2026-03-03T00:00:00Z" is not a time on 2026-03-02 in UTC/,
    ],
    ['no time', { day: DAY, tz: 'UTC', readings: [['noon', 1]] }, 'MR_PARAM', /instances\.1\.readings\.0: "noon"/],
    [
      'no zone',
      { day: DAY, tz: 'Europe/Berln', readings: [['2026-03-02T08:00:00Z', 1]] },
      'MR_ZONE_UNKNOWN',
      /Europe\/Berlin/,
    ],
  ])('is refused: %s', (_, instance, name, words) => {
    refusal(instance).toThrow(code(name, words));
  });
});
