import type { IncomingMessage, ServerResponse } from 'node:http';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController, type RawServerDefault } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Millrace } from '../client/millrace.js';
import type { WarmModels } from '../client/warm-models.js';
import { MillraceError } from '../config/errors.js';
import type { RestSettings } from '../config/rest.js';
import { installAudit } from './audit.js';
import { installGuard } from './guard.js';
import { installMetrics } from './metrics.js';
import { openApi } from './openapi.js';
import { addPage } from './page-files.js';
import { installProblems, sendProblem } from './problem.js';
import { addAlerts } from './routes/alerts.js';
import { addAudit } from './routes/audit.js';
import { addBackfills } from './routes/backfills.js';
import { addGc } from './routes/gc.js';
import { addHealth } from './routes/health.js';
import { addLineage } from './routes/lineage.js';
import { addModels } from './routes/models.js';
import { addPipelines } from './routes/pipelines.js';
import { addPredict } from './routes/predict.js';
import { addPredictions } from './routes/predictions.js';
import { addRuns } from './routes/runs.js';
import { addSchedules } from './routes/schedules.js';
import { addTriggers } from './routes/triggers.js';

export interface ServerOptions {
  millrace: Millrace;
  models: WarmModels;
  rest: RestSettings;
  /** Where it will listen: beyond loopback a token is needed. */
  host: string;
  version: string;
  logger: FastifyBaseLogger;
  /** Aborted: streams end, so that the server can close. */
  stop: AbortSignal;
}

/** As routes see the server: with types from the contracts. */
export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Builds the REST server; it does not listen yet. */
export async function buildServer(options: ServerOptions): Promise<Server> {
  const { millrace, models, rest, host, version, logger, stop } = options;
  const app: Server = Fastify({
    loggerInstance: logger,
    // A line per request would be most of the log; /metrics counts them.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: Math.floor(rest.bodyMiB * 2 ** 20),
    forceCloseConnections: 'idle',
    genReqId: () => crypto.randomUUID(),
    // Ids of runs carry keys of up to 200 signs, each of up to three in an address.
    routerOptions: { maxParamLength: 1000 },
    frameworkErrors: (error, _request, reply) => sendProblem(reply, 'MR_CALL', error.message),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // A form of another site can send text without asking; JSON it cannot.
  app.removeContentTypeParser('text/plain');
  installProblems(app);
  installGuard(app, millrace, host);
  installAudit(app, millrace);
  app.addHook('onSend', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      // Files of the page are asked for by their hash.
      'cache-control': request.url.startsWith('/page/') ? 'no-cache' : 'no-store',
      'referrer-policy': 'no-referrer',
    });
  });
  const { predictions } = installMetrics(app, millrace);
  await app.register(rateLimit, {
    max: rest.requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => request.caller ?? request.ip,
    errorResponseBuilder: (_request, { max, after }) =>
      new MillraceError('MR_RATE', `more than ${max} requests in a minute; try again in ${after}`),
  });
  await app.register(swagger, openApi(version));
  await app.register(async (routes: FastifyInstance) => {
    const typed = routes.withTypeProvider<ZodTypeProvider>() as Server;
    addHealth(typed, millrace);
    addPipelines(typed, millrace);
    addRuns(typed, millrace, stop);
    addBackfills(typed, millrace);
    addSchedules(typed, millrace);
    addModels(typed, millrace);
    addPredict(typed, models, rest, predictions);
    addPredictions(typed, millrace);
    addLineage(typed, millrace);
    addAlerts(typed, millrace);
    addTriggers(typed, millrace);
    addAudit(typed, millrace);
    addGc(typed, millrace);
    await addPage(typed);
    typed.get('/api/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
      reply.serializer(JSON.stringify).send(app.swagger()),
    );
  });
  await app.ready();
  return app;
}
