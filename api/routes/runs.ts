import { z } from 'zod';
import { decideRun } from '../../client/decisions.js';
import { readLogs } from '../../client/logs.js';
import type { Millrace } from '../../client/millrace.js';
import { pauseRun, resumeRun } from '../../client/pause.js';
import { rerunRun } from '../../client/reruns.js';
import { listRuns, showRun } from '../../client/runs.js';
import { largestVersion, runNamed, text } from '../contracts/common.js';
import {
  cancelled,
  decided,
  decideRequest,
  logLine,
  rerunRequest,
  run,
  runSummary,
  started,
  startRequest,
} from '../contracts/runs.js';
import { problems } from '../openapi.js';
import { RunFeeds } from '../run-feeds.js';
import type { Server } from '../server.js';
import { addFindings } from './findings.js';

const errors = problems(400, 404, 503);
const KEY = /^[\x21-\x7e]{1,200}$/;

export function addRuns(app: Server, millrace: Millrace, stop: AbortSignal): void {
  app.post(
    '/api/v1/runs',
    {
      schema: {
        tags: ['runs'],
        summary: 'Start a pipeline.',
        description: 'With an Idempotency-Key, the same request sent again answers with the same run.',
        headers: z.object({ 'idempotency-key': z.string().regex(KEY, 'printable ASCII, at most 200').optional() }),
        body: startRequest,
        response: { 200: started, 201: started, ...problems(400, 404, 413, 415, 422, 503) },
      },
    },
    async ({ body: { pipeline, params, interval }, headers }, reply) => {
      const key = headers['idempotency-key'];
      const { runId, joined } = await millrace.start(pipeline, {
        params,
        ...(interval !== undefined && { interval }),
        ...(key !== undefined && { key, once: true }),
      });
      reply.header('location', `/api/v1/runs/${encodeURIComponent(runId)}`);
      return reply.code(joined ? 200 : 201).send({ runId, joined });
    },
  );

  app.get(
    '/api/v1/runs',
    {
      schema: {
        tags: ['runs'],
        summary: 'The newest runs.',
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(5000).default(50),
          before: z.iso.datetime().optional().describe('Only runs that began before.'),
          pipeline: text.optional(),
          schedule: text.optional(),
        }),
        response: { 200: z.array(runSummary), ...errors },
      },
    },
    async ({ query: { limit, before, pipeline, schedule } }) =>
      listRuns(millrace, {
        limit,
        ...(before && { before }),
        ...(pipeline && { pipeline }),
        ...(schedule && { schedule }),
      }),
  );

  app.get(
    '/api/v1/runs/:id',
    { schema: { tags: ['runs'], params: runNamed, response: { 200: run, ...errors } } },
    async ({ params }) => showRun(millrace, params.id),
  );

  app.post(
    '/api/v1/runs/:id/cancel',
    { schema: { tags: ['runs'], params: runNamed, response: { 200: cancelled, ...errors } } },
    async ({ params }) => {
      const { state, workflowId } = await showRun(millrace, params.id);
      if (state === 'running') await millrace.cancel(workflowId);
      return { runId: params.id, cancelled: state === 'running', state };
    },
  );

  for (const [act, summary, work] of [
    ['pause', 'Hold it between its batches: those that workers are at end.', pauseRun],
    ['resume', 'Let it go on.', resumeRun],
  ] as const) {
    app.post(
      `/api/v1/runs/:id/${act}`,
      {
        schema: { tags: ['runs'], summary, params: runNamed, response: { 200: run, ...problems(400, 404, 409, 503) } },
      },
      async ({ params: { id } }) => {
        await work(millrace, id);
        return showRun(millrace, id);
      },
    );
  }

  for (const [decision, summary] of [
    ['retry', 'Where it asks: do again what failed.'],
    ['skip', 'Where it asks: go on without what failed.'],
    ['abort', 'Where it asks: let the run fail.'],
  ] as const) {
    app.post(
      `/api/v1/runs/:id/${decision}`,
      {
        schema: {
          tags: ['runs'],
          summary,
          params: runNamed,
          body: decideRequest,
          response: { 200: decided, ...problems(400, 404, 409, 413, 415, 503) },
        },
      },
      async ({ params: { id }, body }) => ({ runId: id, answered: await decideRun(millrace, id, decision, body) }),
    );
  }

  app.post(
    '/api/v1/runs/:id/rerun',
    {
      schema: {
        tags: ['runs'],
        summary: 'Run it once more, as a new run that is linked to it.',
        params: runNamed,
        body: rerunRequest,
        response: { 201: started, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ params: { id }, body }, reply) => {
      const { runId, joined } = await rerunRun(millrace, id, body);
      reply.header('location', `/api/v1/runs/${encodeURIComponent(runId)}`);
      return reply.code(201).send({ runId, joined });
    },
  );

  app.get(
    '/api/v1/runs/:id/logs',
    {
      schema: {
        tags: ['runs'],
        summary: 'What its attempts said, oldest first.',
        params: runNamed,
        querystring: z.object({
          after: z.coerce
            .number()
            .int()
            .min(0)
            .max(Number.MAX_SAFE_INTEGER)
            .default(0)
            .describe('Lines behind this one.'),
          step: text.optional(),
          batch: z.coerce.number().int().min(0).max(largestVersion).optional(),
          attempt: z.coerce.number().int().min(1).max(largestVersion).optional(),
          limit: z.coerce.number().int().min(1).max(10_000).default(1000),
        }),
        response: { 200: z.array(logLine), ...errors },
      },
    },
    async ({ params: { id }, query }) => readLogs(millrace, id, query),
  );

  addFindings(app, millrace);
  const feeds = new RunFeeds(millrace);
  app.get(
    '/api/v1/runs/:id/events',
    {
      schema: {
        tags: ['runs'],
        summary: 'The states of the steps as they change, as server-sent events.',
        description: 'Events named "progress" carry { state, steps }; the last one says how the run ended.',
        params: runNamed,
        response: {
          200: { description: 'A stream of events.', content: { 'text/event-stream': { schema: z.unknown() } } },
          ...errors,
        },
      },
    },
    async ({ params }, reply) => {
      const execution = await showRun(millrace, params.id);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const events = feeds.events(execution, AbortSignal.any([gone.signal, stop]));
      reply.header('x-accel-buffering', 'no');
      return reply.type('text/event-stream').send(events);
    },
  );
}
