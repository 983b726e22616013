import type { Millrace } from '../../client/millrace.js';
import { health, readiness } from '../contracts/health.js';
import type { Server } from '../server.js';

const PATIENCE_MS = 2_000;
/** Whoever watches a server asks often, from where others ask too. */
export const ALWAYS = { rateLimit: false } as const;

export function addHealth(app: Server, millrace: Millrace): void {
  app.get('/healthz', { config: ALWAYS, schema: { tags: ['health'], response: { 200: health } } }, async () => ({
    status: 'ok' as const,
  }));

  app.get(
    '/readyz',
    { config: ALWAYS, schema: { tags: ['health'], response: { 200: readiness, 503: readiness } } },
    async (_request, reply) => {
      const [postgres, temporal] = await Promise.all([
        stateOf(millrace.database.pool.query('SELECT 1')),
        stateOf(millrace.connection.workflowService.getSystemInfo({})),
      ]);
      const ready = postgres === 'ok' && temporal === 'ok';
      return reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? ('ready' as const) : ('not ready' as const), services: { postgres, temporal } });
    },
  );
}

async function stateOf(answer: Promise<unknown>): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(() => resolve('does not answer'), PATIENCE_MS).unref());
  return Promise.race([
    answer.then(
      () => 'ok',
      // What it says may name hosts and users.
      () => 'cannot be reached',
    ),
    late,
  ]);
}
