import { z } from 'zod';
import type { Millrace } from '../../client/millrace.js';
import {
  createSchedule,
  deleteSchedule,
  listSchedules,
  pauseSchedule,
  showSchedule,
  triggerSchedule,
  unpauseSchedule,
} from '../../client/schedules.js';
import { named } from '../contracts/common.js';
import { schedule, scheduleRequest } from '../contracts/schedules.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

const errors = problems(400, 404, 503);

export function addSchedules(app: Server, millrace: Millrace): void {
  const by = (what: string, caller: string | null) => `${what} over REST${caller === null ? '' : ` by ${caller}`}`;

  app.get(
    '/api/v1/schedules',
    {
      schema: { tags: ['schedules'], summary: 'All, by name.', response: { 200: z.array(schedule), ...problems(503) } },
    },
    async () => listSchedules(millrace),
  );

  app.post(
    '/api/v1/schedules',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['schedules'],
        summary: 'Run a pipeline again and again.',
        body: scheduleRequest,
        response: { 201: schedule, ...problems(400, 404, 413, 415, 503) },
      },
    },
    async ({ body: { name, ...declaration } }, reply) => {
      await createSchedule(millrace, name, declaration);
      reply.header('location', `/api/v1/schedules/${name}`);
      return reply.code(201).send(await showSchedule(millrace, name));
    },
  );

  app.get(
    '/api/v1/schedules/:name',
    { schema: { tags: ['schedules'], params: named, response: { 200: schedule, ...errors } } },
    async ({ params: { name } }) => showSchedule(millrace, name),
  );

  for (const [act, summary, work] of [
    ['pause', 'Let it fire no more.', (name, caller) => pauseSchedule(millrace, name, by('paused', caller))],
    ['resume', 'Let it fire again.', (name, caller) => unpauseSchedule(millrace, name, by('resumed', caller))],
    ['trigger', 'Let it fire now.', (name) => triggerSchedule(millrace, name)],
  ] satisfies [string, string, (name: string, caller: string | null) => Promise<void>][]) {
    app.post(
      `/api/v1/schedules/:name/${act}`,
      { schema: { tags: ['schedules'], summary, params: named, response: { 200: schedule, ...errors } } },
      async ({ params: { name }, caller }) => {
        await work(name, caller);
        return showSchedule(millrace, name);
      },
    );
  }

  app.delete(
    '/api/v1/schedules/:name',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['schedules'],
        summary: 'Delete it; its runs stay.',
        params: named,
        response: { 204: z.null().describe('It is deleted.'), ...errors },
      },
    },
    async ({ params: { name } }, reply) => {
      await deleteSchedule(millrace, name);
      return reply.code(204).send(null);
    },
  );
}
