import { describe, expect, it } from 'vitest';
import { partsNamed, wrongWith } from '../../formats/path-pattern.js';

describe('a pattern of paths', () => {
  it.each([
    ['{site}/*', 'north/a.csv', ['north']],
    ['{site}/*', 'north/x/a.csv', null],
    ['{site}/*', 'a.csv', null],
    ['{site}/**', 'north/x/y/a.csv', ['north']],
    ['{site}/**', 'north/a.csv', ['north']],
    ['**/{site}.csv', 'a/b/c.csv', ['c']],
    ['**/{site}.csv', 'c.csv', ['c']],
    ['**/{site}.csv', 'a/b/c.csv.gz', null],
    ['{site}.*', 'north.csv.gz', ['north']],
    ['site={site}/*/{line}-*.csv', 'site=n 1/2024/pump-2024-03.csv', ['n 1', 'pump']],
    ['{a}-{b}.csv', 'x-y-z.csv', ['x', 'y-z']],
    ['a+(b)/{c}', 'a+(b)/[c]', ['[c]']],
    ['a.b/{c}', 'axb/c', null],
    ['plant.zip/{line}/*', 'plant.zip/1/a.csv', ['1']],
  ])('%s finds in %s %j', (pattern, path, parts) => {
    expect(wrongWith(pattern)).toBeNull();
    expect(partsNamed(pattern, path)).toEqual(parts);
  });

  it.each([
    ['*/a.csv', /name a part/],
    ['{site}/{site}', /\{site\} stands in it twice/],
    ['{site}/{}/x', /a brace is left over/],
    ['{site}/{a b}', /a brace is left over/],
    ['/{site}/x', /empty/],
    ['{site}//x', /empty/],
    ['{site}/', /empty/],
    ['{site}/a**', /whole parts/],
    ['{a}{b}/x', /nothing parts/],
    ['', /name a part/],
  ])('%j is none', (pattern, why) => {
    expect(wrongWith(pattern)).toMatch(why);
  });

  it('takes no longer for a path that nearly fits', () => {
    const pattern = Array.from({ length: 9 }, (_, nth) => `*{n${nth}}-`).join('');
    expect(partsNamed(`${pattern}x`, `${'-'.repeat(60)}y`)).toBeNull();
  });
});
