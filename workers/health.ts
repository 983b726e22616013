import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback, type Listen } from '../config/env.js';

export interface Health {
  /** Why this process cannot work, or null. */
  sick(): string | null;
  /** All metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  /** Whether a caller from beyond loopback may see the metrics. */
  knowsToken(token: string): Promise<boolean>;
}

/**
 * Answers for a worker: `/healthz`, and `/metrics`, which needs a token where others than this machine can reach it.
 * Returns how to stop.
 */
export async function serveHealth({ host, port }: Listen, health: Health): Promise<() => Promise<void>> {
  const open = isLoopback(host);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
    };
    if (request.method !== 'GET') {
      response.setHeader('allow', 'GET');
      return send(405, 'only GET\n');
    }
    const [path] = request.url!.split('?');
    if (path === '/healthz') {
      const sick = health.sick();
      return send(sick === null ? 200 : 503, `${sick ?? 'ok'}\n`);
    }
    if (path !== '/metrics') return send(404, '/healthz and /metrics are here\n');
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (!open && (token === undefined || !(await health.knowsToken(token)))) {
      response.setHeader('www-authenticate', 'Bearer');
      return send(401, 'a token is needed: millrace tokens create\n');
    }
    send(200, await health.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(`${(error as Error).message}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

/** A port of loopback that is free now. */
export async function freeLoopbackPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
