import { readFile } from 'node:fs/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { chunkStep, onceStep } from '../../pipelines/own-step.js';
import type { replayHistory } from '../../testing/replay.js';
import { rowOf } from '../../testing/row.js';

// The built one: it looks for the workflows beside itself.
const { replayHistory: replay } = (await import(`${process.cwd()}/dist/testing/replay.js`)) as {
  replayHistory: typeof replayHistory;
};

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

describe('the replay of a history', () => {
  const file = 'test/histories/project-done.json';

  it('takes a file, and what is in it', async () => {
    await replay(file);
    await replay(JSON.parse(await readFile(file, 'utf8')) as object);
  });

  it('says where a workflow would go another way', async () => {
    const other = (await readFile(file, 'utf8')).replaceAll('"read.plan"', '"read.other"');
    await expect(replay(JSON.parse(other) as object)).rejects.toThrow(/[Nn]ondeterminism/);
  });
});

describe('the row of a step', () => {
  const seen = chunkStep({
    name: 'seen',
    doc: 'says what it was given',
    columns: ['first', 'hours', 'factor'],
    takes: { factor: 'param' },
    of: ({ times, start, end }, { factor }: { factor: number }) => ({
      first: (times[0]! - start) / 3_600e6,
      hours: (end - start) / 3_600e6,
      factor,
    }),
  });

  it('is made of values that lie evenly over a day, or at the times that are given', () => {
    expect(rowOf(seen, { values: [1, 2] }, { factor: 2 })).toEqual({ first: 0, hours: 24, factor: 2 });
    const given = { values: [1], times: ['2026-03-02T06:30:00Z'], day: '2026-03-02' };
    expect(rowOf(seen, given, { factor: 1 })).toEqual({ first: 6.5, hours: 24, factor: 1 });
  });

  it('names the sensor and the day where the step fails', () => {
    const none = chunkStep({ name: 'none', doc: 'x', columns: ['x'], of: () => ({}) as { x: number } });
    expect(() => rowOf(none, { values: [1], sensor: 'pump', day: '2026-03-02' })).toThrow(
      'none of the sensor pump on 2026-03-02: "x" is undefined',
    );
  });

  it('is none of a step that is done once', () => {
    const once = onceStep({ name: 'tell', doc: 'x', takes: {}, gives: 'x', run: async () => ({}) });
    expect(() => rowOf(once, { values: [1] })).toThrow('tell makes no rows of chunks: test it with testPipeline');
  });
});
