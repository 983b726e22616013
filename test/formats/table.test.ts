import { describe, expect, it } from 'vitest';
import { findTable } from '../../formats/table.js';

const text = (...lines: string[]) => `${lines.join('\n')}\n`;
const names = (content: string) => findTable(content)?.columns.map(({ name }) => name);
const units = (content: string) => findTable(content)?.columns.map(({ unit }) => unit);

const WIDE = [
  ['time', 'temperature', 'pressure'],
  ['2024-03-01 00:00:00', '21.5', '1013'],
  ['2024-03-01 00:10:00', '21.75', '1012'],
  ['2024-03-01 00:20:00', '22', 'NA'],
];
const wide = (delimiter: string) => text(...WIDE.map((cells) => cells.join(delimiter)));

describe('a table', () => {
  it.each([',', ';', '\t', '|'] as const)('has cells between %j', (delimiter) => {
    expect(findTable(wide(delimiter))).toMatchObject({ delimiter, headerLine: 1, firstLine: 2, sure: 'certain' });
    expect(names(wide(delimiter))).toEqual(WIDE[0]);
  });

  it('has cells between blanks, also several', () => {
    const content = text(
      'date        level  flow',
      '2024-03-01   1.5   20',
      '2024-03-02  12.5  9',
      '2024-03-03  3.5  7',
    );
    expect(findTable(content)).toMatchObject({ delimiter: 'blank', headerLine: 1, firstLine: 2 });
    expect(names(content)).toEqual(['date', 'level', 'flow']);
  });

  it('is divided by semicolons where commas are decimal', () => {
    const content = text('Zeit;Temperatur;Druck', '01.03.2024 00:00;21,5;1013,25', '01.03.2024 00:10;21,75;1012,5');
    expect(findTable(content)).toMatchObject({ delimiter: ';', headerLine: 1 });
  });

  it('is divided by tabs where texts have commas', () => {
    const content = text('time\tnote\tvalue', '2024-03-01\topened, then closed\t1', '2024-03-02\tnone, again\t2');
    expect(findTable(content)).toMatchObject({ delimiter: '\t' });
  });

  it('has quoted cells with delimiters, quotes and line ends in them', () => {
    const content = text(
      'time,"name, long","say ""so"""',
      '2024-03-01,"a\nb",1',
      '2024-03-02,"c,d",2',
      '2024-03-03,e,3',
    );
    expect(names(content)).toEqual(['time', 'name, long', 'say "so"']);
    expect(findTable(content)!.rows.map(({ line, cells }) => [line, cells[1]])).toEqual([
      [2, 'a\nb'],
      [4, 'c,d'],
      [5, 'e'],
    ]);
  });

  it('begins below lines of metadata', () => {
    const content = text(
      'Logger: XR-5',
      'Serial number,12345',
      'Site;Roof, north',
      '',
      ...WIDE.map((cells) => cells.join(',')),
    );
    expect(findTable(content)).toMatchObject({ headerLine: 5, firstLine: 6 });
    expect(names(content)).toEqual(WIDE[0]);
  });

  it.each(['#', '%', '//', '!'])('has remarks that begin with %s', (comment) => {
    const content = text(
      `${comment} made by a logger, on 1 March`,
      ...WIDE.slice(0, 2).map((cells) => cells.join(',')),
      `${comment} gap`,
      WIDE[2]!.join(','),
    );
    expect(findTable(content)).toMatchObject({ comment, headerLine: 2, firstLine: 3 });
    expect(findTable(content)!.rows.map(({ line }) => line)).toEqual([3, 5]);
  });

  it('has no names where its first row looks like the others', () => {
    const content = text(...WIDE.slice(1).map((cells) => cells.join(',')));
    expect(findTable(content)).toMatchObject({ headerLine: null, firstLine: 1 });
    expect(names(content)).toEqual(['column1', 'column2', 'column3']);
  });

  it('has names that are numbers, as those of sensors', () => {
    const content = text('time,101,102', '2024-03-01,1.5,2.5', '2024-03-02,1.25,2.25');
    expect(names(content)).toEqual(['time', '101', '102']);
  });

  it('begins with its names also where some records are broken', () => {
    const content = text(
      'a,b,time',
      '1,2',
      '1,2,2024-03-01',
      '1,2,3,4',
      '1,3,2024-03-02',
      '1,4,2024-03-03',
      '1,4,2024-03-04',
    );
    expect(findTable(content)).toMatchObject({ headerLine: 1, firstLine: 2 });
  });

  it('has rows with names of their own, as R writes them', () => {
    const content = text('"date","level"', '"1","2024-03-01",1.5', '"2","2024-03-02",2.5', '"3","2024-03-03",3.5');
    expect(findTable(content)).toMatchObject({ rowNames: true, headerLine: 1, firstLine: 2 });
    expect(names(content)).toEqual(['column1', 'date', 'level']);
  });

  it('has names that are given twice, or not at all', () => {
    const content = text('time,level,level,', '2024-03-01,1.5,2.5,3', '2024-03-02,1.25,2.25,4');
    expect(names(content)).toEqual(['time', 'level', 'level_2', 'column4']);
  });

  it('has names of which tens of thousands are the same', () => {
    const many = 50_000;
    const row = (time: string, cell: string) => [time, ...Array<string>(many).fill(cell)].join(',');
    const content = text(row('time', 'level'), row('2024-03-01', '1.5'), row('2024-03-02', '2.5'));
    expect(names(content)?.at(-1)).toBe(`level_${many}`);
  });

  it('of words alone has its first row for names, as a guess', () => {
    expect(findTable(text('sensor,state', 'a,open', 'b,closed'))).toMatchObject({ headerLine: 1, sure: 'guess' });
  });

  it.each([[''], ['\n\n\n'], ['one\ntwo\nthree\n'], ['just one line of prose\n']])('is not in %j', (content) => {
    expect(findTable(content)).toBeNull();
  });

  it('has line ends of any kind', () => {
    for (const end of ['\r\n', '\r'])
      expect(findTable(wide(',').replaceAll('\n', end))).toMatchObject({ headerLine: 1, firstLine: 2 });
  });

  it('is found in a file of one record', () => {
    expect(findTable(text('time,level', '2024-03-01,1.5'))).toMatchObject({ headerLine: 1, firstLine: 2 });
    expect(findTable(text('time,level'))).toMatchObject({ headerLine: 1, firstLine: 2, rows: [] });
  });
});

describe('metadata as wide as the table', () => {
  const records = ['2024-03-01,1,2', '2024-03-02,1,2', '2024-03-03,1,2'];

  it('stand above the names', () => {
    const content = text('site,north,7', 'time,a,b', ...records);
    expect(findTable(content)).toMatchObject({ headerLine: 2, firstLine: 3 });
    expect(names(content)).toEqual(['time', 'a', 'b']);
  });

  it('may have names themselves', () => {
    expect(findTable(text('site,id,height', 'north,7,-', 'time,a,b', ...records))).toMatchObject({ headerLine: 3 });
  });

  it('are no records, nor the first of two rows of names', () => {
    expect(findTable(text('time,a,b', ...records, 'when,c,d', ...records))).toMatchObject({ headerLine: 1 });
    expect(findTable(text('time,a,b', 'NA,1,2', 'when,c,d', ...records))).toMatchObject({ headerLine: 1 });
    expect(findTable(text(...records, 'time,a,b', ...records))).toMatchObject({ headerLine: null, firstLine: 1 });
  });
});

describe('remarks', () => {
  it('may be more than the records, above them', () => {
    const content = text('# one', '# two', '# three', 'time,a', '2024-03-01,1');
    expect(findTable(content)).toMatchObject({ comment: '#', headerLine: 4 });
  });

  it('are none where most lines begin so between others', () => {
    const content = text('name,a', '#1,1', '#2,2', 'x,3');
    expect(findTable(content)).toMatchObject({ comment: '' });
  });
});

describe('units', () => {
  it('stand in brackets behind names', () => {
    const content = text(
      'time,Temperature [°C],power (kW),flow(m³/h),level (north),x',
      '2024-03-01,1,2,3,4,5',
      '2024-03-02,1,2,3,4,5',
    );
    expect(units(content)).toEqual([null, '°C', 'kW', 'm³/h', 'north', null]);
    expect(names(content)).toEqual(['time', 'Temperature', 'power', 'flow', 'level', 'x']);
  });

  it('stand in a row of their own', () => {
    const content = text('time,temperature,power,count', ',°C,kW,-', '2024-03-01,1,2,3', '2024-03-02,1,2,3');
    expect(findTable(content)).toMatchObject({ headerLine: 1, firstLine: 3 });
    expect(units(content)).toEqual([null, '°C', 'kW', null]);
  });

  it('stand above how each reading was had', () => {
    const content = text('time,a,b', 'TS,m/s,Deg C', ',Avg,Smp', '2024-03-01,1,2', '2024-03-02,1,2');
    expect(findTable(content)).toMatchObject({ headerLine: 1, firstLine: 4 });
    expect(units(content)).toEqual(['TS', 'm/s', 'Deg C']);
  });

  it('are not four rows of words, nor two of a narrow table', () => {
    const four = text('time,a,b', 'x,y,z', 'x,y,z', 'x,y,z', 'x,y,z', '2024-03-01,1,2', '2024-03-02,1,2');
    expect(findTable(four)).toMatchObject({ firstLine: 2 });
    expect(findTable(text('time,a', 'x,y', 'x,y', '2024-03-01,1', '2024-03-02,1'))).toMatchObject({ firstLine: 2 });
  });

  it('are not taken for records of words, nor records for them', () => {
    const content = text('time,state,level', '2024-03-01,open,1', '2024-03-02,closed,2');
    expect(findTable(content)).toMatchObject({ firstLine: 2 });
    expect(units(content)).toEqual([null, null, null]);
  });
});
