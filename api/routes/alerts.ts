import { z } from 'zod';
import { listNotices, testAlert } from '../../client/alerts.js';
import type { Millrace } from '../../client/millrace.js';
import { ALERT_NAME } from '../../config/alerts.js';
import { alertTested, notice } from '../contracts/alerts.js';
import { text } from '../contracts/common.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

export function addAlerts(app: Server, millrace: Millrace): void {
  app.get(
    '/api/v1/notices',
    {
      schema: {
        tags: ['alerts'],
        summary: 'What people were to be told of runs, and whether they were; the newest first.',
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          run: text.optional().describe('Only of this run.'),
        }),
        response: { 200: z.array(notice), ...problems(400, 503) },
      },
    },
    async ({ query: { limit, run } }) => listNotices(millrace, limit, run),
  );

  app.post(
    '/api/v1/alerts/:name/test',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['alerts'],
        summary: 'Tell one of the alerts of the configuration that this is a test.',
        params: z.object({ name: z.string().regex(ALERT_NAME) }),
        response: { 200: alertTested, ...problems(400, 502, 503) },
      },
    },
    async ({ params: { name } }) => {
      await testAlert(millrace, name);
      return { told: name };
    },
  );
}
