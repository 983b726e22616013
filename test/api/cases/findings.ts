import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clusters, coverage, quarantine } from '../../../api/contracts/findings.js';
import { chunkLineage, fileUse, runFile } from '../../../api/contracts/lineage.js';
import { pipelineDetails } from '../../../api/contracts/pipelines.js';
import { logLine, runSummary } from '../../../api/contracts/runs.js';
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

  describe('lineage', () => {
    const DAY = '2026-03-05';
    const lineageOf = async (pipeline: string, sensor: string, day = DAY) =>
      at.rest.get(`${runPath(await newest(pipeline))}/lineage?sensor=${encodeURIComponent(sensor)}&day=${day}`);
    const files = async (pipeline: string) => said(z.array(runFile), await of(pipeline, 'files'));
    const uses = async (file: string) =>
      said(z.array(fileUse), await at.rest.get(`/api/v1/lineage?file=${encodeURIComponent(file)}`));

    it('names the tables that a run read, with what was in them', async () => {
      const read = await files('sensor-training');
      expect(read).toHaveLength(14);
      expect(read.reduce((sum, { readings }) => sum + readings, 0)).toBe(399_088);
      for (const { path, sha256, bytes } of read) {
        const content = await readFile(path);
        expect([sha256, bytes]).toEqual([createHash('sha256').update(content).digest('hex'), content.length]);
      }
    });

    it('goes back from a chunk to the version that was trained on it and the files of that day', async () => {
      const found = said(chunkLineage, await lineageOf('sensor-training', 'line-1.power'));
      expect(found).toMatchObject({ prediction: null, model: { name: 'demo', version: 1, runId: found.runId } });
      expect(Object.keys(found.model!.lineage)).toEqual(expect.arrayContaining(['listing', 'features', 'creator']));
      expect(found.files.map(({ path }) => path.split('/').at(-1))).toEqual([`plant-${DAY}.csv`]);
    });

    it('goes back from a prediction to the version that made it', async () => {
      const day = '2026-03-15';
      const found = said(chunkLineage, await lineageOf('sensor-prediction', 'line-1.power', day));
      const trained = await newest('sensor-training');
      expect(found).toMatchObject({
        prediction: { cluster: expect.any(Number) },
        model: { name: 'demo', version: 1, runId: trained },
        files: [{ path: expect.stringContaining(`plant-${day}.csv`) }],
      });
      expect(found.runId).not.toBe(trained);
    });

    it('goes forward from a file to all that it went into, by its path or its content', async () => {
      const [first] = await files('sensor-training');
      const found = await uses(first!.path);
      const training = found.find(({ pipeline }) => pipeline === 'sensor-training')!;
      expect(training).toMatchObject({ chunks: 20, predictions: 0, models: [{ name: 'demo', version: 1 }] });
      expect((await uses(first!.sha256)).map(({ runId }) => runId)).toEqual(found.map(({ runId }) => runId));
      const last = (await files('sensor-prediction')).at(-1)!;
      const predicted = (await uses(last.path)).filter(({ pipeline }) => pipeline === 'sensor-prediction');
      expect(predicted.length).toBeGreaterThan(0);
      for (const { chunks, predictions, models } of predicted) {
        expect([20, 40]).toContain(chunks);
        expect({ predictions, models }).toEqual({ predictions: chunks, models: [] });
      }
      expect(await uses('/nowhere.csv')).toEqual([]);
    });

    it('is on the command line too', async () => {
      const run = await newest('sensor-training');
      const back = await at.work.run('lineage', run, '--sensor', 'line-1.power', '--day', DAY);
      expect(back.stdout).toMatch(/demo version 1.*creator.*plant-2026-03-05\.csv/s);
      const [first] = await files('sensor-training');
      expect((await at.work.run('lineage', '--file', first!.path)).stdout).toContain('demo@1, champion');
      expect((await at.work.run('lineage', run)).stdout).toContain(first!.sha256);
      expect(await at.work.run('lineage')).toMatchObject({ code: 2, stderr: expect.stringContaining('MR_CALL') });
    });

    it('is refused where there is nothing', async () => {
      expectProblem(await lineageOf('sensor-training', 'nobody'), 404, 'MR_CHUNK_UNKNOWN');
      expectProblem(await lineageOf('sensor-training', 'line-1.power', '2031-01-01'), 404, 'MR_CHUNK_UNKNOWN');
      expectProblem(await lineageOf('sensor-training', 'line-1.power', 'May'), 400, 'MR_CALL');
      expectProblem(await at.rest.get(`${runPath('nothing')}/lineage?sensor=a&day=${DAY}`), 404, 'MR_RUN_UNKNOWN');
      expectProblem(await at.rest.get(`${runPath('nothing')}/files`), 404, 'MR_RUN_UNKNOWN');
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
