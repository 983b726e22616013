import { z } from 'zod';
import { durationOf } from '../config/duration.js';
import { MillraceError } from '../config/errors.js';
import { checkZone } from '../config/time-zone.js';
import { planSteps } from '../dag/declare.js';
import type { OnFailure } from '../dag/failure.js';
import type { Plan, PlanStep, Watch } from '../dag/plan.js';
import { isPin, type PinName, type PinTypes } from '../pipelines/pins.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import { writeJson } from '../store/frames.js';
import type { Attempt, Stores } from './context.js';
import type { Promotion } from './holdout.js';
import { dayAfter, daysDue, type Firing, type Interval, intervalOf, nothingIn, type Selection } from './interval.js';
import type { Champion, Parent } from './model.js';
import { freshChunks, freshFrom, pinsTakenOver, type Rerun } from './rerun.js';
import { type Listing, listSource, type SourceFile } from './source.js';
import { isBucketUrl, listBucket } from './source-bucket.js';
import { askDatabase, isDatabaseUrl } from './source-database.js';

/** What a caller starts a run with, in any language. */
export interface RunRequest {
  params?: Record<string, unknown>;
  /** For runs that are for an interval; a run that a schedule starts gets its own. */
  interval?: Interval | null;
  /** The backfill that starts the run. */
  backfill?: string | null;
  /** The trigger that starts the run. */
  trigger?: string | null;
  /** The run that it is made from. */
  rerun?: Rerun | null;
}

export interface ResolveCall {
  pipeline: string;
  workflowId: string;
  temporalRunId: string;
  request: RunRequest;
  /** The schedule that started the run, if one did. */
  firing?: Firing | null;
}

/** What a request is to be. */
export const requestSchema = z.strictObject({
  params: z.record(z.string(), z.unknown()).default({}),
  interval: z
    .strictObject({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) })
    .refine(({ start, end }) => Date.parse(start) < Date.parse(end), 'the end must be later than the start')
    .nullish(),
  backfill: z.string().nullish(),
  trigger: z.string().nullish(),
  rerun: z.strictObject({ of: z.string(), from: z.string().nullish(), chunks: z.string().nullish() }).nullish(),
});

/** What pins are found from. Models are looked up once: two pins of one run must not see two champions. */
interface PinContext {
  stores: Stores;
  params: Record<string, unknown>;
  interval: Interval | null;
  attempt: Attempt;
  /** The version the params name, or the champion; null where there is none yet. */
  version(param: 'parent' | 'version'): Promise<Parent | null>;
  champion(): Promise<Champion | null>;
}

/** Finds what a pin of a pipeline stands for, at the moment the run begins. */
const FIND: { readonly [Pin in PinName]: (context: PinContext) => Promise<PinTypes[Pin]> } = {
  listing: async ({ stores, params, attempt }): Promise<Listing> => {
    const source = params.source as string;
    const files = await listFiles(stores, source, params.files as string[], params.query as string | null, attempt);
    const ref = await writeJson(stores.objects, 'listings', files, files.length);
    return { ref, source, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  },
  parent: (context) => parentOf(context),
  champion: ({ champion }) => champion(),
  promotion: async ({ params, interval }): Promise<Promotion> => {
    const how = params.promote as Promotion['how'] | null;
    return { ...(params.gate as Omit<Promotion, 'how'>), how: how ?? (interval === null ? 'always' : 'gate') };
  },
  unseen: async (context): Promise<Selection> => {
    const parent = await parentOf(context);
    return selected(context, () => (parent?.trainedTo == null ? null : dayAfter(parent.trainedTo)));
  },
  due: async (context): Promise<Selection> => selected(context, ({ from }) => from),
  model: modelOf,
  creator: async (context) => (await modelOf(context)).creator,
};

async function listFiles(
  stores: Stores,
  source: string,
  only: readonly string[],
  query: string | null,
  attempt: Attempt,
): Promise<SourceFile[]> {
  if (isDatabaseUrl(source)) return [await askDatabase(stores, source, query, attempt.signal)];
  if (query !== null) {
    throw new MillraceError('MR_PARAM', `there is a query, but the source ${source} is no database`, {
      allowed: 'source=postgres://name with query="select …"',
    });
  }
  return isBucketUrl(source)
    ? listBucket(await stores.buckets(), source, only)
    : listSource(source, only, {
        signal: attempt.signal,
        onProgress: (done, total) => attempt.progress(done, total, 'bytes'),
      });
}

/** The days that the params name; those they leave open come from the interval, where there is one. */
function selected(
  { params, interval }: PinContext,
  first: (due: { from: string; to: string }) => string | null,
): Selection {
  const named = { from: params.from as string | null, to: params.to as string | null };
  if (named.from !== null && named.to !== null && named.from > named.to) {
    throw new MillraceError('MR_PARAM', `from ${named.from} is later than to ${named.to}`, {
      allowed: '"from" and "to" are days, both included',
    });
  }
  if (interval === null) return named;
  const due = daysDue(interval, params.tz as string);
  return { from: named.from ?? first(due), to: named.to ?? due.to };
}

async function parentOf({ stores, params, version }: PinContext): Promise<Parent | null> {
  if (params.refit === true) return null;
  const found = await version('parent');
  if (found !== null || params.parent === null) return found;
  throw await stores.models.missing(params.model as string, params.parent as number);
}

async function modelOf({ stores, params, version }: PinContext): Promise<Parent> {
  const found = await version('version');
  if (found !== null) return found;
  throw await stores.models.missing(params.model as string, params.version as number | null);
}

function pinContext(
  stores: Stores,
  params: Record<string, unknown>,
  interval: Interval | null,
  attempt: Attempt,
): PinContext {
  const found = new Map<number | null, Promise<Parent | null>>();
  const find = (version: number | null) => {
    const looked = found.get(version) ?? findModel(stores, params.model as string, version);
    found.set(version, looked);
    return looked;
  };
  return {
    stores,
    params,
    interval,
    attempt,
    version: (param) => find(params[param] as number | null),
    champion: () =>
      find(null).catch(async (error: unknown) => {
        const registered = await stores.models.find(params.model as string, null);
        // What is gone cannot be compared with, and is to be replaced.
        if (registered !== null && error instanceof MillraceError && error.code === 'MR_MODEL_MISSING')
          return { version: registered.version, gone: true as const };
        throw error;
      }),
  };
}

async function findModel(stores: Stores, model: string, version: number | null): Promise<Parent | null> {
  const found = await stores.models.find(model, version);
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
  return {
    model,
    version: found.version,
    artefact: found.artefact,
    creator: { ref: found.creator },
    trainedTo: found.trainedTo,
  };
}

/** Begins a run: checks what it was called with, pins what it depends on, records it and returns the plan as data. */
export function createResolve(stores: Stores) {
  return async (
    { pipeline: name, workflowId, temporalRunId, request, firing = null }: ResolveCall,
    attempt: Attempt,
  ): Promise<Plan> => {
    const pipeline = stores.pipelines.named(name);
    const { params, interval: asked, backfill, trigger, rerun } = checkRequest(pipeline, request);
    if (typeof params.tz === 'string') checkZone(params.tz);
    const run = { runId: workflowId, workflowId, temporalRunId, pipeline: name };
    const interval = asked ?? (firing === null ? null : await firedInterval(stores, temporalRunId, firing));
    const runId = await stores.registry.beginRun(run, params, interval, {
      schedule: firing?.schedule ?? null,
      backfill,
      trigger,
      rerunOf: rerun?.of ?? null,
    });
    const before = rerun === null ? {} : await pinsTakenOver(stores, name, rerun, params);
    const { pins, nothing } = await pinned(stores, pipeline, params, interval, attempt, before);
    if (nothing !== null) return { ...about(runId), steps: [], result: '', nothing };
    await stores.registry.putPins(temporalRunId, pins);
    const steps = planSteps(pipeline.graph, params, pins);
    const watch = await watchOf(stores, name, params);
    return {
      ...about(runId),
      ...(watch !== null && { watch }),
      steps: anew(steps, rerun),
      result: pipeline.graph.result,
    };

    function about(id: string) {
      return {
        run: { ...run, runId: id },
        title: pipeline.graph.title,
        interval: interval === null ? null : `${interval.start}/${interval.end}`,
        onFailure: params.onFailure as OnFailure,
      };
    }
  };
}

/** What a run that is made from another makes anew. */
function anew(steps: PlanStep[], rerun: Rerun | null): PlanStep[] {
  if (rerun?.from != null) return freshFrom(steps, rerun.from);
  return rerun?.chunks == null ? steps : freshChunks(steps, rerun.chunks);
}

/** The deadlines that the params set, and what they are measured by. */
async function watchOf(stores: Stores, pipeline: string, params: Record<string, unknown>): Promise<Watch | null> {
  const deadline = params.deadline as string | null;
  const steps = params.stepDeadlines as Record<string, string>;
  if (deadline === null && Object.keys(steps).length === 0) return null;
  return {
    deadlineMs: deadline === null ? null : durationOf(deadline)!,
    stepDeadlines: Object.fromEntries(Object.entries(steps).map(([name, text]) => [name, durationOf(text)!])),
    expectedMs: await stores.costs.expectedMs(pipeline),
  };
}

/**
 * Finds what all pins of a pipeline stand for. @param before those that are known already
 * @returns `nothing`: why there is nothing to do, or null
 */
export async function pinned(
  stores: Stores,
  pipeline: Pipeline,
  params: Record<string, unknown>,
  interval: Interval | null,
  attempt: Attempt,
  before: Record<string, unknown> = {},
): Promise<{ pins: Record<string, unknown>; nothing: string | null }> {
  const pins: Record<string, unknown> = {};
  const context = pinContext(stores, params, interval, attempt);
  for (const [pin, kind] of Object.entries(pipeline.graph.pins)) {
    if (!isPin(pin)) throw new Error(`there is no pin "${pin}"`);
    pins[pin] = pin in before ? before[pin] : await FIND[pin](context);
    const nothing = kind === 'selection' ? nothingIn(pins[pin] as Selection) : null;
    if (nothing !== null) return { pins, nothing };
  }
  return { pins, nothing: null };
}

/** A try again of the same execution keeps the interval it was recorded with: others may have fired since. */
async function firedInterval(stores: Stores, temporalRunId: string, firing: Firing): Promise<Interval> {
  return (await stores.registry.intervalOfRun(temporalRunId)) ?? intervalOf(stores, firing);
}

export function checkRequest(pipeline: Pipeline, request: RunRequest) {
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
  const { params, interval = null, backfill = null, trigger = null, rerun = null } = parsed.data;
  return { params: pipeline.parse(params), interval, backfill, trigger, rerun };
}
