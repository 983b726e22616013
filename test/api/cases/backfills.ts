import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backfill, backfillPrice, backfillSummary } from '../../../api/contracts/backfills.js';
import { started } from '../../../api/contracts/runs.js';
import { expectProblem, said } from '../../support/rest.js';
import { type Place, runPath, shortRun, untilState } from './place.js';

const BACKFILLS = '/api/v1/backfills';

export function backfillCases(at: Place): void {
  const declaration = () => {
    const { pipeline, params } = shortRun(at);
    const { from: _, ...rest } = params;
    return { pipeline, params: rest, from: '2026-03-05', to: '2026-03-06' };
  };
  const act = (name: string, what: string) => at.rest.post(`${BACKFILLS}/${name}/${what}`);

  describe('a backfill', () => {
    it('is priced, made, followed and listed', async () => {
      const price = said(backfillPrice, await at.rest.post(`${BACKFILLS}/price`, declaration()));
      expect(price).toMatchObject({ intervals: 2, due: 2, first: { start: '2026-03-05T00:00:00.000Z' } });
      const answer = await at.rest.post(BACKFILLS, { ...declaration(), name: 'two' });
      expect(answer.headers.get('location')).toBe(`${BACKFILLS}/two`);
      let found = said(backfill, answer, 201);
      while (found.state === 'running') {
        await sleep(100);
        found = said(backfill, await at.rest.get(`${BACKFILLS}/two`));
      }
      expect(found).toMatchObject({ state: 'done', counts: { done: 2 } });
      const [listed] = said(z.array(backfillSummary), await at.rest.get(BACKFILLS));
      expect(listed).toMatchObject({ id: 'two', declaration: { maxActive: 2, only: 'missing' } });
    });

    it('that has ended is left as it is', async () => {
      for (const what of ['pause', 'resume', 'retry', 'cancel'])
        expectProblem(await act('two', what), 409, 'MR_BACKFILL_STATE');
    });

    it('that nobody made is not there', async () => {
      expectProblem(await at.rest.get(`${BACKFILLS}/twi`), 404, 'MR_BACKFILL_UNKNOWN');
      expectProblem(await act('twi', 'pause'), 404, 'MR_BACKFILL_UNKNOWN');
    });

    it('is refused with all that is wrong with it', async () => {
      const body = { ...declaration(), name: 'a/b', from: 'May', maxActive: 0, every: 'year' };
      const { errors } = expectProblem(await at.rest.post(BACKFILLS, body), 400, 'MR_CALL');
      expect(errors!.map(({ path }) => path).sort()).toEqual(['every', 'from', 'maxActive', 'name']);
      const none = { ...declaration(), from: '2026-03-06', to: '2026-03-05' };
      expectProblem(await at.rest.post(`${BACKFILLS}/price`, none), 400, 'MR_BACKFILL');
      expectProblem(await at.rest.post(BACKFILLS, { ...declaration(), name: 'three' }), 400, 'MR_BACKFILL');
      const unknown = { ...declaration(), pipeline: 'sensor' };
      expectProblem(await at.rest.post(`${BACKFILLS}/price`, unknown), 404, 'MR_PIPELINE_UNKNOWN');
    });
  });

  describe('a run', () => {
    it('is run again from a step on, and held only while it goes on', async () => {
      const first = said(started, await at.rest.post('/api/v1/runs', shortRun(at)), 201);
      await untilState(at, first.runId, 'done');
      const again = said(started, await at.rest.post(`${runPath(first.runId)}/rerun`, { from: 'predict' }), 201);
      expect(await untilState(at, again.runId, 'done')).toMatchObject({ rerunOf: first.runId, pausedAt: null });
      const wrong = await at.rest.post(`${runPath(first.runId)}/rerun`, { from: 'nowhere' });
      expectProblem(wrong, 400, 'MR_PARAM');
      expectProblem(await at.rest.post(`${runPath('nothing')}/rerun`, {}), 404, 'MR_RUN_UNKNOWN');
      for (const what of ['pause', 'resume'])
        expectProblem(await at.rest.post(`${runPath(first.runId)}/${what}`), 409, 'MR_RUN_STATE');
    });
  });
}
