import { expect, test } from 'vitest';
import { parted } from '../../formats/text-records.js';

const told = (lines: string[], last = true) => {
  const { records, rest } = parted(lines, ',', 3, last);
  return [...records.map(({ text, whole }) => (whole ? text : `✗ ${text}`)), ...rest.map((line) => `… ${line}`)];
};

test.each([
  [
    'lines without quotes',
    ['1,2,3', '1,2', '1,2,3,4', '1,2,3,,', '1,,'],
    ['1,2,3', '✗ 1,2', '✗ 1,2,3,4', '1,2,3,,', '1,,'],
  ],
  [
    'oddities within a line, which the reader judges',
    ['1,"2"x,3', '1,2"2,3', '"1","2"'],
    ['1,"2"x,3', '1,2"2,3', '"1","2"'],
  ],
  ['a cell of several lines', ['1,"2', '2,2"",', '2",3', '4,5,6'], ['1,"2\n2,2"",\n2",3', '4,5,6']],
  ['several such cells', ['"1', '1","2', '2",3', '4,5,6'], ['"1\n1","2\n2",3', '4,5,6']],
  ['a quote that is not closed', ['1,"2,3', '4,5,6', '7,8,9'], ['✗ 1,"2,3', '4,5,6', '7,8,9']],
  [
    'a quote that is closed where another cell begins',
    ['1,"2,3', '4,"5",6', '7,8,9'],
    ['✗ 1,"2,3', '4,"5",6', '7,8,9'],
  ],
  ['a record of several lines with too few cells', ['1,"2,3', '4,5"', '7,8,9'], ['✗ 1,"2,3', '4,5"', '7,8,9']],
  ['two quotes that are not closed', ['1,2,"3', '1,2,"4', '1,2,5'], ['✗ 1,2,"3', '✗ 1,2,"4', '1,2,5']],
])('%s', (_, lines, records) => {
  expect(told(lines)).toEqual(records);
});

test('what may go on in lines that are not there yet is left for later', () => {
  expect(told(['1,2,3', '1,"2', 'x'], false)).toEqual(['1,2,3', '… 1,"2', '… x']);
});

test('a quote that is not closed within a thousand lines never is', () => {
  const lines = ['1,"2', ...Array.from({ length: 999 }, () => '1,2,3')];
  expect(parted(lines, ',', 3, false)).toMatchObject({ rest: [], records: { length: 1000, 0: { whole: false } } });
  expect(parted([...lines.slice(0, -1), '2",3'], ',', 3, false).records).toHaveLength(1);
});

test('in long lines cells are counted, be there quotes or not', () => {
  const long = `"1"${',2'.repeat(10_000)}`;
  expect(parted([long], ',', 3, true).records).toEqual([{ text: long, whole: false }]);
  expect(parted([long], ',', 10_001, true).records).toEqual([{ text: long, whole: true }]);
});
