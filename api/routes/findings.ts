import { z } from 'zod';
import { readCoverage } from '../../client/chunks.js';
import type { Millrace } from '../../client/millrace.js';
import { readQuarantine } from '../../client/quarantine.js';
import { readClusters, readReport } from '../../client/reports.js';
import { runNamed, text } from '../contracts/common.js';
import { clusters, coverage, quarantine } from '../contracts/findings.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

const errors = problems(400, 404, 503);
const MOST_OFFSET = 2 ** 31 - 1;

/** What runs found and made. */
export function addFindings(app: Server, millrace: Millrace): void {
  app.get(
    '/api/v1/runs/:id/report',
    {
      schema: {
        tags: ['runs'],
        summary: 'The report of a run that has ended well, as a page.',
        params: runNamed,
        response: {
          200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
          ...errors,
        },
      },
    },
    async ({ params }, reply) => {
      const html = await readReport(millrace, params.id);
      reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
      return reply.type('text/html; charset=utf-8').serializer(String).send(html);
    },
  );

  app.get(
    '/api/v1/runs/:id/coverage',
    {
      schema: {
        tags: ['runs'],
        summary: 'Its chunks: how much of each day each sensor recorded.',
        params: runNamed,
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(1_000_000).default(200_000) }),
        response: { 200: coverage, ...errors },
      },
    },
    async ({ params: { id }, query: { limit } }) => readCoverage(millrace, id, limit),
  );

  app.get(
    '/api/v1/runs/:id/quarantine',
    {
      schema: {
        tags: ['runs'],
        summary: 'Its readings that could not be used.',
        params: runNamed,
        querystring: z.object({
          reason: text.optional(),
          offset: z.coerce.number().int().min(0).max(MOST_OFFSET).default(0),
          limit: z.coerce.number().int().min(1).max(10_000).default(100),
        }),
        response: { 200: quarantine, ...errors },
      },
    },
    async ({ params: { id }, query }) => readQuarantine(millrace, id, query),
  );

  app.get(
    '/api/v1/runs/:id/clusters',
    {
      schema: {
        tags: ['runs'],
        summary: 'The clusters of its chunks: on two axes, by day, and what is peculiar to each.',
        params: runNamed,
        response: { 200: clusters, ...errors },
      },
    },
    async ({ params: { id } }) => readClusters(millrace, id),
  );
}
