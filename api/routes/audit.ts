import { z } from 'zod';
import { readAudit } from '../../client/audit.js';
import type { Millrace } from '../../client/millrace.js';
import { auditLine } from '../contracts/audit.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

export function addAudit(app: Server, millrace: Millrace): void {
  app.get(
    '/api/v1/audit',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['audit'],
        summary: 'Who changed what over REST, the newest first.',
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(10_000).default(100),
          before: z.coerce
            .number()
            .int()
            .min(1)
            .max(Number.MAX_SAFE_INTEGER)
            .optional()
            .describe('Older than this id.'),
        }),
        response: { 200: z.array(auditLine), ...problems(400, 503) },
      },
    },
    async ({ query: { limit, before } }) => readAudit(millrace, limit, before),
  );
}
