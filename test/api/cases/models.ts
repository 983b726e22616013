import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { champion, modelVersion } from '../../../api/contracts/models.js';
import { predictResponse } from '../../../api/contracts/predict.js';
import { prediction } from '../../../api/contracts/predictions.js';
import { started } from '../../../api/contracts/runs.js';
import type { ErrorCode } from '../../../config/errors.js';
import { expectProblem, type Problem, said } from '../../support/rest.js';
import { featuresOf, type Reading, sampleReadings } from '../../support/sample.js';
import { type Place, shortRun, untilState } from './place.js';

const DEMO = '/api/v1/models/demo';
const PREDICTED = ['2026-03-14', '2026-03-15'];
const versions = z.array(modelVersion);
const predictions = z.array(prediction);
type Prediction = z.output<typeof prediction>;

export function modelCases(at: Place): void {
  const predict = (body: object) => at.rest.post(`${DEMO}/predict`, body);

  describe('the table of predictions', () => {
    it('is shown for a run, by sensor and day, as many as were asked for', async () => {
      const [{ id } = { id: '' }] = await at.work.json<{ id: string }[]>('sql', `${DEMO_RUN} limit 1`);
      const all = said(predictions, await at.rest.get(`/api/v1/predictions?run=${id}`));
      expect(all).toHaveLength(40);
      const keys = all.map(({ sensor, day }) => `${sensor} ${day}`);
      expect(keys).toEqual([...keys].sort());
      const three = said(predictions, await at.rest.get(`/api/v1/predictions?run=${id}&limit=3`));
      expect(three).toEqual(all.slice(0, 3));
    });

    it('is shown for the newest run that made some, where none is named', async () => {
      const { runId } = said(started, await at.rest.post('/api/v1/runs', shortRun(at)), 201);
      await untilState(at, runId, 'done');
      const newest = said(predictions, await at.rest.get('/api/v1/predictions'));
      expect(new Set(newest.map(({ day }) => day))).toEqual(new Set(['2026-03-15']));
    });

    it('has nothing of a run that there is not', async () => {
      expectProblem(await at.rest.get('/api/v1/predictions?run=nobody-knows'), 404, 'MR_RUN_UNKNOWN');
      const { errors } = expectProblem(await at.rest.get('/api/v1/predictions?limit=-1'), 400, 'MR_CALL');
      expect(errors).toEqual([expect.objectContaining({ path: 'limit' })]);
    });
  });

  describe('predicting', () => {
    /** What the pipeline wrote about chunks of the demo. */
    let table: Prediction[];
    let chunks: Map<string, Reading[]>;
    const readingsOf = ({ sensor, day }: Prediction) => chunks.get(`${sensor} ${day}`)!;

    beforeAll(async () => {
      const rows = await at.work.json<{ id: string }[]>('sql', `${DEMO_RUN} limit 1`);
      table = said(predictions, await at.rest.get(`/api/v1/predictions?run=${rows[0]!.id}`));
      chunks = await sampleReadings(at.sample, PREDICTED);
      expect(table).toHaveLength(chunks.size);
    });

    const expectSame = (got: z.output<typeof predictResponse>, wanted: Prediction[]) => {
      expect(got).toMatchObject({ model: 'demo', version: 1 });
      expect(got.predictions).toHaveLength(wanted.length);
      got.predictions.forEach(({ cluster, distance, novel }, row) => {
        const { sensor, day, ...own } = wanted[row]!;
        expect({ cluster, novel }, `${sensor} ${day}`).toEqual({ cluster: own.cluster, novel: own.novel });
        expect(Math.abs(distance - own.distance), `${sensor} ${day}`).toBeLessThanOrEqual(1e-9);
      });
    };

    it('by features gives what the pipeline gave', async () => {
      const instances = table.map((row) => ({ features: featuresOf(row.day, readingsOf(row)) }));
      expectSame(said(predictResponse, await predict({ version: 1, instances })), table);
    });

    it('by features that are missing gives what the pipeline gave, named as null or not at all', async () => {
      const incomplete = table.find(({ sensor }) => sensor.endsWith('valve'))!;
      const features = featuresOf(incomplete.day, readingsOf(incomplete));
      const some = Object.fromEntries(Object.entries(features).filter(([name]) => name !== 'skewness'));
      const instances = [{ features: some }, { features: { ...features, skewness: null } }];
      const { predictions: two } = said(predictResponse, await predict({ version: 1, instances }));
      expect(two[0]).toEqual(two[1]);
    });

    it('by readings gives what the pipeline gave, whatever their order', async () => {
      const instances = table.map((row) => ({ day: row.day, readings: readingsOf(row) }));
      expectSame(said(predictResponse, await predict({ version: 1, instances })), table);
      const backwards = instances.slice(0, 3).map((each) => ({ ...each, readings: [...each.readings].reverse() }));
      expectSame(said(predictResponse, await predict({ version: 1, instances: backwards })), table.slice(0, 3));
    });

    it('by readings takes the last of several at one time, and times of any zone', async () => {
      const row = table[0]!;
      const [[time, value], ...rest] = readingsOf(row) as [Reading, ...Reading[]];
      const inBerlin = `${new Date(Date.parse(time) + 3_600_000).toISOString().slice(0, 19)}+01:00`;
      const readings = [[time, value + 1000], ...rest, [inBerlin, value]];
      expectSame(said(predictResponse, await predict({ version: 1, instances: [{ day: row.day, readings }] })), [row]);
    });

    it('by features and by readings in one request keeps their order', async () => {
      const [one, two] = table as [Prediction, Prediction];
      const instances = [
        { features: featuresOf(one.day, readingsOf(one)) },
        { day: two.day, tz: 'UTC', readings: readingsOf(two) },
      ];
      expectSame(said(predictResponse, await predict({ version: 1, instances })), [one, two]);
    });

    const reading = ['2026-03-14T08:00:00Z', 1];
    it.each([
      ['a wrong name', { features: { meen: 1 } }, 'MR_PARAM', 'no feature "meen". Did you mean "mean"?'],
      ['no features', { features: {} }, 'MR_PARAM', 'no feature has a value'],
      ['nothing but missing features', { features: { mean: null } }, 'MR_PARAM', 'no feature has a value'],
      ['a text for a feature', { features: { mean: '1' } }, 'MR_CALL', 'instances.0'],
      ['no readings', { day: '2026-03-14', readings: [] }, 'MR_CALL', 'instances.0.readings'],
      [
        'a reading on another day',
        { day: '2026-03-14', readings: [reading, ['2026-03-15T00:00:00Z', 1]] },
        'MR_PARAM',
        'instances.0.readings.1: "2026-03-15T00:00:00Z" is not a time on 2026-03-14 in UTC',
      ],
      [
        'a reading on the day before in the zone',
        { day: '2026-03-14', tz: 'America/New_York', readings: [['2026-03-14T03:59:00Z', 1]] },
        'MR_PARAM',
        'is not a time on 2026-03-14 in America/New_York',
      ],
      ['a time without a zone', { day: '2026-03-14', readings: [['2026-03-14T08:00:00', 1]] }, 'MR_CALL', 'ISO'],
      ['a day that there is not', { day: '2026-02-30', readings: [reading] }, 'MR_CALL', 'instances.0.day'],
      [
        'a zone that there is not',
        { day: '2026-03-14', tz: 'Europe/Berln', readings: [reading] },
        'MR_ZONE_UNKNOWN',
        'Europe/Berlin',
      ],
      ['an offset for a zone', { day: '2026-03-14', tz: '+02:00', readings: [reading] }, 'MR_ZONE_UNKNOWN', 'IANA'],
      ['features beside readings', { features: { mean: 1 }, day: '2026-03-14' }, 'MR_CALL', '"day"'],
    ] as const)('with %s is refused', async (_, instance, code, words) => {
      const good = { features: { mean: 1 } };
      const { detail } = expectProblem(await predict({ instances: [instance, good] }), 400, code);
      expect(detail).toContain(words);
    });

    it.each([
      ['without instances', { instances: [] }, 'instances'],
      ['without anything', {}, 'instances'],
      ['with a word that means nothing', { instances: [{ features: { mean: 1 } }], versoin: 1 }, ''],
      ['with version 0', { instances: [{ features: { mean: 1 } }], version: 0 }, 'version'],
    ])('%s is refused', async (_, body, path) => {
      const { errors } = expectProblem(await predict(body), 400, 'MR_CALL');
      expect(errors!.map((each) => each.path)).toEqual([path]);
    });

    it.each([
      ['another model', 'nobody-knows', undefined, 'demo (versions 1'],
      ['another version', 'demo', 99, 'its versions: 1'],
    ])('with %s finds none', async (_, model, version, words) => {
      const body = { instances: [{ features: { mean: 1 } }], ...(version !== undefined && { version }) };
      const answer = await at.rest.post(`/api/v1/models/${model}/predict`, body);
      expect(expectProblem(answer, 404, 'MR_MODEL_MISSING').detail).toContain(words);
    });
  });

  describe('what no table can hold', () => {
    const body = { instances: [{ features: { mean: 1 } }] };
    it.each([
      ['GET', '/api/v1/models/de%00mo', undefined],
      ['GET', '/api/v1/runs/de%00mo', undefined],
      ['GET', '/api/v1/runs?pipeline=de%00mo', undefined],
      ['GET', '/api/v1/predictions?run=de%00mo', undefined],
      ['GET', `${DEMO}/versions/3000000000`, undefined],
      ['POST', '/api/v1/models/de%00mo/predict', body],
      ['POST', `${DEMO}/predict`, { ...body, version: 3_000_000_000 }],
      ['POST', `${DEMO}/versions/3000000000/promote`, undefined],
    ])('is no reason to break: %s %s', async (method, path, sent) => {
      const answer = await at.rest.call(method, path, { body: sent });
      const { code } = JSON.parse(answer.text) as Problem;
      expect([400, 404], answer.text).toContain(answer.status);
      expectProblem(answer, answer.status, code as ErrorCode);
    });
  });

  describe('the registry', () => {
    const current = async (): Promise<number> => {
      const answer = said(predictResponse, await predict({ instances: [{ features: { mean: 1 } }] }));
      return answer.version;
    };
    /** A champion is told to those who hold the one before; until they have loaded it, they answer with that. */
    const untilCurrent = async (version: number) => {
      while ((await current()) !== version) await sleep(50);
    };

    it('has versions, and the figures of each', async () => {
      const all = said(versions, await at.rest.get('/api/v1/models'));
      const own = said(versions, await at.rest.get(DEMO));
      expect(own).toEqual(all.filter(({ model }) => model === 'demo'));
      const one = said(modelVersion, await at.rest.get(`${DEMO}/versions/1`));
      expect(one).toEqual(own[0]);
      expect(one).toMatchObject({ champion: true, parent: null, trainedTo: '2026-03-13', params: { k: 5 } });
    });

    it.each([
      ['/api/v1/models/nobody-knows', 404, 'MR_MODEL_MISSING'],
      [`${DEMO}/versions/99`, 404, 'MR_MODEL_MISSING'],
      [`${DEMO}/versions/0`, 400, 'MR_CALL'],
      [`${DEMO}/versions/one`, 400, 'MR_CALL'],
    ] as const)('has nothing at %s', async (path, status, code) => {
      expectProblem(await at.rest.get(path), status, code);
    });

    it.each([
      [`${DEMO}/versions/99/promote`, 'its versions: 1'],
      ['/api/v1/models/nobody-knows/versions/1/promote', 'demo'],
      ['/api/v1/models/nobody-knows/rollback', 'demo'],
      [`${DEMO}/rollback`, 'no champion before version 1'],
    ])('makes nothing champion by %s', async (path, words) => {
      expect(expectProblem(await at.rest.post(path), 404, 'MR_MODEL_MISSING').detail).toContain(words);
      expect(said(modelVersion, await at.rest.get(`${DEMO}/versions/1`)).champion).toBe(true);
    });

    it('gives the next prediction another champion as soon as one is trained, promoted or rolled back', async () => {
      await untilCurrent(1);
      const body = {
        pipeline: 'sensor-training',
        params: { source: at.sample, model: 'demo', k: 3, refit: true, to: '2026-03-13' },
      };
      const { runId } = said(started, await at.rest.post('/api/v1/runs', body), 201);
      await untilState(at, runId, 'done');
      await untilCurrent(2);

      const back = said(champion, await at.rest.post(`${DEMO}/rollback`));
      expect(back).toEqual({ model: 'demo', version: 1, before: 2 });
      await untilCurrent(1);

      const forth = said(champion, await at.rest.post(`${DEMO}/versions/2/promote`));
      expect(forth).toEqual({ model: 'demo', version: 2, before: 1 });
      await untilCurrent(2);
      const again = said(champion, await at.rest.post(`${DEMO}/versions/2/promote`));
      expect(again).toEqual({ model: 'demo', version: 2, before: 2 });

      // A version asked for by number is answered by that, whoever is champion.
      const named = await predict({ version: 1, instances: [{ features: { mean: 1 } }] });
      expect(said(predictResponse, named).version).toBe(1);
      const two = said(versions, await at.rest.get(DEMO));
      expect(two.map(({ champion: is }) => is)).toEqual([false, true]);

      const { champions } = await at.work.json<{ champions: { version: number; reason: string }[] }>(
        'models',
        'compare',
        'demo@1',
      );
      expect(champions.map(({ version }) => version)).toEqual([2, 1, 2, 1]);
      expect(champions.slice(0, 2).map(({ reason }) => reason)).toEqual([
        'promoted over REST',
        'rolled back over REST',
      ]);
    });
  });
}

/** The prediction of the demo: the first there was. */
const DEMO_RUN = "select id from runs where pipeline = 'sensor-prediction' order by started_at";
