import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnv } from '../../config/env.js';
import { loadSettings } from '../../config/settings.js';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { Rest } from '../support/rest.js';

interface Explanation {
  nothing: string | null;
  readings: number;
  days: number;
  sensors: number;
  chunks: number;
  keptChunks: number;
  steps: { name: string; items: number | null; kept: number | null; batches: number; activities: number }[];
  activities: number;
  events: number;
  largestPayload: number;
  writes: number | null;
  seconds: number | null;
  basis: number;
}

let work: Workplace;

beforeAll(async () => {
  work = await Workplace.create();
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 4), sensors: 6 });
  await writeReadings(join(work.folder, 'plant/b.csv'), { days: daysFrom(5, 2), sensors: 6 });
  await appendFile(join(work.folder, 'plant/a.csv'), 'never,s00,1\n');
});
afterAll(() => work.close());

const SET = ['--set', 'source=plant', '--set', 'k=3'];
const explain = (pipeline: string, ...more: string[]) =>
  work.json<Explanation>('pipelines', 'explain', pipeline, ...SET.slice(0, 2), ...more);

/** How many activities a run had, how many events, and the largest of them. */
async function historyOf(runId: string) {
  const { temporal } = await loadSettings({ ...readEnv({}), home: work.home });
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const { events = [] } = await new Client({ connection }).workflow.getHandle(runId).fetchHistory();
    const scheduled = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes != null);
    const sizes = scheduled.flatMap(({ activityTaskScheduledEventAttributes: each }) =>
      (each?.input?.payloads ?? []).map(({ data }) => data?.length ?? 0),
    );
    return { activities: scheduled.length, events: events?.length ?? 0, largest: Math.max(...sizes) };
  } finally {
    await connection.close();
  }
}

describe('the explanation of a run', () => {
  it('says before anything runs what then happens', async () => {
    const said = await explain('sensor-training', '--set', 'k=3');
    expect(said).toMatchObject({ readings: 6 * 6 * 144, days: 6, sensors: 6, chunks: 36, keptChunks: 0 });
    expect(said).toMatchObject({ seconds: null, writes: null, basis: 0 });
    const { runId } = await work.json<{ runId: string }>('run', 'sensor-training', ...SET);
    const came = await historyOf(runId);
    expect(said.activities).toBe(came.activities);
    expect(Math.abs(said.events / came.events - 1)).toBeLessThan(0.2);
    expect(said.largestPayload).toBeGreaterThanOrEqual(came.largest);
    const { attempts } = await work.json<{ attempts: { step: string; phase: string }[] }>('runs', 'show', runId);
    for (const { name, batches } of said.steps) {
      expect(attempts.filter(({ step, phase }) => step === name && phase === 'batch').length, name).toBe(batches);
    }
  });

  it('knows what is kept, and what earlier runs took', async () => {
    const again = await explain('sensor-training', '--set', 'refit=true');
    expect(again).toMatchObject({ chunks: 36, keptChunks: 36, writes: 0, basis: 1, seconds: expect.any(Number) });
    await appendFile(join(work.folder, 'plant/b.csv'), '2024-03-06 23:59:00,s00,20\n');
    const grown = await explain('sensor-training', '--set', 'refit=true');
    expect(grown.steps.slice(0, 3)).toMatchObject([
      { name: 'inspect', items: 2, kept: 2 },
      { name: 'read', items: 2, kept: 1, batches: 1 },
      // Of a file that is to be read anew, nobody knows yet which days are as they were.
      { name: 'chunk', items: 6, kept: 4, batches: 1 },
    ]);
  });

  it('is given of predictions too, and over REST', async () => {
    const answer = await new Rest(work).post('/api/v1/pipelines/sensor-prediction/explain', {
      params: { source: join(work.folder, 'plant'), from: '2024-03-02', to: '2024-03-03' },
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ days: 2, chunks: 12, keptChunks: 12 });
  });

  it.each([
    [['sensor-training', '--set', 'source=nowhere'], /MR_SOURCE_MISSING/],
    [['sensor-training', '--set', 'source=plant', '--set', 'k=0'], /MR_PARAM/],
    [['sensor-trainign', '--set', 'source=plant'], /Did you mean "sensor-training"\?/],
  ])('is refused as the run would be: %j', async (args, words) => {
    const answer = await work.run('pipelines', 'explain', ...args);
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringMatching(words) });
  });
});
