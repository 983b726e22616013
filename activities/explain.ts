import { projectedEnd } from '../dag/deadline.js';
import { planSteps } from '../dag/declare.js';
import { costAt, lineThrough } from '../dag/line.js';
import type { PlanStep } from '../dag/plan.js';
import type { StepCost } from '../store/tables/step-costs.js';
import { WORKER } from './attempt.js';
import type { Attempt, Stores } from './context.js';
import { evaluationWork } from './evaluate.js';
import { memoryOf, type Self } from './explain-memory.js';
import { type Found, plannedSteps, sumOf } from './explain-plan.js';
import { checkRequest, pinned, type RunRequest } from './resolve.js';
import type { Listing } from './source.js';

export interface ExplainCall {
  pipeline: string;
  request: RunRequest;
}

/** What one step would do. */
export interface StepExplanation {
  name: string;
  /** Of mapped steps: how many there are, and how many of them are kept from before. */
  items: number | null;
  kept: number | null;
  batches: number;
  activities: number;
  /** null: no run before says it. */
  seconds: number | null;
}

/** One thing that has a limit. */
export interface Limit {
  what: string;
  is: number;
  most: number;
}

/** What a run would be. Figures that no run before says are null. */
export interface Explanation {
  pipeline: string;
  /** Why there is nothing to do. */
  nothing: string | null;
  source: { files: number; bytes: number };
  /** What part of the source was counted; the rest is taken to be like it. */
  share: number;
  readings: number;
  days: number;
  sensors: number;
  chunks: number;
  /** Chunks whose features are kept from before. */
  keptChunks: number;
  steps: StepExplanation[];
  activities: number;
  events: number;
  /** Bytes of the largest that goes through Temporal at once. */
  largestPayload: number;
  /** Bytes that are written to the store, but for what is small. */
  writes: number | null;
  /** MiB, by kind of worker. */
  memory: Record<string, number> | null;
  seconds: number | null;
  /** How many runs times and memory are taken from. */
  basis: number;
  limits: Limit[];
}

/** Of Temporal: more end a workflow, or are not taken. */
const MOST_EVENTS = 51_200;
const MOST_PAYLOAD = 2 * 2 ** 20;
/** Each activity is scheduled, begun and ended, and so is what the workflow does about it. */
const EVENTS_OF_ACTIVITY = 6;
const EVENTS_OF_RUN = 5;
/** `resolve` and `finish`. */
const ACTIVITIES_OF_RUN = 2;
/** What is passed to the last step: the outputs of all others, as they are in small runs. */
const LEAST_PAYLOAD = 7_300;

/**
 * Says what a run would do, before anything runs: it plans each step as a run does, on readings that were counted.
 * @param self the process that explains: a worker that reads, or all kinds in one
 */
export function createExplain(stores: Stores, self: Self = WORKER) {
  return async ({ pipeline: name, request }: ExplainCall, attempt: Attempt): Promise<Explanation> => {
    const pipeline = stores.pipelines.named(name);
    const { params, interval } = checkRequest(pipeline, request);
    const { pins, nothing } = await pinned(stores, pipeline, params, interval, attempt);
    const listing = pins.listing as Listing;
    const source = { files: listing.files, bytes: listing.bytes };
    const steps = planSteps(pipeline.graph, params, pins);
    const found = await plannedSteps(stores, steps, pins, params, nothing !== null, attempt);
    return explanationOf(stores, name, steps, found, { source, nothing }, self);
  };
}

/** Puts together what was found, with what runs before took. */
async function explanationOf(
  stores: Stores,
  pipeline: string,
  steps: readonly PlanStep[],
  found: Found,
  about: Pick<Explanation, 'source' | 'nothing'>,
  self: Self,
): Promise<Explanation> {
  const { runs, costs } = await stores.costs.of(pipeline);
  const idle = await stores.costs.idleSeconds(pipeline);
  const scale = 1 / found.share;
  const round = (value: number) => Math.round(value * scale);
  const chunks = sumOf([...found.counts.values()].map((sensors) => sensors.size));
  const explained = about.nothing === null ? steps.map((step) => stepOf(step, found, costs, round(chunks))) : [];
  const activities = ACTIVITIES_OF_RUN + sumOf(explained.map((step) => step.activities));
  const largestPayload = Math.max(
    LEAST_PAYLOAD,
    JSON.stringify(steps).length + 1000,
    ...[...found.mapped.values()].map(({ batches }) => JSON.stringify(batches).length + 300),
  );
  const start = lineThrough(pointsOf(costs, 'resolve', 'seconds'));
  const through = explained.some((step) => step.seconds === null) ? null : wallSeconds(steps, explained);
  const longest = explained.flatMap(({ name, seconds: own }) => {
    const mapped = found.mapped.get(name);
    const step = steps.find((each) => each.name === name)!;
    if (own === null || mapped === undefined || mapped.weight === 0) return [];
    return [
      { what: `seconds of a batch of ${name}`, is: (own * mapped.largest) / mapped.weight, most: step.timeoutSeconds },
    ];
  });
  const events = EVENTS_OF_ACTIVITY * activities + EVENTS_OF_RUN;
  const sensors = new Set([...found.counts.values()].flatMap((each) => [...each.keys()]));
  return {
    pipeline,
    ...about,
    share: found.share,
    readings: round(found.readings),
    days: found.counts.size,
    sensors: sensors.size,
    chunks: round(chunks),
    keptChunks: found.keptChunks,
    steps: explained,
    activities,
    events,
    largestPayload,
    writes: writesOf(found, costs, scale),
    memory: memoryOf(steps, costs, await stores.costs.held(), round(found.readings), self),
    seconds: through === null ? null : through + (idle ?? 0) + (start === null ? 0 : costAt(start, about.source.bytes)),
    basis: runs,
    limits: [
      { what: 'events of the history', is: events, most: MOST_EVENTS },
      { what: 'bytes of a payload', is: largestPayload, most: MOST_PAYLOAD },
      ...longest,
    ],
  };
}

/** Work that grows otherwise than with the chunks. */
const WORK_OF: Readonly<Record<string, (chunks: number) => number>> = { evaluate: evaluationWork };

function stepOf(step: PlanStep, found: Found, costs: readonly StepCost[], chunks: number): StepExplanation {
  const { name } = step;
  const mapped = found.mapped.get(name);
  const unit = WORK_OF[step.activity] ?? ((n: number) => n);
  const points = pointsOf(costs, name, 'seconds').map((point) => ({ ...point, work: unit(point.work) }));
  const line = lineThrough(points);
  const work = mapped?.weight ?? chunks;
  return {
    name,
    items: mapped?.items ?? null,
    kept: mapped?.kept ?? null,
    batches: mapped?.batches.length ?? 0,
    activities: step.mapped ? 2 + (mapped?.batches.length ?? 0) : 1,
    seconds: line === null ? null : costAt(line, unit(work / found.share)),
  };
}

/** How cost grows with work, in the runs before; times by those of workers that were warm, where there are any. */
function pointsOf(costs: readonly StepCost[], step: string, what: 'seconds' | 'bytes') {
  const points = costs.flatMap((each) => {
    const cost = each[what];
    const work = what === 'seconds' ? each.work : each.readings;
    return each.step === step && cost !== null && work !== null ? [{ work, cost, cold: each.cold }] : [];
  });
  const warm = points.filter(({ cold }) => !cold);
  return what === 'seconds' && warm.length > 0 ? warm : points;
}

/** As long as the longest way through the steps. */
function wallSeconds(steps: readonly PlanStep[], explained: readonly StepExplanation[]): number {
  const timed = steps.map(({ name, inputs }) => ({
    name,
    needs: Object.values(inputs).flatMap((input) => ('step' in input ? [input.step] : [])),
    expectedMs: explained.find((step) => step.name === name)!.seconds! * 1000,
    startedAt: null,
    endedAt: null,
  }));
  return projectedEnd(timed, 0) / 1000;
}

function writesOf(found: Found, costs: readonly StepCost[], scale: number): number | null {
  const [staged, cut] = (['read', 'chunk'] as const).map((step) => lineThrough(pointsOf(costs, step, 'bytes')));
  if (found.readReadings + found.newReadings === 0) return found.newRowBytes;
  if (staged == null || cut == null) return null;
  const bytes = staged.perUnit * found.readReadings + cut.perUnit * found.newReadings;
  return Math.round((bytes + found.newRowBytes) * scale);
}
