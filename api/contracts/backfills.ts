import { z } from 'zod';
import { backfillSchema } from '../../config/backfill.js';
import { interval, moment, text } from './common.js';
import { runError, state } from './runs.js';

export const backfillRequest = backfillSchema
  .extend({
    name: text.regex(/^[a-z0-9][a-z0-9_-]{0,99}$/i, 'letters, digits, - and _').describe('What it is called.'),
  })
  .meta({ id: 'BackfillRequest' });

export const priceRequest = backfillSchema.meta({ id: 'BackfillPriceRequest' });

export const backfillPrice = z
  .object({
    intervals: z.int().describe('All there are in that time.'),
    due: z.int().describe('Those that would be run.'),
    first: interval.nullable(),
    last: interval.nullable(),
    estimate: z.object({
      basis: z.int().describe('How many runs the time is taken from.'),
      seconds: z.number().nullable(),
      chunks: z.int(),
      keptChunks: z.int().describe('Chunks whose features are kept from before.'),
      sourceBytes: z.number(),
      writes: z.number().nullable().describe('Bytes that are written to the store. null: no run before says it.'),
    }),
  })
  .meta({ id: 'BackfillPrice' });

const intervalCounts = z.record(z.string(), z.int()).describe('How many intervals stand how.');

export const backfillSummary = z
  .object({
    id: z.string(),
    state: z.enum(['running', 'paused', 'done', 'failed', 'cancelled']),
    declaration: z.record(z.string(), z.unknown()),
    createdAt: moment,
    endedAt: moment.nullable(),
    counts: intervalCounts,
  })
  .meta({ id: 'BackfillSummary' });

export const backfill = backfillSummary
  .extend({
    intervals: z.array(
      z.object({
        nth: z.int(),
        start: moment,
        end: moment,
        state: z.enum(['waiting', ...state.options]),
        run: z.string().nullable(),
        seconds: z.number().nullable(),
        error: runError.nullable(),
      }),
    ),
  })
  .meta({ id: 'Backfill' });
