import { z } from 'zod';

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
