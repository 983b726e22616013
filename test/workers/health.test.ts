import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { freeLoopbackPort, type Health, serveHealth } from '../../workers/health.js';
import { WorkerMetrics } from '../../workers/metrics.js';
import { familiesOf } from './prometheus.js';

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

const well: Health = {
  sick: () => null,
  metrics: async () => 'up 1\n',
  knowsToken: async (token) => token === 'right',
};

/** Serves on a free port. Returns how to ask it. */
async function serve(host: string, health: Partial<Health> = {}) {
  const port = await freeLoopbackPort();
  close = await serveHealth({ host, port }, { ...well, ...health });
  return (path: string, { method = 'GET', authorization }: { method?: string; authorization?: string } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const headers = authorization === undefined ? {} : { authorization };
      request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data: string) => {
          text += data;
        });
        response.once('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      })
        .once('error', reject)
        .end();
    });
}

describe('the health of a worker', () => {
  it('is good while it works, and says why when it does not', async () => {
    let sick: string | null = null;
    const ask = await serve('127.0.0.1', { sick: () => sick });
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    sick = 'millrace.train is draining';
    expect(await ask('/healthz')).toMatchObject({ status: 503, text: 'millrace.train is draining\n' });
    sick = null;
    expect((await ask('/healthz')).status).toBe(200);
  });

  it.each(['127.0.0.1', '0.0.0.0'])('is seen by anybody on %s, without a token', async (host) => {
    const ask = await serve(host, {
      knowsToken: () => Promise.reject(new Error('Postgres is away')),
    });
    expect((await ask('/healthz')).status).toBe(200);
    expect((await ask('/healthz?from=balancer')).status).toBe(200);
  });

  it('is all there is besides the metrics, and only to be read', async () => {
    const ask = await serve('127.0.0.1');
    expect(await ask('/')).toMatchObject({ status: 404, text: expect.stringContaining('/healthz and /metrics') });
    expect((await ask('/healthz/more')).status).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect(await ask('/healthz', { method })).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    }
  });

  it('is not kept by what stands between', async () => {
    const ask = await serve('127.0.0.1');
    expect((await ask('/healthz')).headers['cache-control']).toBe('no-store');
  });

  it('cannot be served where something else listens', async () => {
    const port = await freeLoopbackPort();
    close = await serveHealth({ host: '127.0.0.1', port }, well);
    await expect(serveHealth({ host: '127.0.0.1', port }, well)).rejects.toThrow(/EADDRINUSE/);
  });

  it('ends with the worker, also for those who hold a connection', async () => {
    const ask = await serve('127.0.0.1');
    await ask('/healthz');
    await close!();
    close = undefined;
    await expect(ask('/healthz')).rejects.toThrow();
  });
});

describe('the metrics of a worker', () => {
  it('are text that Prometheus reads, on loopback without a token', async () => {
    const metrics = new WorkerMetrics('train');
    metrics.begin({ pipeline: 'sensor-training', step: 'train', phase: 'once' })('done');
    const ask = await serve('127.0.0.1', { metrics: () => metrics.text() });
    const { status, headers, text } = await ask('/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4\b/);
    expect(familiesOf(text).get('millrace_attempts_total')?.metrics).toEqual([
      expect.objectContaining({ labels: expect.objectContaining({ worker: 'train', state: 'done' }), value: 1 }),
    ]);
  });

  it('need a token that is known where others can reach them', async () => {
    const ask = await serve('0.0.0.0');
    for (const authorization of [undefined, 'Bearer wrong', 'Bearer', 'right', 'Basic right']) {
      const answer = await ask('/metrics', { ...(authorization !== undefined && { authorization }) });
      expect(answer, authorization).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
      expect(answer.text).not.toContain('up 1');
    }
    for (const authorization of ['Bearer right', 'bearer right']) {
      expect(await ask('/metrics', { authorization }), authorization).toMatchObject({ status: 200, text: 'up 1\n' });
    }
  });

  it('that cannot be had are an error, and the next question is answered', async () => {
    let broken = true;
    const ask = await serve('127.0.0.1', {
      metrics: () => (broken ? Promise.reject(new Error('no answer')) : well.metrics()),
    });
    expect((await ask('/metrics')).status).toBe(500);
    broken = false;
    expect((await ask('/metrics')).status).toBe(200);
  });

  it('are not told to a token while nobody can say whether it is known', async () => {
    const ask = await serve('0.0.0.0', { knowsToken: () => Promise.reject(new Error('Postgres is away')) });
    const { status, text } = await ask('/metrics', { authorization: 'Bearer right' });
    expect(status).toBeGreaterThanOrEqual(500);
    expect(text).not.toContain('up 1');
  });
});
