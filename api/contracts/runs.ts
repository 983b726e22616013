import { z } from 'zod';
import { notice } from './alerts.js';
import { interval, moment } from './common.js';

export const state = z.enum(['running', 'done', 'failed', 'cancelled', 'lost']);

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
    chunks: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe('Made anew: failed, or day=2026-03-01..2026-03-05,sensor=pump-*,file=*.csv.'),
    params: z.record(z.string(), z.unknown()).default({}).describe('Params that are to be otherwise.'),
  })
  .meta({ id: 'RerunRequest' });

export const started = z
  .object({
    runId: z.string().describe('See /api/v1/runs/{id}.'),
    joined: z.boolean().describe('Whether a run of that key or interval was there already.'),
  })
  .meta({ id: 'Started' });

export const runError = z
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
    trigger: z.string().nullable().describe('The trigger that started it.'),
    rerunOf: z.string().nullable().describe('The run that it was made from.'),
    pausedAt: moment.nullable().describe('Since when it is held between its batches.'),
    asks: z.int().describe('Questions that a person is to answer before it goes on.'),
    failed: z.int().describe('Files and days that it went on without, since they failed.'),
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

export const decision = z.enum(['retry', 'skip', 'abort']);

const question = z
  .object({
    step: z.string(),
    phase: z.enum(['once', 'plan', 'batch', 'gather']),
    batch: z.int(),
    code: z.string(),
    message: z.string(),
    can: z.array(decision).describe('What is possible.'),
    askedAt: moment,
    decision: decision.nullable().describe('null: it is open, or the run ended before.'),
    decidedAt: moment.nullable(),
  })
  .meta({ id: 'Question' });

const failedItem = z
  .object({
    step: z.string(),
    item: z.string().describe('A file or a day.'),
    day: z.string().nullable(),
    readings: z.int().nullable().describe('Usable readings that are missing with it, where that is known.'),
    code: z.string(),
    message: z.string(),
  })
  .meta({ id: 'FailedItem' });

export const decideRequest = z
  .strictObject({
    step: z.string().min(1).optional().describe('Only what this step asks.'),
    batch: z.int().min(0).max(2_147_483_647).optional().describe('Only what this batch of it asks.'),
  })
  .meta({ id: 'DecideRequest' });

export const decided = z
  .object({ runId: z.string(), answered: z.int().describe('How many questions that answered.') })
  .meta({ id: 'Decided' });

export const run = runSummary
  .extend({
    workflowId: z.string(),
    temporalRunId: z.string().describe("Which of the workflow's executions it is."),
    params: z.record(z.string(), z.unknown()),
    result: z.record(z.string(), z.unknown()).nullable(),
    error: runError.nullable(),
    attempts: z.array(attempt),
    notices: z.array(notice).describe('What people were to be told of it, the newest first.'),
    questions: z.array(question).describe('What it asks and asked.'),
    failedItems: z.array(failedItem).describe('The first of what it went on without.'),
  })
  .meta({ id: 'Run' });

export const step = z
  .object({
    name: z.string(),
    state: z.enum(['waiting', 'running', 'asks', 'done', 'failed', 'cancelled']),
    batches: z.int(),
    batchesDone: z.int(),
    items: z.int(),
    kept: z.int(),
    failed: z.int().describe('Items that the run goes on without, since they failed.'),
    startedAt: moment.nullable(),
    endedAt: moment.nullable(),
  })
  .meta({ id: 'Step' });

export const cancelled = z
  .object({ runId: z.string(), cancelled: z.boolean().describe('false: it had ended already.'), state })
  .meta({ id: 'Cancelled' });
