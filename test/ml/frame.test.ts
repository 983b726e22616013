import { describe, expect, it } from 'vitest';
import { columnOf, type Frame, rowsWhere } from '../../ml/frame.js';

const frame = (): Frame => ({
  sensors: ['a', 'b', 'c', 'd'],
  days: ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04'],
  columns: ['x', 'y'],
  data: Float64Array.of(1, 2, 3, Number.NaN, 5, 6, 7, 8),
});

describe('rows of a frame that are chosen', () => {
  it('keep their order, their keys and all their values', () => {
    expect(rowsWhere(frame(), (row) => row !== 2 && row !== 0)).toEqual({
      sensors: ['b', 'd'],
      days: ['2026-01-02', '2026-01-04'],
      columns: ['x', 'y'],
      data: Float64Array.of(3, Number.NaN, 7, 8),
    });
  });

  it('are all of them where all are kept, in memory of their own', () => {
    const whole = frame();
    const same = rowsWhere(whole, () => true);
    expect(same).toEqual(frame());
    same.data[0] = 99;
    expect(whole.data[0]).toBe(1);
  });

  it('may be none: the columns stay', () => {
    expect(rowsWhere(frame(), () => false)).toEqual({
      sensors: [],
      days: [],
      columns: ['x', 'y'],
      data: new Float64Array(0),
    });
  });

  it('are asked for once each, by position', () => {
    const asked: number[] = [];
    rowsWhere(frame(), (row) => asked.push(row) > 0);
    expect(asked).toEqual([0, 1, 2, 3]);
  });

  it('of a frame without columns have their keys', () => {
    const keys = { ...frame(), columns: [], data: new Float64Array(0) };
    expect(rowsWhere(keys, (row) => row === 3)).toEqual({
      sensors: ['d'],
      days: ['2026-01-04'],
      columns: [],
      data: new Float64Array(0),
    });
  });
});

describe('a column of a frame', () => {
  it('is copied out by position', () => {
    const whole = frame();
    const column = columnOf(whole, 1);
    expect(column).toEqual(Float64Array.of(2, Number.NaN, 6, 8));
    column[0] = 99;
    expect(whole.data[1]).toBe(2);
  });
});
