import { z } from 'zod';
import type { Millrace } from '../../client/millrace.js';
import {
  createTrigger,
  deleteTrigger,
  listTriggers,
  pauseTrigger,
  resumeTrigger,
  showTrigger,
} from '../../client/triggers.js';
import { named } from '../contracts/common.js';
import { trigger, triggerRequest } from '../contracts/triggers.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

const errors = problems(400, 404, 503);

export function addTriggers(app: Server, millrace: Millrace): void {
  app.get(
    '/api/v1/triggers',
    {
      schema: { tags: ['triggers'], summary: 'All, by name.', response: { 200: z.array(trigger), ...problems(503) } },
    },
    async () => listTriggers(millrace),
  );

  app.post(
    '/api/v1/triggers',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['triggers'],
        summary: 'Run a pipeline whenever files have arrived in its source, or another is done.',
        body: triggerRequest,
        response: { 201: trigger, ...problems(400, 404, 413, 415, 503) },
      },
    },
    async ({ body: { name, ...declaration } }, reply) => {
      reply.header('location', `/api/v1/triggers/${name}`);
      return reply.code(201).send(await createTrigger(millrace, name, declaration));
    },
  );

  app.get(
    '/api/v1/triggers/:name',
    { schema: { tags: ['triggers'], params: named, response: { 200: trigger, ...errors } } },
    async ({ params: { name } }) => showTrigger(millrace, name),
  );

  for (const [act, summary, work] of [
    ['pause', 'Let it start nothing.', pauseTrigger],
    ['resume', 'Let it start runs again, for what arrived meanwhile too.', resumeTrigger],
  ] as const) {
    app.post(
      `/api/v1/triggers/:name/${act}`,
      { schema: { tags: ['triggers'], summary, params: named, response: { 200: trigger, ...errors } } },
      async ({ params: { name } }) => {
        await work(millrace, name);
        return showTrigger(millrace, name);
      },
    );
  }

  app.delete(
    '/api/v1/triggers/:name',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['triggers'],
        summary: 'Delete it; its runs stay.',
        params: named,
        response: { 204: z.null().describe('It is deleted.'), ...errors },
      },
    },
    async ({ params: { name } }, reply) => {
      await deleteTrigger(millrace, name);
      return reply.code(204).send(null);
    },
  );
}
