import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pipelineDetails, pipelineSummary } from '../../../api/contracts/pipelines.js';
import { cancelled, run, runSummary, started } from '../../../api/contracts/runs.js';
import { RunFeeds } from '../../../api/run-feeds.js';
import { Millrace } from '../../../client/millrace.js';
import { readEnv } from '../../../config/env.js';
import { expectProblem, type Progress, progressOf, said } from '../../support/rest.js';
import { longRun, type Place, runPath, shortRun, untilState, untilWorking } from './place.js';

const RUNS = '/api/v1/runs';
const summaries = z.array(runSummary);

export function runCases(at: Place): void {
  const start = async (body: object) => said(started, await at.rest.post(RUNS, body), 201).runId;
  const newest = async (pipeline: string) =>
    said(summaries, await at.rest.get(`${RUNS}?pipeline=${pipeline}&limit=1`))[0]!.id;

  describe('the list of runs', () => {
    it('has the newest first, as many as were asked for, of the pipeline that was named', async () => {
      await untilState(at, await start(shortRun(at)), 'done');
      const all = said(summaries, await at.rest.get(RUNS));
      expect(all.map(({ startedAt }) => startedAt)).toEqual(
        all
          .map(({ startedAt }) => startedAt)
          .sort()
          .reverse(),
      );
      expect(new Set(all.map(({ pipeline }) => pipeline))).toEqual(new Set(['sensor-prediction', 'sensor-training']));
      const two = said(summaries, await at.rest.get(`${RUNS}?limit=2&pipeline=sensor-prediction`));
      expect(two).toEqual(all.filter(({ pipeline }) => pipeline === 'sensor-prediction').slice(0, 2));
      expect(said(summaries, await at.rest.get(`${RUNS}?schedule=none-of-these`))).toEqual([]);
      const before = encodeURIComponent(all[1]!.startedAt);
      expect(said(summaries, await at.rest.get(`${RUNS}?before=${before}`))).toEqual(all.slice(2));
    });

    it.each(['limit=0', 'limit=5001', 'limit=many', 'limit=1.5'])('takes no %s', async (query) => {
      const { errors } = expectProblem(await at.rest.get(`${RUNS}?${query}`), 400, 'MR_CALL');
      expect(errors!.map(({ path }) => path)).toEqual(['limit']);
    });
  });

  describe('a run', () => {
    it('is shown with its params, attempts and result', async () => {
      const found = said(run, await at.rest.get(runPath(await newest('sensor-training'))));
      expect(found).toMatchObject({ pipeline: 'sensor-training', error: null, schedule: null, interval: null });
      expect(found.attempts.map(({ step }) => step)).toEqual(expect.arrayContaining(['read', 'train', 'report']));
      expect(found.result).toMatchObject({ model: { name: 'demo' }, account: { read: 399_088 } });
    });

    it('that failed says with what', async () => {
      const { pipeline, params } = shortRun(at);
      const id = await start({ pipeline, params: { ...params, from: '2031-01-01' } });
      const { error, result } = await untilState(at, id, 'failed');
      expect(error).toMatchObject({ code: 'MR_NO_CHUNKS', message: expect.stringContaining('2026-03') });
      expect(result).toBeNull();
      expectProblem(await at.rest.get(`${runPath(id)}/report`), 404, 'MR_OBJECT_MISSING');
    });

    it.each(['', '/report', '/events'])('that there is not is not found%s', async (part) => {
      const answer = await at.rest.get(`${runPath('nobody/../../knows%')}${part}`);
      expectProblem(answer, 404, part === '/report' ? 'MR_OBJECT_MISSING' : 'MR_RUN_UNKNOWN');
    });

    it('is suggested where its id was mistyped', async () => {
      const id = await newest('sensor-training');
      const { detail } = expectProblem(await at.rest.get(runPath(`${id}x`)), 404, 'MR_RUN_UNKNOWN');
      expect(detail).toContain(`Did you mean "${id}"?`);
    });

    it('has a report that a browser shows and that can load and run nothing', async () => {
      const answer = await at.rest.get(`${runPath(await newest('sensor-training'))}/report`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      expect(answer.text).toMatch(/^<!doctype html>/i);
      expect(answer.text).toContain('<h2>Coverage</h2>');
    });

    it('whose id is another one with other signs has a report of its own', async () => {
      const ids = ['same?name', 'same/name'].map((name) => ({ name, id: `sensor-prediction.${name}` }));
      const [one, two] = await Promise.all(
        ids.map(async ({ name, id }, day) => {
          const { pipeline, params } = shortRun(at);
          const body = { pipeline, params: { ...params, from: `2026-03-1${4 + day}` } };
          said(started, await at.rest.post(RUNS, body, { 'idempotency-key': name }), 201);
          await untilState(at, id, 'done');
          return id;
        }),
      );
      const reports = [await at.rest.get(`${runPath(one!)}/report`), await at.rest.get(`${runPath(two!)}/report`)];
      expect(reports.map(({ text }) => /same.name/.exec(text)?.[0])).toEqual(['same?name', 'same/name']);
    });
  });

  describe('cancelling', () => {
    it('stops a run that goes on, and leaves alone one that has ended', async () => {
      const id = await start(longRun(at, 'Asia/Tokyo'));
      await untilWorking(at, id);
      const first = said(cancelled, await at.rest.post(`${runPath(id)}/cancel`));
      expect(first).toEqual({ runId: id, cancelled: true, state: 'running' });
      const { error } = await untilState(at, id, 'cancelled');
      expect(error).toMatchObject({ code: 'MR_CANCELLED' });
      const second = said(cancelled, await at.rest.post(`${runPath(id)}/cancel`));
      expect(second).toEqual({ runId: id, cancelled: false, state: 'cancelled' });
    });

    it('finds no run that there is not', async () => {
      expectProblem(await at.rest.post(`${runPath('nobody-knows')}/cancel`), 404, 'MR_RUN_UNKNOWN');
    });
  });

  describe('the events of a run', () => {
    const watch = async (id: string): Promise<Progress[]> => {
      const response = await at.rest.open(`${runPath(id)}/events`);
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream\b/);
      const all: Progress[] = [];
      for await (const each of progressOf(response)) all.push(each);
      return all;
    };

    it('tell two watchers the same, step by step, until it ends', async () => {
      const id = await start(longRun(at, 'UTC'));
      await untilWorking(at, id);
      const [one, two] = await Promise.all([watch(id), watch(id)]);
      expect(one!.at(-1)).toEqual(two!.at(-1));
      expect(one!.at(-1)!.state).toBe('done');
      expect(one!.at(-1)!.steps.map(({ state }) => state)).not.toContain('running');
      expect(one!.slice(0, -1).every(({ state }) => state === 'running')).toBe(true);
      expect(one!.length).toBeGreaterThan(3);
      // What was done stays done.
      const done = one!.map(({ steps }) => steps.filter(({ state }) => state === 'done').length);
      expect(done).toEqual([...done].sort((a, b) => a - b));
      // Whoever comes late is told how it ended.
      expect(await watch(id)).toEqual([one!.at(-1)]);
    });

    it('of one that Temporal has forgotten say how it ended, and its key still stands for it', async () => {
      const key = { 'idempotency-key': 'forgotten' };
      const { runId } = said(started, await at.rest.post(RUNS, shortRun(at), key), 201);
      await untilState(at, runId, 'done');
      const { workflowId, temporalRunId } = said(run, await at.rest.get(runPath(runId)));
      const millrace = await Millrace.connect(readEnv({ ...process.env, MILLRACE_HOME: at.work.home }, at.work.folder));
      const workflowExecution = { workflowId, runId: temporalRunId };
      const { namespace } = millrace.settings.temporal;
      await millrace.connection.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
      while ((await millrace.stateOf(workflowId, temporalRunId).catch(() => null)) !== null) await sleep(50);
      await millrace.close();
      expect(await watch(runId)).toEqual([expect.objectContaining({ state: 'done' })]);
      expect(said(run, await at.rest.get(runPath(runId))).state).toBe('done');
      expect(said(started, await at.rest.post(RUNS, shortRun(at), key))).toEqual({ runId, joined: true });
      const { pipeline, params } = shortRun(at);
      const other = { pipeline, params: { ...params, from: '2026-03-14' } };
      expectProblem(await at.rest.post(RUNS, other, key), 422, 'MR_KEY_REUSED');
    });

    it('of one that fails end with how it failed', async () => {
      const { pipeline, params } = shortRun(at);
      const id = await start({ pipeline, params: { ...params, from: '2031-01-01' } });
      await untilState(at, id, 'failed');
      expect((await watch(id)).at(-1)).toMatchObject({ state: 'failed' });
    });

    it('are watched many times over one connection without a trace', async () => {
      const id = await newest('sensor-prediction');
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const url = `${await at.rest.url()}${runPath(id)}/events`;
      for (let time = 0; time < 12; time++) {
        await new Promise((done, failed) =>
          request(url, { agent }, (response) => response.resume().once('end', done))
            .once('error', failed)
            .end(),
        );
      }
      agent.destroy();
      const log = await readFile(join(at.work.home, 'logs/rest.log'), 'utf8');
      expect(log.split('\n').filter((line) => line.includes('MaxListenersExceeded'))).toEqual([]);
    });

    it('are followed once for all who watch, and no longer than one does', async () => {
      const millrace = await Millrace.connect(readEnv({ ...process.env, MILLRACE_HOME: at.work.home }, at.work.folder));
      let followed = 0;
      let going = 0;
      const follow = millrace.follow.bind(millrace);
      millrace.follow = async function* (...args) {
        followed++;
        going++;
        try {
          yield* follow(...args);
        } finally {
          going--;
        }
      };
      try {
        const id = await start(longRun(at, 'Australia/Perth'));
        await untilWorking(at, id);
        const feeds = new RunFeeds(millrace);
        const execution = said(run, await at.rest.get(runPath(id)));
        const leave = [new AbortController(), new AbortController()];
        const streams = leave.map(({ signal }) => feeds.events(execution, signal));
        const first = streams.map((stream) => new Promise((heard) => stream.once('data', heard)));
        await Promise.all(first);
        expect({ followed, going }).toEqual({ followed: 1, going: 1 });
        leave[0]!.abort();
        await new Promise((heard) => streams[1]!.once('data', heard));
        expect(going).toBe(1);
        leave[1]!.abort();
        while (going > 0) await sleep(20);
        expect((await untilState(at, id, 'running')).state).toBe('running');
        await at.rest.post(`${runPath(id)}/cancel`);
      } finally {
        await millrace.close();
      }
    });
  });

  describe('the pipelines', () => {
    it('are listed with their steps, and shown with the schema of their params', async () => {
      const all = said(z.array(pipelineSummary), await at.rest.get('/api/v1/pipelines'));
      expect(all.map(({ name }) => name)).toEqual(['sensor-training', 'sensor-prediction', 'source-inspection']);
      const one = said(pipelineDetails, await at.rest.get('/api/v1/pipelines/sensor-training'));
      expect(one).toMatchObject({
        ...all[0],
        params: { type: 'object', required: ['source'], properties: { k: { default: 5, minimum: 1 } } },
      });
      expectProblem(await at.rest.get('/api/v1/pipelines/sensor'), 404, 'MR_PIPELINE_UNKNOWN');
    });
  });
}
