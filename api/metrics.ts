import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Millrace } from '../client/millrace.js';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts requests, and shows runs by state as the tables have them, at `/metrics`. */
export function installMetrics(app: FastifyInstance, millrace: Millrace): { predictions: Counter<'model'> } {
  const registry = new Registry();
  registry.setDefaultLabels({ worker: 'api' });
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'millrace_http_request_seconds',
    help: 'How long requests took, by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  const predictions = new Counter({
    name: 'millrace_predictions_total',
    help: 'Instances predicted over REST.',
    labelNames: ['model'],
    registers: [registry],
  });
  new Gauge({
    name: 'millrace_runs',
    help: 'Runs by pipeline and state.',
    labelNames: ['pipeline', 'state'],
    registers: [registry],
    async collect() {
      const rows = await millrace.database.db
        .selectFrom('runs')
        .select((eb) => ['pipeline', 'state', eb.fn.countAll<string>().as('n')])
        .groupBy(['pipeline', 'state'])
        .execute();
      this.reset();
      for (const { pipeline, state, n } of rows) this.set({ pipeline, state }, Number(n));
    },
  });
  app.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode };
    requests.observe(labels, reply.elapsedTime / 1000);
  });
  app.get('/metrics', { config: { rateLimit: false }, schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
  return { predictions };
}
