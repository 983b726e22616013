import { describe, expect, test } from 'vitest';
import { type ColumnChoice, layoutOf } from '../../activities/layout.js';

/** The layout of a text file with these columns, by names; `null` stands for a column that was not named. */
function layout(columns: string[], choice: Partial<ColumnChoice> = {}) {
  const found = layoutOf(
    'a.csv',
    columns.map((name) => ({ name, type: 'VARCHAR' })),
    { timeColumn: null, sensorColumn: null, valueColumn: null, ...choice },
  );
  if (found.form === 'long') return { time: found.time.name, sensor: found.sensor.name, value: found.value.name };
  return { time: found.time.name, sensors: found.sensors.map(({ name }) => name) };
}

function refusal(columns: string[], choice: Partial<ColumnChoice> = {}): string {
  try {
    layout(columns, choice);
  } catch (error) {
    expect(error).toMatchObject({ code: 'MR_COLUMN_MISSING' });
    return (error as Error).message;
  }
  throw new Error('the columns were taken');
}

describe('the time column', () => {
  test.each(['time', 'timestamp', 'ts', 'date', 'datetime', 'Time', 'TIMESTAMP', ' DateTime '])(
    'is found as %j',
    (name) => {
      expect(layout(['x', name])).toEqual({ time: name, sensors: ['x'] });
    },
  );

  test('is the first of these names, not the first column', () => {
    expect(layout(['date', 'x', 'time'])).toEqual({ time: 'time', sensors: ['date', 'x'] });
  });

  test('is the one that was named, also beside one called time', () => {
    expect(layout(['time', 'at', 'x'], { timeColumn: 'at' })).toEqual({ time: 'at', sensors: ['time', 'x'] });
  });

  test('when it is missing, the message says what is there, what looks alike and what to do', () => {
    expect(refusal(['tmie', 'x', 'y'])).toBe(
      'a.csv lacks a time column\n  its columns: tmie, x, y; these look alike: tmie\n  name it with --set timeColumn=…',
    );
  });

  test('when the named one is missing, the message names it; case counts', () => {
    expect(refusal(['When', 'x'], { timeColumn: 'when' })).toBe(
      'a.csv lacks the time column "when"\n  its columns: When, x; these look alike: When\n  set timeColumn to one of these',
    );
  });

  test('a message lists at most twenty columns', () => {
    const many = Array.from({ length: 25 }, (_, i) => `sensor ${i}`);
    expect(refusal(many)).toContain('sensor 19 and 5 more');
    expect(refusal(many)).not.toContain('sensor 20');
  });
});

describe('long form', () => {
  test('has a sensor and a value column, in any order and case; further columns do not matter', () => {
    expect(layout(['VALUE', 'unit', 'Sensor', 'ts'])).toEqual({ time: 'ts', sensor: 'Sensor', value: 'VALUE' });
  });

  test('has the columns that were named', () => {
    expect(layout(['ts', 'id', 'reading'], { sensorColumn: 'id', valueColumn: 'reading' })).toEqual({
      time: 'ts',
      sensor: 'id',
      value: 'reading',
    });
  });

  test.each([
    ['a renamed value', ['time', 'sensor', 'valu'], {}, 'a value column', 'valu'],
    [
      'a value of another name beside a named sensor',
      ['time', 'id', 'vlaue'],
      { sensorColumn: 'id' },
      'a value column',
      'vlaue',
    ],
    ['a renamed sensor', ['time', 'sensor_id', 'value'], {}, 'a sensor column', 'sensor_id'],
    [
      'a sensor of another name beside a named value',
      ['time', 'sensr', 'v'],
      { valueColumn: 'v' },
      'a sensor column',
      'sensr',
    ],
    [
      'a named sensor that is not there',
      ['time', 'tag', 'value'],
      { sensorColumn: 'tags' },
      'the sensor column "tags"',
      'tag',
    ],
    [
      'a named value that is not there',
      ['time', 'sensor', 'Value'],
      { valueColumn: 'value' },
      'the value column "value"',
      'Value',
    ],
  ])('lacks %s', (_, columns, choice, lacks, alike) => {
    const message = refusal(columns, choice);
    expect(message).toContain(`a.csv lacks ${lacks}\n`);
    expect(message).toContain(`these look alike: ${alike}`);
  });
});

describe('wide form', () => {
  test('has a sensor in every column but the time', () => {
    expect(layout(['flow', 'time', 'pressure'])).toEqual({ time: 'time', sensors: ['flow', 'pressure'] });
  });

  test('may have one sensor only, also one called value or sensor', () => {
    expect(layout(['time', 'value'])).toEqual({ time: 'time', sensors: ['value'] });
    expect(layout(['time', 'sensor'])).toEqual({ time: 'time', sensors: ['sensor'] });
  });

  test('may have a sensor called value among others', () => {
    expect(layout(['time', 'value', 'quality'])).toEqual({ time: 'time', sensors: ['value', 'quality'] });
  });

  test('needs a column besides the time', () => {
    expect(refusal(['time'])).toContain('a.csv lacks a column with readings');
  });
});
