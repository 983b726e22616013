import { z } from 'zod';
import {
  cancelBackfill,
  createBackfill,
  listBackfills,
  pauseBackfill,
  priceBackfill,
  resumeBackfill,
  retryBackfill,
  showBackfill,
} from '../../client/backfills.js';
import type { Millrace } from '../../client/millrace.js';
import { backfill, backfillPrice, backfillRequest, backfillSummary, priceRequest } from '../contracts/backfills.js';
import { named } from '../contracts/common.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

const errors = problems(400, 404, 503);

export function addBackfills(app: Server, millrace: Millrace): void {
  app.post(
    '/api/v1/backfills',
    {
      schema: {
        tags: ['backfills'],
        summary: 'Run a pipeline for all intervals of a time.',
        body: backfillRequest,
        response: { 201: backfill, ...problems(400, 404, 413, 415, 503) },
      },
    },
    async ({ body: { name, ...declaration } }, reply) => {
      const made = await createBackfill(millrace, name, declaration);
      reply.header('location', `/api/v1/backfills/${encodeURIComponent(name)}`);
      return reply.code(201).send(made);
    },
  );

  app.post(
    '/api/v1/backfills/price',
    {
      config: { role: 'read' },
      schema: {
        tags: ['backfills'],
        summary: 'What a backfill would do, and about how long it would take.',
        body: priceRequest,
        response: { 200: backfillPrice, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ body }) => priceBackfill(millrace, body),
  );

  app.get(
    '/api/v1/backfills',
    {
      schema: {
        tags: ['backfills'],
        summary: 'The newest backfills.',
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(50) }),
        response: { 200: z.array(backfillSummary), ...errors },
      },
    },
    async ({ query: { limit } }) => listBackfills(millrace, limit),
  );

  app.get(
    '/api/v1/backfills/:name',
    {
      schema: {
        tags: ['backfills'],
        summary: 'A backfill, and how each of its intervals stands.',
        params: named,
        response: { 200: backfill, ...errors },
      },
    },
    async ({ params: { name } }) => showBackfill(millrace, name),
  );

  const acts = [
    ['pause', 'Begin no more runs; those that go on end.', pauseBackfill],
    ['resume', 'Go on.', resumeBackfill],
    ['retry', 'Run the intervals that failed once more, and no others.', retryBackfill],
    ['cancel', 'End it, and its runs that go on.', cancelBackfill],
  ] as const;
  for (const [act, summary, work] of acts) {
    app.post(
      `/api/v1/backfills/:name/${act}`,
      {
        schema: {
          tags: ['backfills'],
          summary,
          params: named,
          response: { 200: backfill, ...problems(400, 404, 409, 503) },
        },
      },
      async ({ params: { name } }) => {
        await work(millrace, name);
        return showBackfill(millrace, name);
      },
    );
  }
}
