import { z } from 'zod';

export const gcRequest = z
  .strictObject({ delete: z.boolean().default(false).describe('false: it is only said what would go.') })
  .meta({ id: 'GcRequest' });

const ms = z.number().nullable();

export const gcReport = z
  .object({
    deleted: z.boolean().describe('Whether it went, or would go.'),
    policy: z
      .object({ runs: ms, logs: ms, versions: z.int().nullable(), audit: ms, grace: z.number() })
      .describe('By which; ages in ms. null: for ever.'),
    runs: z.int(),
    backfills: z.int().describe('That are over, with all their runs.'),
    logLines: z.int(),
    versions: z.int(),
    auditEntries: z.int(),
    notices: z.int().describe('Of no run.'),
    objects: z
      .array(
        z.object({
          kind: z.string().describe('How their keys begin.'),
          what: z.string(),
          objects: z.int(),
          bytes: z.int(),
        }),
      )
      .describe('In the store, by kind.'),
    needed: z
      .object({
        versions: z.int().describe('Older versions that are champions, or that these or runs that go on rest on.'),
        runs: z
          .object({
            version: z.int().describe('They made versions that stay.'),
            rerun: z.int().describe('A run that goes on was made from them.'),
            backfill: z.int().describe('Their backfill stays.'),
            schedule: z.int().describe('The newest of their schedule.'),
          })
          .describe('Older runs, by what they are needed for.'),
      })
      .describe('What is old enough to go, and stays.'),
  })
  .meta({ id: 'GcReport' });
