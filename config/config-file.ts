import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ALERT_NAME, alertSchema } from './alerts.js';
import { restSchema } from './rest.js';
import { retentionSchema } from './retention.js';
import { SCHEDULE_NAME, scheduleSchema } from './schedule.js';
import { readYaml, type YamlFile } from './yaml-file.js';

export const CONFIG_FILE = 'millrace.yaml';

/** Enough for sorts of many million readings without spilling much, and small beside Node's own memory. */
const DEFAULT_MEMORY_MIB = 768;

/** Some days of a large plant, so that what one step wrote the next finds near. */
const DEFAULT_LOCAL_MIB = 4096;

const schema = z.strictObject({
  memoryMiB: z
    .int()
    .min(128)
    .max(1_048_576)
    .default(DEFAULT_MEMORY_MIB)
    .describe('Memory for sorting before it spills to disk.'),
  localMiB: z
    .int()
    .min(64)
    .max(16_777_216)
    .default(DEFAULT_LOCAL_MIB)
    .describe('Local space for copies of objects, where the store is on S3.'),
  threads: z.int().min(1).max(1024).nullable().default(null).describe('Threads of one worker. null: one per core.'),
  alerts: z
    .record(z.string().regex(ALERT_NAME, 'names have letters, digits, - and _'), alertSchema)
    .default({})
    .describe('Who is told of what: millrace alerts test.'),
  rest: restSchema.describe('Limits of the REST server.'),
  retention: retentionSchema.describe('What stays, and how long: millrace gc.'),
  schedules: z
    .record(z.string().regex(SCHEDULE_NAME, 'names have letters, digits, - and _'), scheduleSchema)
    .optional()
    .describe('Schedules by name: millrace schedules apply.'),
  project: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('The file that exports pipelines of your own, as ./project.ts: millrace init.'),
  pipelines: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .default({})
    .describe('Params by pipeline: what differs from the defaults.'),
});

export type Config = z.output<typeof schema>;

/** Reads `millrace.yaml` of a folder, or the file given; without one, the defaults. */
export async function loadConfig(folder: string, given?: string): Promise<YamlFile<Config>> {
  const path = given ?? join(folder, CONFIG_FILE);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there && given === undefined) return { value: schema.parse({}), where: () => CONFIG_FILE };
  return readYaml(path, schema);
}
