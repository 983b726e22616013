import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { health, readiness } from '../../../api/contracts/health.js';
import { predictResponse } from '../../../api/contracts/predict.js';
import { run, started } from '../../../api/contracts/runs.js';
import { isAlive, type ProcessId } from '../../../embedded/processes.js';
import { expectProblem, said } from '../../support/rest.js';
import { familiesOf, metricsOf } from '../../workers/prometheus.js';
import { held, longRun, type Place, runPath, shortRun, untilWorking } from './place.js';

interface Services {
  postgres: ProcessId;
  temporal: ProcessId;
}

export function metricsCases(at: Place): void {
  describe('the metrics', () => {
    it('count requests, instances and runs, in the text that Prometheus reads', async () => {
      await at.rest.get('/api/v1/models/nobody-knows');
      const instances = [{ features: { mean: 1 } }, { features: { mean: 2 } }];
      const before = metricsOf((await at.rest.get('/metrics')).text);
      said(predictResponse, await at.rest.post('/api/v1/models/demo/predict', { instances }));
      const answer = await at.rest.get('/metrics');
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4\b/);
      expect([...familiesOf(answer.text).keys()]).toEqual(
        expect.arrayContaining(['millrace_http_request_seconds', 'millrace_predictions_total', 'millrace_runs']),
      );
      const after = metricsOf(answer.text);
      const value = (all: typeof after, name: string, labels: Record<string, string>) =>
        all.find((each) => each.name === name && Object.entries(labels).every(([k, v]) => each.labels[k] === v))?.value;
      const counted = (all: typeof after) => value(all, 'millrace_predictions_total', { model: 'demo' }) ?? 0;
      expect(counted(after) - counted(before)).toBe(2);
      const route = '/api/v1/models/:name';
      const missed = { method: 'GET', route, status: '404' };
      expect(value(after, 'millrace_http_request_seconds_count', missed)).toBeGreaterThan(0);
      const [{ n }] = await at.work.json<[{ n: string }]>(
        'sql',
        "select count(*) as n from runs where pipeline = 'sensor-prediction' and state = 'done'",
      );
      expect(value(after, 'millrace_runs', { pipeline: 'sensor-prediction', state: 'done' })).toBe(Number(n));
    });
  });
}

/** The last cases: they start the services anew, and stop some of them. */
export function serviceCases(at: Place): void {
  const services = async () => JSON.parse(await readFile(join(at.work.home, 'services.json'), 'utf8')) as Services;
  const predict = (body: unknown) => at.rest.post('/api/v1/models/demo/predict', body);
  const instance = { features: { mean: 1 } };

  describe('with limits in millrace.yaml', () => {
    let authorization: string;
    beforeAll(async () => {
      await at.work.run('down');
      await writeFile(
        join(at.work.folder, 'millrace.yaml'),
        'rest:\n  requestsPerMinute: 5\n  predictsPerMinute: 3\n  bodyMiB: 0.015625\n  predictBodyMiB: 0.03125\n',
      );
      const { token } = await at.work.json<{ token: string }>('tokens', 'create', 'limited');
      authorization = `Bearer ${token}`;
    });

    it('larger bodies are refused', async () => {
      const long = { ...shortRun(at), params: { source: 'x'.repeat(17_000) } };
      expectProblem(await at.rest.post('/api/v1/runs', long), 413, 'MR_BODY_TOO_LARGE');
      const of = (instances: number) => ({ instances: new Array(instances).fill(instance) });
      // Between the two limits, and above both.
      expect(JSON.stringify(of(800)).length).toBeGreaterThan(2 ** 14);
      expect((await predict(of(800))).status).toBe(200);
      expectProblem(await predict(of(1600)), 413, 'MR_BODY_TOO_LARGE');
    });

    it('more requests in a minute are refused, and said when to come again', async () => {
      const answers = [];
      for (let time = 0; time < 6; time++) answers.push(await at.rest.get('/api/v1/models'));
      expect(answers.map(({ status }) => status)).toContain(200);
      expect(expectProblem(answers.at(-1)!, 429, 'MR_RATE').detail).toContain('more than 5 requests');
      expect(Number(answers.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('requests to predict are counted by themselves', async () => {
      const answers = [];
      for (let time = 0; time < 4; time++) answers.push(await predict({ instances: [instance] }));
      expect(expectProblem(answers.at(-1)!, 429, 'MR_RATE').detail).toContain('more than 3 requests');
    });

    it('another caller has requests of its own', async () => {
      expectProblem(await at.rest.get('/api/v1/models'), 429, 'MR_RATE');
      expect((await at.rest.get('/api/v1/models', { authorization })).status).toBe(200);
    });

    it('whether it lives and is ready is always answered', async () => {
      for (let time = 0; time < 8; time++) {
        said(health, await at.rest.get('/healthz'));
        said(readiness, await at.rest.get('/readyz'));
      }
      for (let time = 0; time < 8; time++) expect((await at.rest.get('/metrics')).status).toBe(200);
    });
  });

  describe('health and readiness', () => {
    beforeAll(async () => {
      await at.work.run('down');
      await writeFile(join(at.work.folder, 'millrace.yaml'), '');
      await at.work.run('runs', 'list');
    });

    it('say that all is well', async () => {
      expect(said(health, await at.rest.get('/healthz'))).toEqual({ status: 'ok' });
      const ready = said(readiness, await at.rest.get('/readyz'));
      expect(ready).toEqual({ status: 'ready', services: { postgres: 'ok', temporal: 'ok' } });
    });

    it('say that Temporal does not answer, for as long as it does not', async () => {
      const { temporal } = await services();
      await held(temporal.pid, async () => {
        const ready = said(readiness, await at.rest.get('/readyz'), 503);
        expect(ready).toMatchObject({ status: 'not ready', services: { postgres: 'ok', temporal: 'does not answer' } });
        expect((await at.rest.get('/healthz')).status).toBe(200);
      });
      while ((await at.rest.get('/readyz')).status !== 200) await sleep(50);
    });

    it('say that Temporal is gone; a run that goes on is not taken for lost', { timeout: 240_000 }, async () => {
      const { runId } = said(started, await at.rest.post('/api/v1/runs', longRun(at, 'Pacific/Auckland')), 201);
      await untilWorking(at, runId);
      const { temporal } = await services();
      process.kill(temporal.pid, 'SIGTERM');
      while (await isAlive(temporal)) await sleep(50);
      const ready = said(readiness, await at.rest.get('/readyz'), 503);
      expect(ready.services.temporal).not.toBe('ok');
      const shown = await at.rest.get(runPath(runId));
      if (shown.status === 200) expect(said(run, shown).state).toBe('running');
      else expectProblem(shown, 503, 'MR_SERVICE');
      expectProblem(await at.rest.post('/api/v1/runs', shortRun(at)), 503, 'MR_SERVICE');
    });

    it('say that Postgres is gone; a model in memory goes on answering, the rest says what is missing', async () => {
      expect((await predict({ instances: [instance] })).status).toBe(200);
      const { postgres } = await services();
      process.kill(postgres.pid, 'SIGINT');
      while (await isAlive(postgres)) await sleep(50);
      const ready = said(readiness, await at.rest.get('/readyz'), 503);
      expect(ready).toMatchObject({ status: 'not ready', services: { postgres: 'cannot be reached' } });
      expect((await at.rest.get('/healthz')).status).toBe(200);
      expect((await predict({ instances: [instance] })).status).toBe(200);
      for (const path of ['/api/v1/runs', '/api/v1/models', '/api/v1/models/demo', '/api/v1/predictions']) {
        expectProblem(await at.rest.get(path), 503, 'MR_SERVICE');
      }
      expectProblem(await predict({ instances: [instance], version: 1 }), 503, 'MR_SERVICE');
    });
  });
}
