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

/** What pins are found from. The model is looked up once: two pins of one run must not see two champions. */
interface PinContext {
  stores: Stores;
  params: Record<string, unknown>;
  attempt: Attempt;
  model(): Promise<Parent>;
}

/** Finds what a pin of a pipeline stands for, at the moment the run begins. */
const PINS: Record<string, (context: PinContext) => Promise<unknown>> = {
  listing: async ({ stores, params, attempt }): Promise<Listing> => {
    const source = params.source as string;
    const files = await listSource(source, params.files as string[], attempt.signal);
    const ref = await writeJson(stores.objects, 'listings', files, files.length);
    return { ref, source, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  },
  parent: async ({ stores, params }): Promise<Parent | null> => {
    if (params.refit === true) return null;
    const version = params.parent as number | null;
    const found = await findModel(stores, params.model as string, version);
    if (found === null && version !== null) throw await stores.registry.missingModel(params.model as string, version);
    return found;
  },
  model: ({ model }) => model(),
  creator: async ({ model }) => (await model()).creator,
};

function pinContext(stores: Stores, params: Record<string, unknown>, attempt: Attempt): PinContext {
  let found: Promise<Parent> | undefined;
  const find = async () => {
    const [name, version] = [params.model as string, params.version as number | null];
    const model = await findModel(stores, name, version);
    if (model === null) throw await stores.registry.missingModel(name, version);
    return model;
  };
  return {
    stores,
    params,
    attempt,
    model: () => {
      found ??= find();
      return found;
    },
  };
}

async function findModel(stores: Stores, model: string, version: number | null): Promise<Parent | null> {
  const found = await stores.registry.findModel(model, version);
  if (found === null) return null;
  for (const { uri } of [found.artefact, found.creator]) {
    if (await stores.objects.has(uri)) continue;
    throw new MillraceError(
      'MR_MODEL_MISSING',
      `version ${found.version} of ${model} is registered, but ${uri} is gone from the store`,
      {
        next: 'train it again with refit=true, or promote a version that is whole',
      },
    );
  }
  return { model, version: found.version, artefact: found.artefact, creator: { ref: found.creator } };
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
    const context = pinContext(stores, params, attempt);
    for (const pin of Object.keys(pipeline.graph.pins)) pins[pin] = await PINS[pin]!(context);
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
