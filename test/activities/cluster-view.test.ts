import { expect, it } from 'vitest';
import { clusterView } from '../../activities/cluster-view.js';
import type { Frame } from '../../ml/frame.js';

/** Two sensors on two days; the first feature tells the clusters apart, the second says nothing. */
const table: Frame = {
  sensors: ['b', 'a', 'b', 'a'],
  days: ['2024-01-02', '2024-01-02', '2024-01-01', '2024-01-01'],
  columns: ['noise', 'level'],
  data: Float64Array.from([0, 10, 0.1, -10, 0.1, 12, 0, -12]),
};
const about = { model: 'm', version: 3, ids: [4, 0, 7] };

it('shows the clusters of a table by day, by feature and on two axes', () => {
  const view = clusterView(table, [4, 0, 4, 0], about);
  expect(view).toMatchObject({
    ...about,
    chunks: 4,
    sensors: ['a', 'b'],
    days: ['2024-01-01', '2024-01-02'],
    // Of a cluster without chunks there are none on any day.
    sizes: [
      [1, 1, 0],
      [1, 1, 0],
    ],
    members: [
      [0, 2, 0],
      [2, 0, 0],
    ],
    profiles: {
      features: ['level', 'noise'],
      means: [
        [11, 0.05],
        [-11, 0.05],
        [0, 0],
      ],
    },
  });
  expect(view.points).toMatchObject({ sensor: [1, 0, 1, 0], day: [1, 1, 0, 0], cluster: [4, 0, 4, 0] });
  expect(view.points.x.map(Math.round)).toEqual([10, -10, 12, -12]);
  expect(view.explained[0]).toBeGreaterThan(0.99);
});

it('picks evenly from more chunks than one can tell apart', () => {
  const rows = 25_000;
  const many: Frame = {
    sensors: Array.from({ length: rows }, (_, row) => `s${row}`),
    days: new Array<string>(rows).fill('2024-01-01'),
    columns: ['x'],
    data: Float64Array.from({ length: rows }, (_, row) => row),
  };
  const view = clusterView(many, new Float64Array(rows), { ...about, ids: [0] });
  expect(view).toMatchObject({ chunks: rows, sizes: [[rows]] });
  const { x: xs, ...others } = view.points;
  expect(Object.values(others).map((column) => column.length)).toEqual([10_000, 10_000, 10_000, 10_000]);
  expect(xs).toHaveLength(10_000);
  // Every second or third of them, from the first to nearly the last.
  expect(Math.max(...xs.map((x, at) => x - (xs[at - 1] ?? x)))).toBeLessThanOrEqual(4);
  expect(xs.at(-1)! - xs[0]!).toBeGreaterThan(rows - 10);
});
