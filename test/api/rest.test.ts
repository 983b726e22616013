import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { Rest } from '../support/rest.js';
import { type Document, undocumented } from '../support/rest-document.js';
import { backfillCases } from './cases/backfills.js';
import { errorCases } from './cases/errors.js';
import { findingCases } from './cases/findings.js';
import { modelCases } from './cases/models.js';
import type { Place } from './cases/place.js';
import { runCases } from './cases/runs.js';
import { scheduleCases } from './cases/schedules.js';
import { metricsCases, serviceCases } from './cases/services.js';
import { startCases } from './cases/start.js';

const at = {} as Place;

beforeAll(async () => {
  at.work = await Workplace.create();
  at.rest = new Rest(at.work);
  at.sample = join(at.work.home, 'sample');
  at.plant = join(at.work.folder, 'plant');
  await writeReadings(join(at.plant, 'a.csv'), { days: daysFrom(1, 6), sensors: 60, everyMinutes: 1 });
  const demo = await at.work.run('demo');
  expect(demo.code, demo.stderr).toBe(0);
});
afterAll(() => at.work.close());

findingCases(at);
scheduleCases(at);
modelCases(at);
startCases(at);
runCases(at);
backfillCases(at);
errorCases(at);
metricsCases(at);

describe('everything that was answered', () => {
  it('is as the OpenAPI document says', async () => {
    const document = JSON.parse((await at.rest.get('/api/openapi.json')).text) as Document;
    expect(at.rest.answers.length).toBeGreaterThan(100);
    expect(undocumented(document, at.rest.answers)).toEqual([]);
  });
});

serviceCases(at);
