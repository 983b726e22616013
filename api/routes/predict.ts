import type { Counter } from 'prom-client';
import type { WarmModels } from '../../client/warm-models.js';
import type { RestSettings } from '../../config/rest.js';
import { named } from '../contracts/common.js';
import { predictRequest, predictResponse } from '../contracts/predict.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

export function addPredict(app: Server, models: WarmModels, rest: RestSettings, counter: Counter<'model'>): void {
  app.post(
    '/api/v1/models/:name/predict',
    {
      bodyLimit: Math.floor(rest.predictBodyMiB * 2 ** 20),
      config: { role: 'read', rateLimit: { max: rest.predictsPerMinute, timeWindow: 60_000 } },
      schema: {
        tags: ['models'],
        summary: 'Predict chunks with the champion, or with a version, held in memory.',
        params: named,
        body: predictRequest,
        response: { 200: predictResponse, ...problems(400, 404, 413, 415, 503) },
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
