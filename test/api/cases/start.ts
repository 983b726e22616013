import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cancelled, run, runSummary, started } from '../../../api/contracts/runs.js';
import { expectProblem, said } from '../../support/rest.js';
import { held, type Place, runPath, shortRun, untilState } from './place.js';

const RUNS = '/api/v1/runs';
const summaries = z.array(runSummary);

export function startCases(at: Place): void {
  const key = (name: string) => ({ 'idempotency-key': name });

  describe('a start', () => {
    it('makes a run and says where it stands', async () => {
      const answer = await at.rest.post(RUNS, shortRun(at));
      const { runId, joined } = said(started, answer, 201);
      expect(joined).toBe(false);
      expect(answer.headers.get('location')).toBe(runPath(runId));
      const { params, result } = await untilState(at, runId, 'done');
      expect(params).toMatchObject({ ...shortRun(at).params, tz: 'UTC' });
      expect(result).toMatchObject({ predictions: 20, account: { read: 399_088 } });
    });

    it('without a key is a run of its own each time', async () => {
      const [one, two] = [await at.rest.post(RUNS, shortRun(at)), await at.rest.post(RUNS, shortRun(at))];
      expect(said(started, two, 201).runId).not.toBe(said(started, one, 201).runId);
    });

    it('with a key that was used joins that run, also when it has ended', async () => {
      const first = await at.rest.post(RUNS, shortRun(at), key('again'));
      const { runId } = said(started, first, 201);
      const { pipeline, params } = shortRun(at);
      // The same request, with its words in another order.
      const turned = { params: Object.fromEntries(Object.entries(params).reverse()), pipeline };
      const second = await at.rest.post(RUNS, turned, key('again'));
      expect(said(started, second)).toEqual({ runId, joined: true });
      const { startedAt } = await untilState(at, runId, 'done');
      const third = await at.rest.post(RUNS, shortRun(at), key('again'));
      expect(said(started, third)).toEqual({ runId, joined: true });
      expect(third.headers.get('location')).toBe(first.headers.get('location'));
      expect(said(run, await at.rest.get(runPath(runId))).startedAt).toBe(startedAt);
    });

    it('sent twice at once is one run', async () => {
      const answers = await Promise.all([1, 2, 3].map(() => at.rest.post(RUNS, shortRun(at), key('at-once'))));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
      const ids = new Set(answers.map(({ text }) => (JSON.parse(text) as { runId: string }).runId));
      expect(ids.size).toBe(1);
      await untilState(at, [...ids][0]!, 'done');
      const all = said(summaries, await at.rest.get(RUNS));
      expect(all.filter(({ id }) => id.includes('at-once'))).toHaveLength(1);
    });

    it('with a key that stands for another request is refused', async () => {
      said(started, await at.rest.post(RUNS, shortRun(at), key('mine')), 201);
      const { params, ...rest } = shortRun(at);
      const other = await at.rest.post(RUNS, { ...rest, params: { ...params, from: '2026-03-14' } }, key('mine'));
      expect(expectProblem(other, 422, 'MR_KEY_REUSED').detail).toContain('sensor-prediction.mine');
      const interval = { start: '2026-03-14T00:00:00Z', end: '2026-03-15T00:00:00Z' };
      const widened = await at.rest.post(RUNS, { ...shortRun(at), interval }, key('mine'));
      expectProblem(widened, 422, 'MR_KEY_REUSED');
    });

    it.each([
      ['with signs that mean something in paths', 'a/b?c#d%20&e=f;g'],
      ['as long as keys may be', 'x'.repeat(200)],
    ])('with a key %s has a location that can be followed', async (_, name) => {
      const answer = await at.rest.post(RUNS, shortRun(at), key(name));
      const { runId } = said(started, answer, 201);
      await untilState(at, runId, 'done');
      expect(said(run, await at.rest.get(answer.headers.get('location')!)).id).toBe(runId);
    });

    it.each(['', 'x'.repeat(201), 'ké', 'two words'])('takes no key like "%s"', async (name) => {
      expectProblem(await at.rest.post(RUNS, shortRun(at), key(name)), 400, 'MR_CALL');
    });

    it('for an interval joins the run that goes on for it', async () => {
      // The same moments, whatever the way they are written.
      const short = { start: '2026-03-14T00:00:00Z', end: '2026-03-15T00:00:00Z' };
      const long = { start: '2026-03-14T00:00:00.000Z', end: '2026-03-15T00:00:00.000Z' };
      const { params, ...rest } = shortRun(at);
      const body = { ...rest, params: { ...params, from: null } };
      const [one, two] = await held(await workerPid(at), async () => [
        await at.rest.post(RUNS, { ...body, interval: short }),
        await at.rest.post(RUNS, { ...body, interval: long }),
      ]);
      const { runId } = said(started, one!, 201);
      expect(said(started, two!)).toEqual({ runId, joined: true });
      const { interval, result } = await untilState(at, runId, 'done');
      expect(interval).toEqual(long);
      expect(result).toMatchObject({ chunks: { days: 1 }, predictions: 20 });
    });

    it('for an interval whose run has ended is another run, and its location shows that one', async () => {
      const interval = { start: '2026-03-13T00:00:00Z', end: '2026-03-14T00:00:00Z' };
      const { params, ...rest } = shortRun(at);
      const body = { ...rest, interval, params: { ...params, from: null } };
      const first = await at.rest.post(RUNS, body);
      const before = await untilState(at, said(started, first, 201).runId, 'done');
      const second = await at.rest.post(RUNS, body);
      const { runId } = said(started, second, 201);
      const after = await untilState(at, runId, 'done');
      expect(Date.parse(after.startedAt)).toBeGreaterThan(Date.parse(before.startedAt));
      expect(said(run, await at.rest.get(second.headers.get('location')!)).startedAt).toBe(after.startedAt);
    });

    it('with wrong params says all that is wrong, and starts nothing', async () => {
      const body = { pipeline: 'sensor-training', params: { k: 0, seed: 'x', tzz: 'UTC' } };
      const { detail } = expectProblem(await at.rest.post(RUNS, body, key('wrong')), 400, 'MR_PARAM');
      for (const words of ['source is needed', 'k is 0', 'seed is "x"', 'no param "tzz". Did you mean "tz"?']) {
        expect(detail).toContain(words);
      }
      expectProblem(await at.rest.get(runPath('sensor-training.wrong')), 404, 'MR_RUN_UNKNOWN');
    });

    it('of a pipeline that there is not is refused, with the one that looks alike', async () => {
      const answer = await at.rest.post(RUNS, { pipeline: 'sensor-trainin', params: {} });
      expect(expectProblem(answer, 404, 'MR_PIPELINE_UNKNOWN').detail).toContain('Did you mean "sensor-training"?');
    });

    it('for an interval that ends before it begins is refused', async () => {
      const interval = { start: '2026-03-15T00:00:00Z', end: '2026-03-14T00:00:00Z' };
      const problem = expectProblem(await at.rest.post(RUNS, { ...shortRun(at), interval }), 400, 'MR_CALL');
      expect(problem.errors![0]!.path).toMatch(/^interval/);
    });

    it('with a text that no table can hold is refused', async () => {
      const { params, pipeline } = shortRun(at);
      const body = { pipeline, params: { ...params, source: 'plant\0.csv' } };
      expectProblem(await at.rest.post(RUNS, body), 400, 'MR_PARAM');
    });

    it('with words that mean nothing names each by its path', async () => {
      const interval = { start: 'yesterday', end: '2026-03-14T00:00:00Z', zone: 'UTC' };
      const answer = await at.rest.post(RUNS, { ...shortRun(at), interval, parms: {} });
      const { errors, detail } = expectProblem(answer, 400, 'MR_CALL');
      expect(errors).toEqual([
        { path: 'interval.start', message: expect.stringContaining('ISO') },
        { path: 'interval', message: expect.stringContaining('"zone"') },
        { path: '', message: expect.stringContaining('"parms"') },
      ]);
      expect(detail).toContain('body.interval.start');
    });
  });

  describe('a run that no worker has taken yet', () => {
    it('is there, can be watched and can be cancelled', async () => {
      const id = 'sensor-prediction.early';
      await held(await workerPid(at), async () => {
        said(started, await at.rest.post(RUNS, shortRun(at), key('early')), 201);
        expect(said(run, await at.rest.get(runPath(id)))).toMatchObject({ id, state: 'running', attempts: [] });
        const gone = new AbortController();
        const watched = await at.rest.open(`${runPath(id)}/events`, gone.signal);
        gone.abort();
        expect(watched.status).toBe(200);
        const answer = await at.rest.post(`${runPath(id)}/cancel`);
        expect(said(cancelled, answer)).toMatchObject({ runId: id, cancelled: true });
      });
      await untilState(at, id, 'cancelled');
    });
  });
}

async function workerPid({ work }: Place): Promise<number> {
  const text = await readFile(join(work.home, 'services.json'), 'utf8');
  return (JSON.parse(text) as { worker: { pid: number } }).worker.pid;
}
