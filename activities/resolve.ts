import { z } from 'zod';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { planSteps } from '../dag/declare.js';
import type { Plan } from '../dag/plan.js';
import { PIPELINES } from '../pipelines/index.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import { writeJson } from '../store/frames.js';
import type { Attempt, Stores } from './context.js';
import type { Parent } from './model.js';
import { type Listing, listSource } from './source.js';
import { checkZone } from './zone.js';

/** What a caller starts a run with, in any language. */
export interface RunRequest {
  params?: Record<string, unknown>;
  /** `[start, end)` as ISO times, for runs that are for an interval. */
  interval?: { start: string; end: string } | null;
}

export interface ResolveCall {
  pipeline: string;
  workflowId: string;
  temporalRunId: string;
  request: RunRequest;
}

const requestSchema = z.strictObject({
  params: z.record(z.string(), z.unknown()).default({}),
  interval: z
    .strictObject({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) })
    .refine(({ start, end }) => Date.parse(start) < Date.parse(end), 'the end must be later than the start')
    .nullish(),
});

/** Finds what a pin of a pipeline stands for, at the moment the run begins. */
const PINS: Record<string, (stores: Stores, params: Record<string, unknown>, attempt: Attempt) => Promise<unknown>> = {
  listing: async (stores, params, attempt): Promise<Listing> => {
    const source = params.source as string;
    const files = await listSource(source, params.files as string[], attempt.signal);
    const ref = await writeJson(stores.objects, 'listings', files, files.length);
    return { ref, source, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  },
  parent: async (stores, params): Promise<Parent | null> => {
    if (params.refit === true) return null;
    return findModel(stores, params.model as string, params.parent as number | null, false);
  },
  model: (stores, params) => findModel(stores, params.model as string, params.version as number | null, true),
  creator: async (stores, params) =>
    (await findModel(stores, params.model as string, params.version as number | null, true))!.creator,
};

async function findModel(
  stores: Stores,
  model: string,
  version: number | null,
  needed: boolean,
): Promise<Parent | null> {
  const found = await stores.registry.findModel(model, version);
  if (found === null) {
    if (needed || version !== null) throw await stores.registry.missingModel(model, version);
    return null;
  }
  return {
    model,
    version: found.version,
    artefact: found.artefact,
    creator: { ref: found.creator, columns: found.creator.rows, dropped: 0 },
  };
}

/** Begins a run: checks what it was called with, pins what it depends on, records it and returns the plan as data. */
export function createResolve(stores: Stores) {
  return async (
    { pipeline: name, workflowId, temporalRunId, request }: ResolveCall,
    attempt: Attempt,
  ): Promise<Plan> => {
    const pipeline = PIPELINES.find((each) => each.graph.name === name);
    if (pipeline === undefined) {
      const names = PIPELINES.map((each) => each.graph.name);
      throw new MillraceError('MR_PIPELINE_UNKNOWN', `there is no pipeline "${name}".${didYouMean(name, names)}`, {
        allowed: `pipelines: ${names.join(', ')}`,
      });
    }
    const { params, interval } = checkRequest(pipeline, request);
    if (typeof params.tz === 'string') checkZone(params.tz);
    const run = { runId: workflowId, workflowId, temporalRunId, pipeline: name };
    const runId = await stores.registry.beginRun(run, params, interval);
    const pins: Record<string, unknown> = {};
    for (const pin of Object.keys(pipeline.graph.pins)) pins[pin] = await PINS[pin]!(stores, params, attempt);
    return {
      run: { ...run, runId },
      steps: planSteps(pipeline.graph, params, pins),
      result: pipeline.graph.result,
      title: pipeline.graph.title,
      interval: interval === null ? null : `${interval.start}/${interval.end}`,
    };
  };
}

function checkRequest(pipeline: Pipeline, request: RunRequest) {
  const parsed = requestSchema.safeParse(request ?? {});
  if (!parsed.success) {
    throw new MillraceError(
      'MR_PARAM',
      `the run cannot be started so:\n  ${z.prettifyError(parsed.error).replaceAll('\n', '\n  ')}`,
      {
        allowed: 'one object: { "params": { … }, "interval": { "start": "…", "end": "…" } }; both may be left out',
      },
    );
  }
  return { params: pipeline.parse(parsed.data.params), interval: parsed.data.interval ?? null };
}
