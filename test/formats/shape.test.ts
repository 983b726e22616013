import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { OPEN } from '../../formats/choice.js';
import { type Shape, shapeOf } from '../../formats/shape.js';
import { shared, sharedMissing } from '../support/shared.js';

function found(text: string): Shape {
  const shape = shapeOf(text, OPEN);
  if (shape === null || shape === 'empty') throw new Error(`there is no shape: ${shape}`);
  return shape;
}
const decided = (text: string) =>
  Object.fromEntries(found(text).decisions.map(({ what, decided: is, sure }) => [what, `${is}, ${sure}`]));

describe('the shape of a file', () => {
  it('is all that was decided, each with how sure it is', () => {
    const lines = ['Messstelle: Nord', '', 'Datum;Pegel [m];Abfluss [m³/s]', '03.04.2024 10:00;1,25;1.234,5'];
    expect(decided(`${[...lines, '04.04.2024 10:00;1,5;1.250', '05.04.2024 10:00;2;1.300'].join('\n')}\n`)).toEqual({
      delimiter: 'semicolon, certain',
      header: 'line 3, certain',
      'decimal mark': ',, certain',
      time: 'Datum, certain',
      'time format': '%d.%m.%Y %H:%M, certain',
      'day or month first': 'day-first, likely',
    });
  });

  it('leaves open what the cells leave open', () => {
    expect(decided('time,x\n03/04/2024,1\n03/04/2024,2\n')).toMatchObject({ 'day or month first': 'open, guess' });
  });

  it('is none of a text without a table', () => {
    expect(shapeOf('Dear all,\nthere are no data.\n', OPEN)).toBeNull();
  });
});

describe.skipIf(sharedMissing !== null)(`of real files${sharedMissing === null ? '' : `: ${sharedMissing}`}`, () => {
  it.each([
    ['building/413.csv', 'wide', 'timestamp', ['co2', 'humidity', 'light', 'pir', 'temperature']],
    [
      'beijing-air/PRSA_Data_Dingling_20130301-20151231.csv',
      'several',
      'year',
      ['PM2.5', 'PM10', 'SO2', 'NO2', 'CO', 'O3', 'TEMP', 'PRES', 'DEWP', 'RAIN', 'WSPM'],
    ],
    [
      'occupancy/datatest.txt',
      'wide',
      'date',
      ['Temperature', 'Humidity', 'Light', 'CO2', 'HumidityRatio', 'Occupancy'],
    ],
  ])('%s is found', async (file, form, time, values) => {
    const text = (await readFile(`${shared}/${file}`, 'utf8')).slice(0, 50_000);
    const { roles, decisions } = found(text.slice(0, text.lastIndexOf('\n') + 1));
    expect(roles).toMatchObject({ form, values });
    expect(decisions.find(({ what }) => what === 'time')!.decided).toMatch(new RegExp(`^${time}`));
  });
});
