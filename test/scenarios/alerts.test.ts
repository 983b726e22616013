import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { httpReceiver, mailReceiver, type Receiver } from '../support/receiver.js';

interface NoticeLine {
  kind: string;
  runId: string | null;
  step: string | null;
  deliveries: { target: string; state: string; tries: number; error: string | null }[];
}

let work: Workplace;
let ops: Receiver;
let team: Receiver;

beforeAll(async () => {
  // The first two calls find a server that is not up yet.
  ops = await httpReceiver((nth) => (nth < 2 ? 503 : 204));
  team = await mailReceiver();
  work = await Workplace.create({
    MILLRACE_WEBHOOK_SECRET: 'whsec_c2VjcmV0',
    MILLRACE_SMTP_URL: team.url,
    MILLRACE_SMTP_FROM: 'millrace@plant.example',
  });
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 4), sensors: 6 });
  const alerts = `alerts:
  ops: { webhook: ${JSON.stringify(ops.url)}, on: [failed, may-be-late, late] }
  team: { email: [a@plant.example], on: [done] }
`;
  await writeFile(join(work.folder, 'millrace.yaml'), alerts);
});
afterAll(async () => {
  await work.close();
  await ops.close();
  await team.close();
});

const train = (...set: string[]) => ['run', 'sensor-training', '--set', 'source=plant', '--set', 'k=3', ...set];
const typesOf = ({ received }: Receiver) => received.map(({ body }) => (JSON.parse(body) as { type: string }).type);

describe('alerts', () => {
  it('of a run that failed are given until they are taken, and once', async () => {
    const failed = await work.run(...train('--set', 'k=500'));
    expect(failed.code).toBe(1);
    await expect.poll(() => typesOf(ops), { timeout: 20_000 }).toEqual(['run.failed', 'run.failed', 'run.failed']);
    expect(new Set(ops.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const list = () => work.json<NoticeLine[]>('alerts', 'list');
    await expect.poll(async () => (await list())[0]?.deliveries[0]?.state, { timeout: 10_000 }).toBe('delivered');
    expect(await list()).toMatchObject([
      { kind: 'failed', step: 'train', deliveries: [{ target: 'ops', tries: 3, error: null }] },
    ]);
    expect(team.received).toEqual([]);
  });

  it('of one that is done go to those who want to know', async () => {
    await work.json(...train());
    await expect.poll(() => team.received.length, { timeout: 10_000 }).toBe(1);
    expect(team.received[0]!.body).toContain('sensor-training is done');
  });

  it('come when a deadline was not kept', async () => {
    const before = ops.received.length;
    const run = await work.json<{ runId: string }>(
      ...train('--set', 'stepDeadlines={"read": "1 ms"}', '--set', 'deadline=100 ms', '--set', 'refit=true'),
    );
    const notices = async () =>
      (await work.json<NoticeLine[]>('alerts', 'list'))
        .filter(({ runId, kind }) => runId === run.runId && kind !== 'done')
        .map(({ kind, step }) => `${kind} ${step}`);
    // On a busy machine the time is over before it can be said that it will be.
    expect(await notices()).toEqual(expect.arrayContaining(['late null', 'late read']));
    await expect.poll(() => typesOf(ops).slice(before), { timeout: 20_000 }).toHaveLength((await notices()).length);
    const shown = await work.run('runs', 'show', run.runId);
    expect(shown.stdout).toContain('late: the run was to be over within 0.1 s');
    const wrong = await work.run(...train('--set', 'stepDeadlines={"reed": "1 h"}'));
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean "read"?') });
  });

  it('are tested on demand, once', async () => {
    expect((await work.run('alerts', 'test')).stdout).toContain('ops was told');
    expect(ops.received.at(-1)!.body).toContain('"type":"test"');
    const unknown = await work.run('alerts', 'test', 'opps');
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('MR_CONFIG') });
    await team.close();
    const down = await work.run('alerts', 'test', 'team');
    expect(down).toMatchObject({ code: 1, stderr: expect.stringContaining('MR_ALERT') });
  });
});
