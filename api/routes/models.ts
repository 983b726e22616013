import { z } from 'zod';
import type { Millrace } from '../../client/millrace.js';
import { listModels, promoteModel, rollbackModel, showModel } from '../../client/models.js';
import { largestVersion, named } from '../contracts/common.js';
import { champion, modelVersion } from '../contracts/models.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

const errors = problems(400, 404, 503);
const versionNamed = named.extend({ version: z.coerce.number().int().min(1).max(largestVersion) });

export function addModels(app: Server, millrace: Millrace): void {
  const by = (caller: string | null) => `over REST${caller === null ? '' : ` by ${caller}`}`;

  app.get(
    '/api/v1/models',
    {
      schema: {
        tags: ['models'],
        summary: 'All versions of all models.',
        response: { 200: z.array(modelVersion), ...errors },
      },
    },
    async () => listModels(millrace),
  );

  app.get(
    '/api/v1/models/:name',
    {
      schema: {
        tags: ['models'],
        summary: 'All versions of a model.',
        params: named,
        response: { 200: z.array(modelVersion), ...errors },
      },
    },
    async ({ params }) => listModels(millrace, params.name),
  );

  app.get(
    '/api/v1/models/:name/versions/:version',
    {
      schema: {
        tags: ['models'],
        params: versionNamed,
        response: { 200: modelVersion, ...errors },
      },
    },
    async ({ params }) => showModel(millrace, params.name, params.version),
  );

  app.post(
    '/api/v1/models/:name/versions/:version/promote',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['models'],
        summary: 'Make a version champion.',
        params: versionNamed,
        response: { 200: champion, ...errors },
      },
    },
    async ({ params, caller }) => {
      const before = await promoteModel(millrace, params.name, params.version, `promoted ${by(caller)}`);
      return { model: params.name, version: params.version, before };
    },
  );

  app.post(
    '/api/v1/models/:name/rollback',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['models'],
        summary: 'Make the champion before the present one champion again.',
        params: named,
        response: { 200: champion, ...errors },
      },
    },
    async ({ params, caller }) => {
      const { from, to } = await rollbackModel(millrace, params.name, `rolled back ${by(caller)}`);
      return { model: params.name, version: to, before: from };
    },
  );
}
