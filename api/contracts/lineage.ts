import { z } from 'zod';
import { moment } from './common.js';

export const runFile = z
  .object({
    path: z.string(),
    sha256: z.string().describe("Of the file's content."),
    bytes: z.int(),
    readings: z.int(),
  })
  .meta({ id: 'RunFile' });

export const chunkLineage = z
  .object({
    runId: z.string(),
    chunk: z.object({ sensor: z.string(), day: z.iso.date(), readings: z.int(), valueHash: z.string() }),
    prediction: z.object({ cluster: z.int(), distance: z.number(), novel: z.boolean() }).nullable(),
    model: z
      .object({
        name: z.string(),
        version: z.int(),
        runId: z.string(),
        lineage: z.record(z.string(), z.unknown()).describe('Hashes of what it was made of.'),
      })
      .nullable()
      .describe('The version that predicted it, or that was trained on it.'),
    files: z.array(runFile).describe('Those that have readings of that day.'),
  })
  .meta({ id: 'ChunkLineage' });

export const fileUse = z
  .object({
    path: z.string(),
    sha256: z.string(),
    runId: z.string(),
    pipeline: z.string(),
    startedAt: moment,
    chunks: z.int().describe('Of the days that the file has readings of.'),
    predictions: z.int(),
    models: z.array(z.object({ name: z.string(), version: z.int(), champion: z.boolean() })),
  })
  .meta({ id: 'FileUse' });
