import { describe, expect, it } from 'vitest';
import { booleansOf, lookAt } from '../../formats/columns.js';
import { findTable } from '../../formats/table.js';

const look = (...lines: string[]) => lookAt(findTable(`${lines.join('\n')}\n`)!);
const kinds = (...lines: string[]) => Object.fromEntries(look(...lines).columns.map(({ name, kind }) => [name, kind]));

describe('the columns of a table', () => {
  it('hold numbers, booleans, times, clocks, texts or nothing', () => {
    const found = kinds(
      'time;date;clock;level;pump;note;spare;epoch',
      '2024-03-01 10:00;1.3.2024;10:00;1,5;on;ok;;1709287200',
      '2024-03-01 10:10;1.3.2024;10:10;NA;off;well;;1709287800',
      '2024-03-01 10:20;1.3.2024;10:20;-2,25;ON;so so;NaN;1709288400',
    );
    expect(found).toEqual({
      ...{ time: 'time', date: 'time', clock: 'clock', level: 'number', pump: 'boolean', note: 'text' },
      ...{ spare: 'empty', epoch: 'number' },
    });
  });

  it('of numbers may be of moments too', () => {
    const { columns } = look('t,x', '1709287200,5', '1709287800,6', '1709288400,7');
    expect(columns.map(({ time }) => time?.format)).toEqual([{ kind: 'epoch', unit: 's' }, undefined]);
  });

  it('have one decimal mark, found from all of them', () => {
    const { columns, decimal } = look('zeit;a;b;c', '1.3.2024 10:00;1,5;1.234;7 kW', '1.3.2024 10:10;2,25;5.678;8 kW');
    expect(decimal).toMatchObject({ decimal: ',', sure: 'certain' });
    expect(columns.map(({ number }) => number)).toEqual([
      null,
      { decimal: ',', group: '', units: [], plain: false },
      { decimal: ',', group: '.', units: [], plain: false },
      { decimal: ',', group: '', units: ['kW'], plain: false },
    ]);
  });

  it('that turn to text half way are numbers, of which some are mistakes', () => {
    expect(kinds('time,x', '2024-03-01,1', '2024-03-02,2', '2024-03-03,broken', '2024-03-04,worn')).toMatchObject({
      x: 'number',
    });
  });

  it('that count their rows are seen', () => {
    const { columns } = look('No,time,x', '7,2024-03-01,1', '8,2024-03-02,2', '9,2024-03-03,2');
    expect(columns.map(({ counts }) => counts)).toEqual([true, false, false]);
  });

  it('have words for 1 and 0', () => {
    expect(booleansOf(['Yes', 'no', 'NO'])).toEqual(['yes', 'no']);
    expect(booleansOf(['on'])).toEqual(['on', 'off']);
    expect(booleansOf(['on', 'no'])).toBeNull();
  });
});
