import { z } from 'zod';
import { duration } from './duration.js';

const HOUR_MS = 3_600_000;

/** ms; what is younger than an hour may be in the hands of a step that has said nothing of it yet. */
const age = duration.refine((ms) => ms >= HOUR_MS, 'at least 1 h');

/** What `millrace gc` lets go of. Ages in ms. What a champion, a run that goes on or their lineage needs stays, however old. */
export const retentionSchema = z
  .strictObject({
    runs: age
      .nullable()
      .prefault('90 days')
      .describe('Runs that ended earlier go, with their attempts, logs, rows, reports and files. null: none.'),
    logs: age.nullable().prefault('30 days').describe('Log lines of runs that ended earlier go. null: none.'),
    versions: z
      .int()
      .min(1)
      .nullable()
      .default(20)
      .describe('So many of the newest versions of each model stay, beside those that are needed. null: all.'),
    audit: age
      .nullable()
      .prefault('1 year')
      .describe('Audit entries, and notices of no run, that are older go. null: none.'),
    grace: age.prefault('1 day').describe('Objects in the store that are younger are never touched.'),
  })
  .prefault({});

export type RetentionPolicy = z.output<typeof retentionSchema>;
