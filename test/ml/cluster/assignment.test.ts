import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestAssignment } from '../../../ml/cluster/assignment.js';

const text = await readFile(new URL('../../fixtures/ml/metrics.json', import.meta.url), 'utf8');
const { assignments }: { assignments: { name: string; overlap: number[][]; total: number }[] } = JSON.parse(text);

const totalOf = (scores: readonly (readonly number[])[], chosen: readonly number[]) =>
  chosen.reduce((sum, column, row) => sum + (column === -1 ? 0 : scores[row]![column]!), 0);

/** The greatest total, by trying everything. */
function tryAll(scores: readonly (readonly number[])[], row = 0, taken = 0): number {
  if (row === scores.length) return 0;
  // Leaving a row out is needed where there are more rows than columns, and else no gain: scores are not negative.
  let best = tryAll(scores, row + 1, taken);
  scores[row]!.forEach((score, column) => {
    if ((taken & (1 << column)) === 0) best = Math.max(best, score + tryAll(scores, row + 1, taken | (1 << column)));
  });
  return best;
}

const matrix = (score: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(score, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );

describe('the best assignment', () => {
  it.each(assignments)('has the total that scipy finds: $name', ({ overlap, total }) => {
    expect(totalOf(overlap, bestAssignment(overlap))).toBeCloseTo(total, 9);
  });

  it.each([
    ['many ties and zeros', fc.nat(2)],
    ['counts', fc.nat(60)],
  ])('is as good as the best of all there are: %s', (_, score) => {
    fc.assert(
      fc.property(matrix(score), (scores) => {
        expect(totalOf(scores, bestAssignment(scores))).toBe(tryAll(scores));
      }),
      { numRuns: 300 },
    );
  });

  it('gives every row a column of its own as long as there are columns', () => {
    fc.assert(
      fc.property(matrix(fc.nat(5)), (scores) => {
        const chosen = bestAssignment(scores);
        const columns = chosen.filter((column) => column !== -1);
        expect(chosen).toHaveLength(scores.length);
        expect(columns).toHaveLength(Math.min(scores.length, scores[0]!.length));
        expect(new Set(columns).size).toBe(columns.length);
      }),
    );
  });

  it('takes scores below 0 too', () => {
    expect(
      bestAssignment([
        [-1, -5],
        [-2, -9],
      ]),
    ).toEqual([1, 0]);
  });

  it('of no rows is empty', () => {
    expect(bestAssignment([])).toEqual([]);
  });

  it('of rows without columns is none for each', () => {
    expect(bestAssignment([[], []])).toEqual([-1, -1]);
  });
});
