import { z } from 'zod';

/** Limits of the REST server, per caller and minute. */
export const restSchema = z
  .strictObject({
    requestsPerMinute: z.int().min(1).default(3_000).describe('Most requests of one caller in a minute.'),
    predictsPerMinute: z.int().min(1).default(600_000).describe('Most requests to predict of one caller in a minute.'),
    bodyMiB: z.number().min(0.01).max(1024).default(1).describe('Largest body of a request.'),
    predictBodyMiB: z.number().min(0.01).max(1024).default(16).describe('Largest body of a request to predict.'),
  })
  .prefault({});

export type RestSettings = z.output<typeof restSchema>;
