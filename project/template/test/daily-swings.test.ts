import type { TableResult } from 'millrace/pipeline';
import { replayHistory, rowOf, testPipeline } from 'millrace/testing';
import { expect, it } from 'vitest';
import { swings } from '../activities/swings.js';
import project from '../project.js';

it('finds the lowest and the highest reading of a day', () => {
  expect(rowOf(swings, { values: [3, 1, 4, 1, 5] })).toMatchObject({ lowest: 1, highest: 5, swing: 4 });
});

it('runs on the readings of the plant', async () => {
  const { result, history } = await testPipeline<TableResult>(project, 'daily-swings', { source: 'plant' });
  expect(result.account).toMatchObject({ read: 216, used: 216 });
  expect(result.table.rows).toBe(9);
  expect(result.table.columns.find(({ name }) => name === 'swing')?.highest).toEqual({
    value: 12.5,
    sensor: 'pump-2',
    day: '2026-03-03',
  });
  // Runs of it that are open when Millrace is brought up to date go on.
  await replayHistory(history);
}, 120_000);
