import type { Counter } from 'prom-client';
import { z } from 'zod';
import type { WarmModels } from '../../client/warm-models.js';
import type { RestSettings } from '../../config/rest.js';
import { predictRequest, predictResponse, problem } from '../contracts.js';
import type { Server } from '../server.js';

export function addPredict(app: Server, models: WarmModels, rest: RestSettings, counter: Counter<'model'>): void {
  app.post(
    '/api/v1/models/:name/predict',
    {
      bodyLimit: rest.predictBodyMiB * 2 ** 20,
      config: { rateLimit: { max: rest.predictsPerMinute, timeWindow: 60_000 } },
      schema: {
        tags: ['models'],
        summary: 'Predict chunks with the champion, or with a version, held in memory.',
        params: z.object({ name: z.string().min(1).max(100) }),
        body: predictRequest,
        response: {
          200: predictResponse,
          400: problem,
          401: problem,
          404: problem,
          413: problem,
          415: problem,
          429: problem,
          503: problem,
        },
      },
    },
    async ({ params: { name }, body: { version = null, instances } }) => {
      const predictor = await models.get(name, version);
      const predictions = predictor.predict(instances);
      counter.inc({ model: name }, instances.length);
      return { model: name, version: predictor.version, predictions };
    },
  );
}
