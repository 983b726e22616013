import { collectGarbage } from '../../client/gc.js';
import type { Millrace } from '../../client/millrace.js';
import { gcReport, gcRequest } from '../contracts/gc.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

export function addGc(app: Server, millrace: Millrace): void {
  app.post(
    '/api/v1/gc',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['gc'],
        summary: 'Delete what is older than it is to be kept, or say what that would be. Answers when it is done.',
        body: gcRequest,
        response: { 200: gcReport, ...problems(400, 409, 413, 415, 503) },
      },
    },
    async ({ body }) => collectGarbage(millrace, body),
  );
}
