import { z } from 'zod';

export const prediction = z
  .object({
    sensor: z.string(),
    day: z.iso.date(),
    cluster: z.int(),
    distance: z.number(),
    novel: z.boolean(),
    model: z.string(),
    version: z.int(),
  })
  .meta({ id: 'Prediction' });
