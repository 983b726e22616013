import { describe, expect, it } from 'vitest';
import { sortKey, tellingBlocks } from '../../formats/blocks.js';
import { lookAt } from '../../formats/columns.js';
import { findTable } from '../../formats/table.js';
import { guessTime } from '../../formats/times.js';

function telling(lines: readonly string[], later: readonly string[][] = []) {
  const table = findTable(`when,who,state,x\n${lines.join('\n')}\n`)!;
  const { columns } = lookAt(table);
  const texts = [1, 2].map((at) => ({ column: columns[at]!, at }));
  const further = later.map((some) => some.map((line) => ({ line: 0, cells: line.split(',') })));
  return tellingBlocks(texts, { at: 0, guess: columns[0]!.time! }, [table.rows, ...further])?.name;
}

const DAYS = ['2024-03-01', '2024-03-02', '2024-03-03'];
const block = (who: string, state = 'ok') => DAYS.map((day, at) => `${day},${who},${state},${at}`);

describe('sensors one after the other', () => {
  it('are told apart by the text that changes where time begins again', () => {
    expect(telling([...block('a'), ...block('b')])).toBe('who');
    expect(telling(block('a'), [['2024-03-04,a,ok,1', '2024-03-05,a,ok,1'], block('b')])).toBe('who');
  });

  it('are not where time goes on, whatever changes', () => {
    expect(telling(['2024-03-01,a,ok,1', '2024-03-02,b,ok,2', '2024-03-03,c,off,3'])).toBeUndefined();
  });

  it('are not where time begins again and no text changes', () => {
    expect(telling([...block('a'), ...block('a')])).toBeUndefined();
    expect(telling([...block('a'), ...block('b'), ...block('b')])).toBeUndefined();
  });

  it('have names', () => {
    expect(telling([...block('a'), ...block('')])).toBeUndefined();
  });
});

describe('moments sort by how they are written', () => {
  it.each([
    [['2024-03-01T09:00', '2024-03-01 10:00', '2024-12-01 01:00']],
    [['31.12.2023 9:30', '01.01.2024 8:30', '13.01.2024 10:00']],
    [['12/31/2023 11:30 PM', '1/1/2024 12:30 AM', '1/13/2024 1:00 AM', '1/13/2024 12:00 PM']],
    [['28-Feb-2024', '01-Mar-2024', '01-Dec-2024']],
    [['999999999', '1700000000']],
    [['20240301:0930', '20240301:1000']],
  ])('%j', (cells) => {
    const guess = guessTime(cells, 0)!;
    const keys = cells.map((cell) => sortKey(cell, guess)!);
    expect([...keys].sort((a, b) => (a < b ? -1 : 1))).toEqual(keys);
    expect(new Set(keys).size).toBe(cells.length);
  });

  it('only where they are some', () => {
    const guess = guessTime(['2024-03-01'])!;
    expect(['NA', '', 'never'].map((cell) => sortKey(cell, guess))).toEqual([null, null, null]);
  });
});
