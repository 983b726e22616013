import { z } from 'zod';
import { backfillSchema } from '../config/backfill.js';
import { SCHEDULE_NAME, scheduleSchema } from '../config/schedule.js';

/** What goes over the wire, in and out. From these come the checks of requests and the OpenAPI document. */

const moment = z.iso.datetime();
// Postgres has no text with NUL, and integers of 32 bits.
export const text = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is refused; its short form is not known to all who read the document
  .regex(/^[^\u0000]*$/, 'must not contain NUL')
  .max(500);
export const named = z.object({ name: text.min(1) });
export const runNamed = z.object({ id: text.min(1) });
export const largestVersion = 2 ** 31 - 1;
const state = z.enum(['running', 'done', 'failed', 'cancelled', 'lost']);

export const problem = z
  .object({
    type: z.string().describe('urn:millrace: and the code.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('See docs/errors.md.'),
    detail: z.string().describe('What was found, what is allowed, what to do next.'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

export const interval = z
  .strictObject({ start: moment, end: moment })
  .refine(({ start, end }) => !(Date.parse(start) >= Date.parse(end)), { error: 'the end is after the start' })
  .meta({ id: 'Interval' });

export const startRequest = z
  .strictObject({
    pipeline: z.string().min(1).describe('Name of a pipeline.'),
    params: z.record(z.string(), z.unknown()).default({}).describe('See /api/v1/pipelines/{name}.'),
    interval: interval.optional().describe('Two starts for one interval join.'),
  })
  .meta({ id: 'StartRequest' });

export const rerunRequest = z
  .strictObject({
    from: z.string().min(1).optional().describe('The step that is made anew, with all that follow from it.'),
    params: z.record(z.string(), z.unknown()).default({}).describe('Params that are to be otherwise.'),
  })
  .meta({ id: 'RerunRequest' });

export const started = z
  .object({
    runId: z.string().describe('See /api/v1/runs/{id}.'),
    joined: z.boolean().describe('Whether a run of that key or interval was there already.'),
  })
  .meta({ id: 'Started' });

const runError = z
  .object({ code: z.string(), message: z.string(), step: z.string().nullable() })
  .meta({ id: 'RunError' });

export const runSummary = z
  .object({
    id: z.string(),
    pipeline: z.string(),
    state,
    startedAt: moment,
    seconds: z.number().nullable(),
    interval: interval.nullable(),
    schedule: z.string().nullable(),
    backfill: z.string().nullable().describe('The backfill that started it.'),
    rerunOf: z.string().nullable().describe('The run that it was made from.'),
    pausedAt: moment.nullable().describe('Since when it is held between its batches.'),
  })
  .meta({ id: 'RunSummary' });

const attempt = z
  .object({
    step: z.string(),
    phase: z.enum(['once', 'plan', 'batch', 'gather']),
    batch: z.int(),
    attempt: z.int(),
    state,
    worker: z.string().describe('Host and process that worked on it.'),
    startedAt: moment,
    seconds: z.number().nullable(),
    measures: z.record(z.string(), z.number()),
    error: runError.nullable(),
  })
  .meta({ id: 'Attempt' });

export const logLine = z
  .object({
    id: z.int().describe('Lines come in this order; give the last one as "after" to go on.'),
    at: moment,
    level: z.enum(['info', 'warn', 'error']),
    step: z.string(),
    phase: z.enum(['once', 'plan', 'batch', 'gather']),
    batch: z.int(),
    attempt: z.int(),
    message: z.string(),
    fields: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'LogLine' });

export const run = runSummary
  .extend({
    workflowId: z.string(),
    temporalRunId: z.string().describe("Which of the workflow's executions it is."),
    params: z.record(z.string(), z.unknown()),
    result: z.record(z.string(), z.unknown()).nullable(),
    error: runError.nullable(),
    attempts: z.array(attempt),
  })
  .meta({ id: 'Run' });

export const step = z
  .object({
    name: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
    batches: z.int(),
    batchesDone: z.int(),
    items: z.int(),
    kept: z.int(),
    startedAt: moment.nullable(),
    endedAt: moment.nullable(),
  })
  .meta({ id: 'Step' });

export const cancelled = z
  .object({ runId: z.string(), cancelled: z.boolean().describe('false: it had ended already.'), state })
  .meta({ id: 'Cancelled' });

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

export const modelVersion = z
  .object({
    model: z.string(),
    version: z.int(),
    champion: z.boolean(),
    parent: z.int().nullable(),
    createdAt: moment,
    runId: z.string(),
    trainedTo: z.iso.date().nullable().describe('Last day that it and the versions before it were trained on.'),
    decision: z.record(z.string(), z.unknown()).nullable().describe('Why it became champion or not, on which figures.'),
    params: z.record(z.string(), z.unknown()),
    lineage: z.record(z.string(), z.unknown()),
    metrics: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'ModelVersion' });

export const champion = z
  .object({ model: z.string(), version: z.int(), before: z.int().nullable() })
  .meta({ id: 'Champion' });

export const prediction = z
  .object({
    sensor: z.string(),
    day: z.iso.date(),
    cluster: z.int(),
    distance: z.number(),
    novel: z.boolean(),
    model: z.string(),
    version: z.int(),
  })
  .meta({ id: 'Prediction' });

const byFeatures = z.strictObject({
  features: z
    .record(z.string(), z.number().nullable())
    .describe('Features by name; what is left out counts as missing.'),
});

const byReadings = z.strictObject({
  day: z.iso.date(),
  tz: z.string().default('UTC').describe('Zone in which the day is a day.'),
  readings: z
    .array(z.tuple([z.iso.datetime({ offset: true }), z.number()]))
    .min(1)
    .max(200_000)
    .describe('Time and value of each reading of one sensor on that day.'),
});

export const predictRequest = z
  .strictObject({
    version: z.int().min(1).max(largestVersion).optional().describe('Without it, the champion.'),
    instances: z
      .array(z.union([byFeatures, byReadings]))
      .min(1)
      .max(10_000),
  })
  .meta({ id: 'PredictRequest' });

export const predictResponse = z
  .object({
    model: z.string(),
    version: z.int(),
    predictions: z.array(z.object({ cluster: z.int(), distance: z.number(), novel: z.boolean() })),
  })
  .meta({ id: 'PredictResponse' });

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

export const auditLine = z
  .object({
    id: z.int(),
    at: moment,
    caller: z.string().nullable().describe('Name of the token; null: none was needed, on loopback.'),
    address: z.string(),
    act: z.string(),
    target: z.string().describe('The same with its names.'),
    status: z.int().describe('What was answered.'),
  })
  .meta({ id: 'AuditLine' });

export const health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

export const readiness = z
  .object({ status: z.enum(['ready', 'not ready']), services: z.record(z.string(), z.string()) })
  .meta({ id: 'Readiness' });

export const scheduleRequest = scheduleSchema
  .safeExtend({ name: text.regex(SCHEDULE_NAME, 'letters, digits, - and _').describe('What it is called.') })
  .meta({ id: 'ScheduleRequest' });

export const schedule = z
  .object({
    name: z.string(),
    declaration: z.record(z.string(), z.unknown()),
    declared: z.boolean().describe('Whether it stands in the configuration file.'),
    paused: z.boolean(),
    note: z.string().nullable(),
    next: z.array(moment),
    recent: z.array(z.object({ due: moment, taken: moment, workflowId: z.string().nullable() })),
    missed: z.int(),
    buffered: z.int(),
    running: z.array(z.string()),
  })
  .meta({ id: 'Schedule' });

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
      chunks: z.int().nullable(),
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
