import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { projectOnTwo } from '../../../ml/reduce/pca.js';

interface Case {
  name: string;
  points: number[][];
  coordinates: [number, number][];
  explained: [number, number];
}

const text = await readFile(new URL('../../fixtures/ml/pca.json', import.meta.url), 'utf8');
const { cases }: { cases: Case[] } = JSON.parse(text);

const project = (points: number[][]) =>
  projectOnTwo(Float64Array.from(points.flat()), points.length, points[0]?.length ?? 0);

describe('the first two principal components', () => {
  it.each(cases)('are those of scikit-learn: $name', ({ points, coordinates, explained }) => {
    const found = project(points);
    expect(found.explained[0]).toBeCloseTo(explained[0], 10);
    expect(found.explained[1]).toBeCloseTo(explained[1], 10);
    for (const [row, [x, y]] of coordinates.entries()) {
      expect(found.coordinates[row * 2]).toBeCloseTo(x, 8);
      // Of points on a line, nothing is left for the second: whatever it is called, it is zero.
      if (explained[1] > 1e-12) expect(found.coordinates[row * 2 + 1]).toBeCloseTo(y, 8);
      else expect(Math.abs(found.coordinates[row * 2 + 1]!)).toBeLessThan(1e-8);
    }
  });

  it('of points that are all the same are zero, and explain nothing', () => {
    const found = project([
      [3, 4, 5],
      [3, 4, 5],
    ]);
    expect([...found.coordinates]).toEqual([0, 0, 0, 0]);
    expect(found.explained).toEqual([0, 0]);
  });

  it.each([
    ['one point', [[1, 2, 3]], [0, 0]],
    ['one column', [[1], [3]], [-1, 0, 1, 0]],
    ['no points', [], []],
  ] as [string, number[][], number[]][])('are there for %s', (_, points, coordinates) => {
    expect([...project(points).coordinates]).toEqual(coordinates);
  });
});
