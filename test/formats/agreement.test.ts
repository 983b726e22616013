import { describe, expect, it } from 'vitest';
import { ALL_FOUND, choiceOf } from '../../activities/choice.js';
import { agreed } from '../../formats/agreement.js';
import { type Shape, shapeOf } from '../../formats/shape.js';

function shape(header: string, rows: string[], choice = {}, hour = (at: number) => at): Shape {
  const lines = rows.map((row, at) => `2024-03-01 0${hour(at)}:00:00${row}`);
  const found = shapeOf(`${header}\n${lines.join('\n')}\n`, choiceOf({ ...ALL_FOUND, ...choice }));
  if (found === null || found === 'empty') throw new Error('there is no table');
  return found;
}

const settle = (...shapes: Shape[]) =>
  agreed(
    shapes.map((each) => ({ shape: each, written: true })),
    ({ written }) => written,
  ).map((table) => table.shape!);

const decided = ({ decisions }: Shape, what: string) => {
  const found = decisions.find((each) => each.what === what);
  return found && [found.decided, found.sure];
};

describe('the decimal mark', () => {
  const commas = shape('time;a', [';1,5', ';2,25', ';1.250,5']);
  const dots = shape('time;a', [';1.5', ';2.25', ';3.5']);
  const open = shape('time;a;b', [';1.250;1', ';2.375;2', ';1.125;3']);
  const whole = shape('time;a', [';1', ';2', ';3']);

  it('is that of other files where a file leaves it open', () => {
    expect(decided(open, 'decimal mark')).toEqual(['.', 'likely']);
    const [, two, three] = settle(commas, open, whole);
    expect(decided(two!, 'decimal mark')).toEqual([',', 'likely']);
    expect(two!.columns[1]!.number).toMatchObject({ decimal: ',', plain: false });
    expect(decided(three!, 'decimal mark')).toEqual([',', 'likely']);
    const [, same] = settle(dots, open);
    expect(same!.columns[1]!.number).toEqual(open.columns[1]!.number);
  });

  it('stays what it is where others differ, or a person named it', () => {
    expect(settle(commas, dots, open)[2]).toEqual(open);
    const named = shape('time;a', [';1.250', ';2.375'], { decimal: '.' });
    expect(settle(commas, named)[1]).toEqual(named);
    expect(settle(open, whole)).toEqual([open, whole]);
  });

  it('of numbers that no person wrote is left alone', () => {
    const tables = [
      { shape: commas, written: true },
      { shape: open, written: false },
    ];
    expect(agreed(tables, ({ written }) => written)[1]!.shape).toEqual(open);
  });
});

describe('columns', () => {
  const header = 'time,rack,flow,level';
  const several = shape(
    header,
    ['north', 'south', 'north', 'south', 'north', 'south'].map((rack, at) => `,${rack},${at + 0.5},${at}`),
    {},
    (at) => at >> 1,
  );
  const alone = shape(
    header,
    ['north', 'north', 'north'].map((rack, at) => `,${rack},${at + 0.5},${at}`),
  );

  it('that name sensors in one file do so in all with the same columns', () => {
    expect(several.roles).toMatchObject({ form: 'several', sensors: ['rack'] });
    expect(alone.roles.sensors).toEqual([]);
    const [, two] = settle(several, alone);
    expect(two!.roles).toMatchObject({ form: 'several', sensors: ['rack'], values: ['flow', 'level'], leftOut: [] });
    expect(decided(two!, 'sensor')).toEqual(['rack', 'likely']);
    expect(two!.roles.time).toEqual(alone.roles.time);
  });

  it('that are empty in one file are readings as in the others, words are not', () => {
    const empty = shape('time,flow,level', [',1.5,', ',2.5,', ',3.5,']);
    const words = shape('time,flow,level', [',1.5,low', ',2.5,high', ',3.5,low']);
    const numbers = shape('time,flow,level', [',1.5,1', ',2.5,2', ',3.5,3']);
    const [, two, three] = settle(numbers, empty, words);
    expect(two!.roles.values).toEqual(['flow', 'level']);
    expect(three!.roles).toEqual(words.roles);
  });

  it('of another name are no matter', () => {
    const other = shape('time,rack,flow', [',north,1.5', ',north,2.5']);
    expect(settle(several, other)[1]!.roles).toEqual(other.roles);
  });
});
