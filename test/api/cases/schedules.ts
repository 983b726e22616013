import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { schedule } from '../../../api/contracts/schedules.js';
import { expectProblem, said } from '../../support/rest.js';
import { type Place, shortRun } from './place.js';

const SCHEDULES = '/api/v1/schedules';

export function scheduleCases(at: Place): void {
  const body = () => {
    const { pipeline, params } = shortRun(at);
    return { name: 'nightly', pipeline, params, cron: '0 2 * * *', tz: 'Europe/Berlin', jitter: '5 min' };
  };
  const act = (what: string) => at.rest.post(`${SCHEDULES}/nightly/${what}`);

  describe('a schedule', () => {
    it('is made, shown and listed', async () => {
      expect(said(z.array(schedule), await at.rest.get(SCHEDULES))).toEqual([]);
      const answer = await at.rest.post(SCHEDULES, body());
      expect(answer.headers.get('location')).toBe(`${SCHEDULES}/nightly`);
      const made = said(schedule, answer, 201);
      expect(made).toMatchObject({
        name: 'nightly',
        declared: false,
        paused: false,
        declaration: { cron: '0 2 * * *', tz: 'Europe/Berlin', jitter: 300_000, overlap: 'buffer-all' },
        recent: [],
      });
      expect(new Date(made.next[0]!).getUTCMinutes()).toBeLessThan(6);
      expect(said(z.array(schedule), await at.rest.get(SCHEDULES))).toEqual([made]);
    });

    it('is held, goes on, and is fired by hand', async () => {
      expect(said(schedule, await act('pause'))).toMatchObject({ paused: true, note: 'paused over REST' });
      expect(said(schedule, await act('resume'))).toMatchObject({ paused: false, note: 'resumed over REST' });
      said(schedule, await act('trigger'));
      await expect
        .poll(async () => said(schedule, await at.rest.get(`${SCHEDULES}/nightly`)).recent.length)
        .toBeGreaterThan(0);
    });

    it('is refused with all that is wrong with it', async () => {
      const { errors } = expectProblem(
        await at.rest.post(SCHEDULES, { ...body(), name: 'a/b', overlap: 'some' }),
        400,
        'MR_CALL',
      );
      expect(errors!.map(({ path }) => path).sort()).toEqual(['name', 'overlap']);
      expectProblem(await at.rest.post(SCHEDULES, { ...body(), every: '1 h' }), 400, 'MR_CALL');
      expectProblem(await at.rest.post(SCHEDULES, body()), 400, 'MR_SCHEDULE');
      expectProblem(await at.rest.post(SCHEDULES, { ...body(), name: 'b', cron: '0 99 * * *' }), 400, 'MR_SCHEDULE');
      expectProblem(await at.rest.post(SCHEDULES, { ...body(), name: 'b', tz: 'Mars/Base' }), 400, 'MR_ZONE_UNKNOWN');
      expectProblem(await at.rest.post(SCHEDULES, { ...body(), name: 'b', pipeline: 'b' }), 404, 'MR_PIPELINE_UNKNOWN');
      expectProblem(await at.rest.post(SCHEDULES, { ...body(), name: 'b', params: { k: 0 } }), 400, 'MR_PARAM');
    });

    it('is deleted, and then is not there', async () => {
      const answer = await at.rest.call('DELETE', `${SCHEDULES}/nightly`);
      expect([answer.status, answer.text]).toEqual([204, '']);
      for (const what of ['pause', 'resume', 'trigger']) expectProblem(await act(what), 404, 'MR_SCHEDULE_UNKNOWN');
      expectProblem(await at.rest.get(`${SCHEDULES}/nightly`), 404, 'MR_SCHEDULE_UNKNOWN');
      expectProblem(await at.rest.call('DELETE', `${SCHEDULES}/nightly`), 404, 'MR_SCHEDULE_UNKNOWN');
    });
  });
}
