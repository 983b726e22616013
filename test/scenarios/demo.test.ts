import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnv } from '../../config/env.js';
import { type Answer, Workplace } from '../support/cli.js';

describe('millrace demo', () => {
  let work: Workplace;
  let answer: Answer;

  /** Homes and temporary folders that must stay as empty as they are. */
  let elsewhere: Record<'HOME' | 'TMPDIR', string>;

  beforeAll(async () => {
    const [home, temporary] = await Promise.all(
      ['home', 'tmp'].map((name) => mkdtemp(join(tmpdir(), `millrace-${name}-`))),
    );
    elsewhere = { HOME: home!, TMPDIR: temporary! };
    const { cache } = readEnv();
    work = await Workplace.create({ ...elsewhere, MILLRACE_CACHE: cache });
    answer = await work.run('demo');
  });
  afterAll(async () => {
    await work.close();
    for (const folder of Object.values(elsewhere)) await rm(folder, { recursive: true });
  });

  it('ends well and shows what came of it', () => {
    expect(answer.code, answer.stderr).toBe(0);
    for (const words of [
      '399,088 rows of 20 sensors',
      '240 chunks of 20 sensors × 12 days',
      'demo version 1',
      '40 predictions',
      'millrace sql',
      'millrace down',
    ]) {
      expect(answer.stdout).toContain(words);
    }
    expect(answer.stderr).toMatch(/✓ report/);
  });

  it('writes nothing outside of the work folder', async () => {
    for (const folder of [elsewhere.HOME, elsewhere.TMPDIR]) expect(await readdir(folder)).toEqual([]);
    expect(await readdir(work.folder)).toEqual(['.millrace']);
  });

  it('accounts for every reading', async () => {
    const [run] = await work.json<{ id: string }[]>('runs', 'list');
    const { result } = await work.json<{ result: { account: Record<string, number> } }>('runs', 'show', run!.id);
    const { read, ...fates } = result.account;
    expect(Object.values(fates).reduce((a, b) => a + b)).toBe(read);
    expect(read).toBe(399_088);
    expect(result.account).toMatchObject({ quarantined: 26, missing: 167 });
  });

  it('finds the five kinds of sensor again', async () => {
    const rows = await work.json<{ sensor: string; cluster: number }[]>(
      'sql',
      'select sensor, cluster from predictions',
    );
    const clusters = new Map<string, Set<number>>();
    for (const { sensor, cluster } of rows) {
      const kind = sensor.split('.')[1]!;
      clusters.set(kind, (clusters.get(kind) ?? new Set()).add(cluster));
    }
    expect(clusters.size).toBe(5);
    expect(clusters.get('valve')!.size).toBe(1);
  });

  it('leaves a report that needs nothing else', async () => {
    const path = /read the report\s+(\S+)/.exec(answer.stdout)![1]!;
    const page = await readFile(path, 'utf8');
    expect(page).toContain('<h2>Coverage</h2>');
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
    const report = JSON.parse(await readFile(path.replace('.html', '.json'), 'utf8')) as {
      features: object[];
      steps: { step: string }[];
    };
    expect(report.features.length).toBeGreaterThanOrEqual(24);
    expect(report.steps.map(({ step }) => step).sort()).toEqual([
      'chunk',
      'compare',
      'evaluate',
      'features',
      'fit',
      'holdout',
      'inspect',
      'publish',
      'read',
      'report',
      'train',
      'transform',
    ]);
  });

  it('keeps unusable readings with file, record, raw text and reason', async () => {
    const rows = await work.json<{ file: string; record: string; raw: string; reason: string }[]>(
      'sql',
      "select file, record, raw, reason from quarantine where reason in ('bad_time', 'bad_record', 'time_out_of_range') and run_id like 'sensor-training%' order by record",
    );
    expect(rows.map(({ record, reason, raw }) => ({ record, reason, raw }))).toEqual([
      { record: '501', reason: 'bad_time', raw: 'yesterday at noon,line-1.power,118.2' },
      { record: '502', reason: 'bad_record', raw: '2026-03-06 08:20:00,line-1.power' },
      { record: '503', reason: 'time_out_of_range', raw: '2999-01-01 00:00:00,line-2.power,99.1' },
    ]);
    expect(rows[0]!.file).toMatch(/plant-2026-03-06\.csv$/);
  });
});
