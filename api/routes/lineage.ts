import { z } from 'zod';
import { listRunFiles, traceChunk, traceFile } from '../../client/lineage.js';
import type { Millrace } from '../../client/millrace.js';
import { runNamed, text } from '../contracts/common.js';
import { chunkLineage, fileUse, runFile } from '../contracts/lineage.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

const errors = problems(400, 404, 503);

export function addLineage(app: Server, millrace: Millrace): void {
  app.get(
    '/api/v1/runs/:id/files',
    {
      schema: {
        tags: ['lineage'],
        summary: 'The tables that it read, with the hashes of their files.',
        params: runNamed,
        response: { 200: z.array(runFile), ...errors },
      },
    },
    async ({ params: { id } }) => listRunFiles(millrace, id),
  );

  app.get(
    '/api/v1/runs/:id/lineage',
    {
      schema: {
        tags: ['lineage'],
        summary: 'From a chunk, or its prediction, back to model version, feature creator and source files.',
        params: runNamed,
        querystring: z.object({ sensor: text.min(1), day: z.iso.date() }),
        response: { 200: chunkLineage, ...errors },
      },
    },
    async ({ params: { id }, query: { sensor, day } }) => traceChunk(millrace, id, sensor, day),
  );

  app.get(
    '/api/v1/lineage',
    {
      schema: {
        tags: ['lineage'],
        summary: 'From a file forward to every run, model version and prediction that it went into.',
        querystring: z.object({
          file: z.string().min(1).max(5000).describe('Its path, or the SHA-256 of its content.'),
        }),
        response: { 200: z.array(fileUse), ...problems(400, 503) },
      },
    },
    async ({ query: { file } }) => traceFile(millrace, file),
  );
}
