import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../store/tables/database.js';
import { StepCosts } from '../../store/tables/step-costs.js';
import { type TestPostgres, testPostgres } from '../support/database.js';
import { type PastAttempt, type PastRun, recordRun } from '../support/past-runs.js';

let postgres: TestPostgres;
let database: Database;
let costs: StepCosts;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  costs = new StepCosts(database);
});

const NOON = Date.parse('2026-05-01T12:00:00Z');
let recorded = 0;

/** Each begins an hour after the one before. */
const record = (attempts: PastAttempt[], seconds: number, run: Partial<PastRun> = {}) => {
  const nth = ++recorded;
  return recordRun(database, { id: `run-${nth}`, began: new Date(NOON + nth * 3600e3), attempts, seconds, ...run });
};
const during = (step: string, from: number, to: number) => ({ step, from, to });
const weighed = (step: string, from: number, rssMiB: number, worker = 'host:1'): PastAttempt => ({
  ...during(step, from, from + 1),
  worker,
  measures: { rssMiB },
});

describe('the time in which no step is at work', () => {
  it('is what lies between the steps and after the last, not what lies before the first nor within one', async () => {
    await record(
      [
        { ...during('read', 2, 3), phase: 'plan' },
        { ...during('read', 3.5, 4), phase: 'batch' },
        during('chunk', 4.25, 8),
        during('holdout', 4.5, 5),
        during('train', 8.5, 9),
      ],
      9.125,
    );
    expect(await costs.idleSeconds('sensor-training')).toBeCloseTo(0.25 + 0.5 + 0.125, 6);
  });

  it('is the median of the runs of the pipeline that were done', async () => {
    for (const idle of [0.25, 3600, 0.5]) await record([during('read', 1, 2)], 2 + idle);
    await record([during('read', 1, 2)], 50, { state: 'failed' });
    await record([during('read', 1, 2)], 50, { pipeline: 'sensor-prediction' });
    expect(await costs.idleSeconds('sensor-training')).toBeCloseTo(0.5, 6);
  });

  it('is not known before a run was done', async () => {
    expect(await costs.idleSeconds('sensor-training')).toBeNull();
  });
});

describe('what workers hold', () => {
  const held = async () =>
    (await costs.held())
      .map(({ step, worker, rssMiB }) => `${step} ${worker} ${rssMiB}`)
      .sort((a, b) => a.localeCompare(b));

  it('is the median over the attempts of the newest run of each', async () => {
    await record([weighed('read', 0, 900), weighed('train', 1, 900)], 9);
    await record([weighed('read', 0, 400), weighed('read', 1, 700), weighed('train', 2, 500)], 9);
    expect(await held()).toEqual(['read host:1 500', 'train host:1 500']);
  });

  it('is that of the worker which did a step last, also where the run failed', async () => {
    await record([weighed('read', 0, 300, 'a:1'), weighed('train', 1, 800, 'b:1')], 9);
    await record([weighed('read', 0, 600, 'c:1')], 9, { state: 'failed' });
    expect(await held()).toEqual(['read c:1 600', 'train b:1 800']);
    const began = new Date(NOON + recorded * 3600e3);
    expect((await costs.held()).find(({ step }) => step === 'read')!.at).toEqual(began);
  });

  it('is that of the run before where nothing was weighed yet', async () => {
    await record([weighed('read', 0, 300)], 9);
    await record([during('read', 0, 1)], 9, { state: 'running' });
    expect(await held()).toEqual(['read host:1 300']);
  });
});

describe('the first run of a worker', () => {
  it('is cold, and no other', async () => {
    for (const [took, worker] of ['b:1', 'b:1', 'b:2', 'b:2'].entries()) {
      const train = { ...during('train', 1, 2 + took), worker, measures: { rssMiB: 300 } };
      await record([weighed('read', 0, 300, 'a:1'), train], 9);
    }
    const { costs: all } = await costs.of('sensor-training');
    const seconds = all.filter(({ step, cold }) => step === 'train' && cold).map((cost) => cost.seconds);
    expect(seconds.sort()).toEqual([1, 3]);
  });
});
