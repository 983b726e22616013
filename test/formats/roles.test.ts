import { describe, expect, it } from 'vitest';
import { lookAt } from '../../formats/columns.js';
import { type RoleChoice, RoleMissing } from '../../formats/role-choice.js';
import { decideRoles } from '../../formats/roles.js';
import { findTable } from '../../formats/table.js';

const NOTHING: RoleChoice = { time: null, sensor: null, value: null };
const rolesOf = (lines: string[], choice: Partial<RoleChoice> = {}) => {
  const table = findTable(`${lines.join('\n')}\n`)!;
  return decideRoles(lookAt(table).columns, table.rows, { ...NOTHING, ...choice });
};
const hours = (n: number, record: (hour: number) => string) => Array.from({ length: n }, (_, hour) => record(hour));
const stamp = (hour: number) => `2024-03-01 ${String(hour).padStart(2, '0')}:00:00`;

describe('the roles of columns', () => {
  it('are those of long form: a time, a sensor, a value', () => {
    const records = hours(8, (hour) => `${stamp(hour >> 1)},${hour % 2 ? 'inlet' : 'outlet'},${hour}.5,good`);
    expect(rolesOf(['measured_at,Sensor ID,reading,quality', ...records])).toMatchObject({
      form: 'long',
      time: { form: 'one', column: 'measured_at' },
      sensors: ['Sensor ID'],
      values: ['reading'],
      leftOut: [{ column: 'quality', why: 'it holds text' }],
    });
  });

  it('are those of wide form: a time, and a sensor in each other column', () => {
    expect(rolesOf(['time,inlet,outlet,pump', ...hours(4, (hour) => `${stamp(hour)},1.5,${hour},on`)])).toMatchObject({
      form: 'wide',
      sensors: [],
      values: ['inlet', 'outlet', 'pump'],
    });
  });

  it('are several values of one sensor in a row', () => {
    const records = hours(6, (hour) => `${hour + 1},2013,3,1,${hour},${hour}.5,NA,NNW,Dingling`);
    expect(rolesOf(['No,year,month,day,hour,PM2.5,SO2,wd,station', ...records])).toMatchObject({
      form: 'several',
      time: { form: 'parts', columns: { year: 'year', month: 'month', day: 'day', hour: 'hour' } },
      sensors: ['station'],
      values: ['PM2.5', 'SO2'],
      leftOut: [
        { column: 'No', why: 'it numbers the rows' },
        { column: 'wd', why: 'it holds text' },
      ],
    });
  });

  it('are those of rows with names, as R writes them', () => {
    const records = hours(4, (hour) => `"${hour + 1}","${stamp(hour)}",21.${hour},1`);
    expect(rolesOf(['"date","Temperature","Occupancy"', ...records])).toMatchObject({
      form: 'wide',
      time: { column: 'date' },
      values: ['Temperature', 'Occupancy'],
      leftOut: [{ column: 'column1', why: 'it numbers the rows' }],
    });
  });

  it('have the beginning of a window for the time', () => {
    const records = hours(4, (hour) => `${stamp(hour + 1)}\t${stamp(hour)}\t${hour}`);
    expect(rolesOf(['window_end\twindow_start\tcount', ...records])).toMatchObject({
      time: { column: 'window_start' },
      leftOut: [{ column: 'window_end', why: 'it holds another time' }],
    });
  });

  it('have a date and a time of day in two columns', () => {
    const records = hours(4, (hour) => `01.03.2024;${hour}:30;${hour},5`);
    expect(rolesOf(['Datum;Uhrzeit;Pegel', ...records])).toMatchObject({
      time: {
        form: 'date-clock',
        date: 'Datum',
        clock: 'Uhrzeit',
        guess: { format: { patterns: ['%1.%2.%Y %H:%M'] } },
      },
      values: ['Pegel'],
    });
  });

  it('have numbers for the time where they are called so', () => {
    const records = hours(4, (hour) => `${hour},${1_709_251_200 + 3600 * hour}`);
    expect(rolesOf(['x,epoch', ...records])).toMatchObject({ time: { column: 'epoch' }, values: ['x'] });
  });

  it('have a text for the sensor that tells readings of one time apart, whatever it is called', () => {
    const records = hours(24, (hour) => `${stamp(hour >> 2)},${'abcd'[hour % 4]},${hour}`);
    expect(rolesOf(['time,who,x', ...records])).toMatchObject({ form: 'long', sensors: ['who'], values: ['x'] });
  });

  it('have two columns for the sensor where both are called so', () => {
    const records = hours(24, (hour) => `${stamp(hour >> 2)},${'ab'[hour & 1]},${'xy'[(hour >> 1) & 1]},${hour}`);
    expect(rolesOf(['time,site,parameter,value', ...records])).toMatchObject({
      form: 'long',
      sensors: ['site', 'parameter'],
    });
  });

  it('keep a column that is empty so far: there may be readings later', () => {
    expect(rolesOf(['time,a,b', ...hours(4, (hour) => `${stamp(hour)},1.5,`)]).values).toEqual(['a', 'b']);
  });

  it('are as a person named them', () => {
    const lines = ['when,then,who,x,y', ...hours(4, (hour) => `${stamp(hour)},${stamp(hour + 1)},w${hour},1.5,2`)];
    expect(rolesOf(lines, { time: ['then'], sensor: ['who'], value: ['y'] })).toMatchObject({
      form: 'long',
      time: { column: 'then' },
      sensors: ['who'],
      values: ['y'],
      leftOut: [
        { column: 'when', why: 'others were named for the readings' },
        { column: 'x', why: 'others were named for the readings' },
      ],
    });
  });

  it.each([
    ['time', ['a,b', '1.5,2', '2.5,3'], {}, 'no column holds times'],
    ['time', ['time,b', '2024-03-01,2', '2024-03-02,3'], { time: ['tim'] }, 'Did you mean "time"?'],
    ['sensor', ['time,b', '2024-03-01,2', '2024-03-02,3'], { sensor: ['c'] }, 'there is no column "c"'],
    ['value', ['time,note', '2024-03-01,good', '2024-03-02,well'], {}, 'no column with readings'],
  ] as const)('are missing: %s', (role, lines, choice, words) => {
    const act = () => rolesOf([...lines], choice);
    expect(act).toThrow(RoleMissing);
    expect(act).toThrow(words);
    expect(act).toThrow(expect.objectContaining({ role }));
  });
});
