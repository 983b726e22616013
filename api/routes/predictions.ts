import { z } from 'zod';
import type { Millrace } from '../../client/millrace.js';
import { listPredictions, newestPredictionRun } from '../../client/predictions.js';
import { MillraceError } from '../../config/errors.js';
import { text } from '../contracts/common.js';
import { prediction } from '../contracts/predictions.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

export function addPredictions(app: Server, millrace: Millrace): void {
  app.get(
    '/api/v1/predictions',
    {
      schema: {
        tags: ['predictions'],
        summary: 'Predictions of a run, by sensor and day; without a run, of the newest that made some.',
        querystring: z.object({
          run: text.optional(),
          limit: z.coerce.number().int().min(1).max(100_000).default(1000),
        }),
        response: { 200: z.array(prediction), ...problems(400, 404, 503) },
      },
    },
    async ({ query: { run, limit } }) => {
      const chosen = run ?? (await newestPredictionRun(millrace));
      if (chosen === null) throw new MillraceError('MR_RUN_UNKNOWN', 'no run has made predictions yet');
      return listPredictions(millrace, chosen, limit);
    },
  );
}
