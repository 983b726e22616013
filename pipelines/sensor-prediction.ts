import { z } from 'zod';
import { pipeline } from './pipeline.js';
import { runParams } from './run-params.js';
import { readParams, ruleParams, sourceParams } from './source-params.js';
import { chunk, features, inspect, predict, publishPredictions, read, reportPrediction, transform } from './steps.js';

export const predictionParams = z.strictObject({
  ...sourceParams,
  model: z.string().min(1).max(100).default('sensors').describe('Name of the model in the registry.'),
  version: z.int().min(1).nullable().default(null).describe('Version to predict with. null: the champion.'),
  ...runParams,
});

export const sensorPrediction = pipeline({
  name: 'sensor-prediction',
  title: 'Predict the cluster of sensors by day',
  doc: 'Cuts sensor files into chunks, creates features with the saved feature creator, and gives each chunk its cluster.',
  params: predictionParams,
  pins: ['listing', 'model', 'creator', 'due'],
  draw(step, p, { listing, model, creator, due }) {
    const inspected = step(inspect, { listing, ...readParams(p) });
    const staged = step(read, { inspected, tz: p.tz });
    const chunks = step(chunk, { staged, tz: p.tz, selection: due, ...ruleParams(p) });
    const raw = step(features, { chunks });
    const table = step(transform, { features: raw, creator });
    const predictions = step(predict, { table, model });
    const published = step(publishPredictions, { staged, chunks, predictions }, 'publish');
    return step(
      reportPrediction,
      { listing, inspected, chunks, features: raw, creator, table, predictions, published },
      'report',
    );
  },
});
