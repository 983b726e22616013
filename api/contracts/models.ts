import { z } from 'zod';
import { moment } from './common.js';

export const modelVersion = z
  .object({
    model: z.string(),
    version: z.int(),
    champion: z.boolean(),
    parent: z.int().nullable(),
    createdAt: moment,
    runId: z.string(),
    trainedTo: z.iso.date().nullable().describe('Last day that it and the versions before it were trained on.'),
    decision: z.record(z.string(), z.unknown()).nullable().describe('Why it became champion or not, on which figures.'),
    params: z.record(z.string(), z.unknown()),
    lineage: z.record(z.string(), z.unknown()),
    metrics: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'ModelVersion' });

export const champion = z
  .object({ model: z.string(), version: z.int(), before: z.int().nullable() })
  .meta({ id: 'Champion' });
