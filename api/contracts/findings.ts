import { z } from 'zod';

export const coverage = z
  .object({
    chunks: z.int().describe('All there are; "cells" may hold fewer.'),
    sensors: z.array(z.string()),
    days: z.array(z.iso.date()),
    cells: z
      .object({
        sensor: z.array(z.int()).describe('Place in "sensors".'),
        day: z.array(z.int()).describe('Place in "days".'),
        readings: z.array(z.int()),
        share: z.array(z.number()).describe('Of the day, 0 to 1.'),
        largestGap: z.array(z.number()).describe('In s.'),
      })
      .describe('A chunk at each place of all of these.'),
  })
  .meta({ id: 'Coverage' });

export const quarantine = z
  .object({
    reasons: z.record(z.string(), z.int()).describe('How many readings there are, by reason.'),
    readings: z.array(
      z.object({
        file: z.string(),
        record: z.int().describe('Its number in the file, from 1; 0 where it has none.'),
        sensor: z.string().nullable(),
        reason: z.string(),
        raw: z.string().nullable().describe('As it stands in the file.'),
      }),
    ),
  })
  .meta({ id: 'Quarantine' });

export const clusters = z
  .object({
    model: z.string(),
    version: z.int(),
    chunks: z.int(),
    ids: z.array(z.int()),
    sensors: z.array(z.string()),
    days: z.array(z.iso.date()),
    sizes: z.array(z.array(z.int())).describe('Chunks of each day in each cluster, in the order of "ids".'),
    members: z.array(z.array(z.int())).describe('Chunks of each sensor in each cluster, in the order of "ids".'),
    points: z
      .object({
        sensor: z.array(z.int()).describe('Place in "sensors".'),
        day: z.array(z.int()).describe('Place in "days".'),
        cluster: z.array(z.int()),
        x: z.array(z.number()),
        y: z.array(z.number()),
      })
      .describe('Chunks on the first two principal components; of very many, some. One at each place of all of these.'),
    explained: z.array(z.number()).length(2).describe('Share of the variance along x and y.'),
    profiles: z
      .object({ features: z.array(z.string()), means: z.array(z.array(z.number())) })
      .describe('Means of scaled features by cluster, of those that differ most first.'),
  })
  .meta({ id: 'Clusters' });
