import { z } from 'zod';
import { interval } from './common.js';

export const pipelineSummary = z
  .object({ name: z.string(), title: z.string(), steps: z.array(z.string()) })
  .meta({ id: 'PipelineSummary' });

export const pipelineDetails = pipelineSummary
  .extend({
    doc: z.string(),
    nodes: z
      .array(
        z.object({
          name: z.string(),
          rank: z.int().describe('Place from the left in the drawing.'),
          after: z.array(z.string()).describe('Steps from which an arrow leads to it.'),
          mapped: z.boolean(),
          queue: z.string(),
          doc: z.string(),
        }),
      )
      .describe('The steps as they are drawn.'),
    params: z.record(z.string(), z.unknown()).describe('JSON schema of the params.'),
  })
  .meta({ id: 'Pipeline' });

export const explainRequest = z
  .strictObject({
    params: z.record(z.string(), z.unknown()).default({}).describe('See /api/v1/pipelines/{name}.'),
    interval: interval.optional(),
  })
  .meta({ id: 'ExplainRequest' });

const unknown = 'null: no run before says it.';

export const explanation = z
  .object({
    pipeline: z.string(),
    nothing: z.string().nullable().describe('Why there is nothing to do.'),
    source: z.object({ files: z.int(), bytes: z.number() }),
    share: z.number().describe('What part of the source was counted; the rest is taken to be like it.'),
    readings: z.int(),
    days: z.int(),
    sensors: z.int(),
    chunks: z.int(),
    keptChunks: z.int().describe('Chunks whose features are kept from before.'),
    steps: z.array(
      z.object({
        name: z.string(),
        items: z.int().nullable(),
        kept: z.int().nullable(),
        batches: z.int(),
        activities: z.int(),
        seconds: z.number().nullable().describe(unknown),
      }),
    ),
    activities: z.int(),
    events: z.int().describe('Of the history.'),
    largestPayload: z.int().describe('Bytes.'),
    writes: z.number().nullable().describe(`Bytes that are written to the store. ${unknown}`),
    memory: z.record(z.string(), z.number()).nullable().describe(`MiB by kind of worker. ${unknown}`),
    seconds: z.number().nullable().describe(unknown),
    basis: z.int().describe('How many runs times and memory are taken from.'),
    limits: z
      .array(z.object({ what: z.string(), is: z.number(), most: z.number() }))
      .describe('What may not be more; a run for which one of them is would break.'),
  })
  .meta({ id: 'Explanation' });
