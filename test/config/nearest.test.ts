import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from '../../config/nearest.js';

const PARAMS = ['source', 'sensorColumn', 'timeColumn', 'valueColumn', 'seed', 'starts', 'scaling', 'k'];

describe('the nearest name', () => {
  it.each([
    ['sorce', 'source'],
    ['sourcee', 'source'],
    ['suorce', 'source'],
    ['sedd', 'seed'],
    ['timecolumn', 'timeColumn'],
    ['time_column', 'timeColumn'],
    ['valueColum', 'valueColumn'],
  ])('of "%s" is "%s"', (wanted, name) => {
    expect(nearest(wanted, PARAMS)[0]).toBe(name);
  });

  it.each(['zone', 'colour', 'completely-else'])('of "%s" is none', (wanted) => {
    expect(nearest(wanted, PARAMS)).toEqual([]);
  });

  it('of a name that is there is that name', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PARAMS), (name) => {
        expect(nearest(name, PARAMS)[0]).toBe(name);
      }),
    );
  });

  it('counts a swap of neighbours as one mistake', () => {
    expect(nearest('ab', ['ba', 'xy'])).toEqual(['ba']);
  });

  it('comes first of several, then by the alphabet', () => {
    expect(nearest('column', ['columns', 'colum', 'colomns', 'volume'])).toEqual(['colum', 'columns', 'colomns']);
  });

  it('are no more than asked for', () => {
    expect(nearest('column', ['columns', 'colum', 'colomns'], 1)).toEqual(['colum']);
  });

  it('of nothing to choose from is none', () => {
    expect(nearest('source', [])).toEqual([]);
  });
});

describe('the question', () => {
  it('names the nearest', () => {
    expect(didYouMean('sorce', PARAMS)).toBe(' Did you mean "source"?');
  });

  it('is not asked when nothing is near', () => {
    expect(didYouMean('zone', PARAMS)).toBe('');
  });
});
