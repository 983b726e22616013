import { createHmac } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Notice } from '../../activities/notify.js';
import { type AlertTarget, alertSchema } from '../../config/alerts.js';
import { ConfiguredAlerts } from '../../workers/alerts/alerts.js';
import { sendMail } from '../../workers/alerts/mail.js';
import { callWebhook } from '../../workers/alerts/webhook.js';
import { httpReceiver, mailReceiver, type Receiver } from '../support/receiver.js';

const KEY = Buffer.from('thirty-two bytes of a test secret');
const SETTINGS = { webhookSecret: `whsec_${KEY.toString('base64')}`, smtp: undefined, page: 'https://plant.example' };
const NOTICE: Notice = {
  id: 'execution.failed',
  kind: 'failed',
  runId: 'sensor-training.monday',
  pipeline: 'sensor-training',
  interval: null,
  step: 'read',
  code: 'MR_FILE_UNREADABLE',
  message: 'a.csv cannot be read\n  write it anew',
  at: '2026-03-14T06:00:00.000Z',
};

let receiver: Receiver | undefined;
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
});

describe('a webhook', () => {
  it('is called with what happened, signed over id, time and body', async () => {
    receiver = await httpReceiver();
    await callWebhook('ops', receiver.url, NOTICE, SETTINGS);
    const [{ headers, body }] = receiver.received as [Receiver['received'][number]];
    const { id: _, kind: __, at, ...data } = NOTICE;
    expect(JSON.parse(body)).toEqual({
      type: 'run.failed',
      timestamp: at,
      data: { ...data, url: 'https://plant.example/runs/sensor-training.monday' },
    });
    expect(headers['webhook-id']).toBe('execution.failed');
    const time = headers['webhook-timestamp'] as string;
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60);
    const signed = createHmac('sha256', KEY).update(`execution.failed.${time}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signed}`);
  });

  it.each([
    ['refuses', 401, 'it answered 401'],
    ['sends elsewhere', 302, 'redirect'],
    ['hangs', 0, 'it did not answer within 0.3 s'],
  ])('that %s was not told, and its address stays a secret', async (_, status, why) => {
    receiver = await httpReceiver(() => status);
    const error = await callWebhook('ops', receiver.url, NOTICE, SETTINGS, 300).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'MR_ALERT', message: expect.stringContaining(why) });
    expect(String(error)).not.toContain('key=secret');
  });

  it('is not called without a secret, and where nobody listens says so', async () => {
    const without = { ...SETTINGS, webhookSecret: undefined };
    await expect(callWebhook('ops', 'http://127.0.0.1:9/x', NOTICE, without)).rejects.toMatchObject({
      code: 'MR_CONFIG',
    });
    await expect(callWebhook('ops', 'http://127.0.0.1:9/x', NOTICE, SETTINGS)).rejects.toMatchObject({
      code: 'MR_ALERT',
    });
  });
});

describe('an e-mail', () => {
  it('says what happened and where, and has the id of the notice', async () => {
    receiver = await mailReceiver();
    const smtp = { url: receiver.url, from: 'millrace@plant.example' };
    await sendMail('team', ['a@plant.example', 'b@plant.example'], NOTICE, { ...SETTINGS, smtp });
    const [{ body }] = receiver.received as [Receiver['received'][number]];
    expect(body).toContain('Subject: Millrace: sensor-training failed');
    expect(body).toContain('To: a@plant.example, b@plant.example');
    expect(body).toContain('Message-ID: <execution.failed.team@millrace>');
    expect(body).toContain('a.csv cannot be read\r\n  write it anew');
    expect(body).toContain('https://plant.example/runs/sensor-training.monday');
  });

  it('is not sent with a password over an open line, nor without a server', async () => {
    await expect(sendMail('team', ['a@plant.example'], NOTICE, SETTINGS)).rejects.toMatchObject({ code: 'MR_CONFIG' });
    const smtp = { url: 'smtp://127.0.0.1:9', from: 'millrace@plant.example' };
    await expect(sendMail('team', ['a@plant.example'], NOTICE, { ...SETTINGS, smtp })).rejects.toMatchObject({
      code: 'MR_ALERT',
      message: expect.stringContaining('127.0.0.1:9'),
    });
  });
});

describe('the alerts of the configuration', () => {
  const webhook = 'https://hooks.example/a';
  const parsed = (targets: Record<string, object>) =>
    Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, alertSchema.parse(target)]));
  const alerts = (load: () => Promise<Record<string, AlertTarget>>) =>
    new ConfiguredAlerts(load, SETTINGS, pino({ level: 'silent' }));

  it('are for some kinds of notices and some pipelines', async () => {
    const all = alerts(async () =>
      parsed({ ops: { webhook }, done: { webhook, on: ['done'] }, other: { webhook, pipelines: ['source-*'] } }),
    );
    expect(await all.targetsOf(NOTICE)).toEqual(['ops']);
    expect(await all.targetsOf({ ...NOTICE, kind: 'done' })).toEqual(['done']);
    expect(await all.targetsOf({ ...NOTICE, pipeline: 'source-inspection' })).toEqual(['ops', 'other']);
  });

  it('are those there were while the file cannot be read', async () => {
    let broken = false;
    const all = alerts(async () => {
      if (broken) throw new Error('millrace.yaml:1:1');
      return parsed({ ops: { webhook } });
    });
    expect(await all.targetsOf(NOTICE)).toEqual(['ops']);
    broken = true;
    expect(await all.targetsOf(NOTICE)).toEqual(['ops']);
  });

  it('are named where one is meant that is not there', async () => {
    await expect(alerts(async () => parsed({ ops: { webhook } })).send('opps', NOTICE)).rejects.toMatchObject({
      code: 'MR_CONFIG',
      message: expect.stringContaining('Did you mean "ops"?'),
    });
  });
});
