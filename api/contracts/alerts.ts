import { z } from 'zod';
import { moment } from './common.js';

export const notice = z
  .object({
    id: z.string(),
    kind: z.enum(['failed', 'left-out', 'asks', 'may-be-late', 'late', 'done', 'test']),
    runId: z.string().nullable(),
    pipeline: z.string(),
    step: z.string().nullable(),
    code: z.string().nullable(),
    message: z.string(),
    at: moment,
    deliveries: z
      .array(
        z.object({
          target: z.string(),
          state: z.enum(['waiting', 'delivered', 'failed']).describe('failed: it is tried again for a day.'),
          tries: z.int(),
          error: z.string().nullable(),
        }),
      )
      .describe('Who was to be told.'),
  })
  .meta({ id: 'Notice' });

export const alertTested = z.object({ told: z.string() }).meta({ id: 'AlertTested' });
