import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clusters, coverage, logLine, pipelineDetails, quarantine, runSummary } from '../../../api/contracts.js';
import { expectProblem, said } from '../../support/rest.js';
import { type Place, runPath } from './place.js';

/** What the runs of the demo found. */
export function findingCases(at: Place): void {
  const newest = async (pipeline: string) =>
    said(z.array(runSummary), await at.rest.get(`/api/v1/runs?pipeline=${pipeline}&limit=1000`)).findLast(
      ({ state }) => state === 'done',
    )!.id;
  const of = async (pipeline: string, what: string) => at.rest.get(`${runPath(await newest(pipeline))}/${what}`);

  describe('what a run found', () => {
    it('is how much of each day each sensor recorded', async () => {
      const found = said(coverage, await of('sensor-training', 'coverage'));
      expect(found).toMatchObject({
        chunks: 240,
        sensors: { length: 20 },
        days: { length: 12 },
      });
      expect(found.sensors).toEqual([...found.sensors].sort());
      expect(found.days).toEqual([...found.days].sort());
      const cells = found.cells.sensor.map((sensor, nth) => `${sensor} ${found.cells.day[nth]}`);
      expect(new Set(cells).size).toBe(240);
      expect(found.cells.readings.every((n) => n > 0)).toBe(true);
      expect(found.cells.share.every((share) => share > 0 && share <= 1)).toBe(true);
      expect(found.cells.largestGap).toHaveLength(240);
      const some = said(coverage, await of('sensor-training', 'coverage?limit=30'));
      expect(some).toMatchObject({ chunks: 240, cells: { day: { length: 30 }, share: { length: 30 } } });
    });

    it('is what could not be used, by reason, some at a time', async () => {
      const found = said(quarantine, await of('sensor-training', 'quarantine'));
      const all = Object.values(found.reasons).reduce((sum, n) => sum + n, 0);
      expect(all).toBe(26);
      expect(found.readings).toHaveLength(26);
      const [reason, n] = Object.entries(found.reasons)[0]!;
      const one = said(quarantine, await of('sensor-training', `quarantine?reason=${reason}&limit=1000`));
      expect(one.readings).toHaveLength(n);
      expect(new Set(one.readings.map((each) => each.reason))).toEqual(new Set([reason]));
      const page = said(quarantine, await of('sensor-training', 'quarantine?offset=20&limit=4'));
      expect(page.readings).toEqual(found.readings.slice(20, 24));
      expect(said(quarantine, await of('sensor-training', 'quarantine?reason=none')).readings).toEqual([]);
    });

    it.each(['sensor-training', 'sensor-prediction'])('is the clusters of its chunks, of %s', async (pipeline) => {
      const found = said(clusters, await of(pipeline, 'clusters'));
      expect(found).toMatchObject({ model: 'demo', version: 1, ids: { length: 5 } });
      for (const column of Object.values(found.points)) expect(column).toHaveLength(found.chunks);
      const sizes = found.sizes.flat().reduce((sum, n) => sum + n, 0);
      expect(sizes).toBe(found.chunks);
      expect(found.members.flat().reduce((sum, n) => sum + n, 0)).toBe(found.chunks);
      expect(found.members).toHaveLength(found.sensors.length);
      expect(found.profiles.means).toHaveLength(5);
      expect(found.profiles.means.every((means) => means.length === found.profiles.features.length)).toBe(true);
    });

    it('is what its attempts said, oldest first', async () => {
      const lines = said(z.array(logLine), await of('sensor-training', 'logs'));
      expect(lines.map(({ id }) => id)).toEqual(lines.map(({ id }) => id).sort((a, b) => a - b));
      expect(lines.filter(({ message }) => message === 'done').length).toBeGreaterThan(12);
      const chunk = said(z.array(logLine), await of('sensor-training', 'logs?step=chunk&batch=1'));
      expect(new Set(chunk.map(({ step, batch }) => `${step} ${batch}`))).toEqual(new Set(['chunk 1']));
      const rest = said(z.array(logLine), await of('sensor-training', `logs?after=${lines[4]!.id}&limit=3`));
      expect(rest).toEqual(lines.slice(5, 8));
    });

    it.each(['coverage', 'quarantine', 'logs'])('is not there of a run that nobody began: %s', async (what) => {
      expectProblem(await at.rest.get(`${runPath('nothing')}/${what}`), 404, 'MR_RUN_UNKNOWN');
    });

    it('is not there of clusters either', async () => {
      expectProblem(await at.rest.get(`${runPath('nothing')}/clusters`), 404, 'MR_OBJECT_MISSING');
    });
  });

  it('draws a pipeline with its steps and what each waits for', async () => {
    const { nodes } = said(pipelineDetails, await at.rest.get('/api/v1/pipelines/sensor-prediction'));
    const ranks = new Map(nodes.map(({ name, rank }) => [name, rank]));
    expect(nodes[0]).toMatchObject({ name: 'inspect', rank: 0, after: [], mapped: true });
    for (const { name, after } of nodes)
      expect(after.every((before) => ranks.get(before)! < ranks.get(name)!)).toBe(true);
  });
}
