import { z } from 'zod';
import { largestVersion } from './common.js';

const byFeatures = z.strictObject({
  features: z
    .record(z.string(), z.number().nullable())
    .describe('Features by name; what is left out counts as missing.'),
});

const byReadings = z.strictObject({
  day: z.iso.date(),
  tz: z.string().default('UTC').describe('Zone in which the day is a day.'),
  readings: z
    .array(z.tuple([z.iso.datetime({ offset: true }), z.number()]))
    .min(1)
    .max(200_000)
    .describe('Time and value of each reading of one sensor on that day.'),
});

export const predictRequest = z
  .strictObject({
    version: z.int().min(1).max(largestVersion).optional().describe('Without it, the champion.'),
    instances: z
      .array(z.union([byFeatures, byReadings]))
      .min(1)
      .max(10_000),
  })
  .meta({ id: 'PredictRequest' });

export const predictResponse = z
  .object({
    model: z.string(),
    version: z.int(),
    predictions: z.array(z.object({ cluster: z.int(), distance: z.number(), novel: z.boolean() })),
  })
  .meta({ id: 'PredictResponse' });
