import { STEP_QUEUES, WORKER_KINDS } from '../config/queues.js';
import { dayName, dayNumber } from '../config/time-zone.js';
import { projectedEnd } from '../dag/deadline.js';
import { planSteps } from '../dag/declare.js';
import { costAt, lineThrough } from '../dag/line.js';
import type { MapPlan, PlanStep, RunInfo } from '../dag/plan.js';
import { FEATURE_NAMES } from '../ml/features/chunk-features.js';
import { readJson, writeJson } from '../store/frames.js';
import { KeptRecords, refsIn } from '../store/kept.js';
import type { StepCost } from '../store/tables/registry.js';
import { type Chunks, createChunk } from './chunk.js';
import type { DayItem, DayRecord } from './chunk-days.js';
import type { Attempt, Stores } from './context.js';
import { createFeatures } from './features.js';
import { createInspect, type Inspected, type InspectInput } from './inspect.js';
import type { Selection } from './interval.js';
import type { StoredWorklist } from './mapped.js';
import { createRead, type StagedFile } from './read.js';
import { checkRequest, declared, pinned, type RunRequest } from './resolve.js';
import type { Rules } from './rules.js';
import type { Listing } from './source.js';
import { pathOf, pathWithin, type SourceTable } from './source-table.js';
import { NOTHING } from './stage.js';
import { type DayCounts, survey, together } from './survey.js';

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
const LEAST_PAYLOAD = 8_000;
const BYTES_OF_FEATURES = FEATURE_NAMES.length * 8 + 80;

const RUN: RunInfo = { runId: 'explain', workflowId: 'explain', temporalRunId: 'explain', pipeline: 'explain' };

/** What one mapped step would do, with all of its items. */
interface Mapped<Item> extends MapPlan {
  make: Item[];
  keep: Item[];
  weight: number;
  /** Work of the largest batch. */
  largest: number;
}

/** Says what a run would do, before anything runs: it plans each step as a run does, on readings that were counted. */
export function createExplain(stores: Stores) {
  return async ({ pipeline: name, request }: ExplainCall, attempt: Attempt): Promise<Explanation> => {
    const pipeline = declared(name);
    const { params, interval } = checkRequest(pipeline, request);
    const { pins, nothing } = await pinned(stores, pipeline, params, interval, attempt);
    const listing = pins.listing as Listing;
    const source = { files: listing.files, bytes: listing.bytes };
    const steps = planSteps(pipeline.graph, params, pins);
    const found = await plannedSteps(stores, steps, pins, params, nothing !== null, attempt);
    return explanationOf(stores, name, steps, found, { source, nothing });
  };
}

interface Found {
  mapped: Map<string, Mapped<unknown>>;
  counts: DayCounts;
  share: number;
  readings: number;
  /** Readings of days that are to be cut, and chunks whose features are to be computed. */
  newReadings: number;
  readReadings: number;
  newChunks: number;
  keptChunks: number;
}

/** Plans the mapped steps of a pipeline one after the other, each on what the one before would give. */
async function plannedSteps(
  stores: Stores,
  steps: readonly PlanStep[],
  pins: Record<string, unknown>,
  params: Record<string, unknown>,
  nothing: boolean,
  attempt: Attempt,
): Promise<Found> {
  const found: Found = {
    mapped: new Map(),
    counts: new Map(),
    share: 1,
    readings: 0,
    newReadings: 0,
    readReadings: 0,
    newChunks: 0,
    keptChunks: 0,
  };
  const has = (activity: string) => steps.some((step) => step.activity === activity);
  if (nothing || !has('inspect')) return found;

  const inspect = createInspect(stores);
  const inspectInput = valuesOf<InspectInput>(steps, 'inspect');
  const inspectCall = { run: RUN, step: 'inspect', inputs: inspectInput };
  const heads = await inspect.plan(inspectCall, attempt);
  for (const [at, slice] of heads.batches.entries()) {
    const { worklist, batches } = heads;
    await inspect.batch({ ...inspectCall, worklist, slice, batch: at + 1, batches: batches.length }, attempt);
  }
  const { items: files, kept } = heads;
  const inspected: Inspected = await inspect.gather(
    { ...inspectCall, worklist: heads.worklist, made: files - kept, kept },
    attempt,
  );
  // What was found out now is kept: the run will not look again.
  found.mapped.set('inspect', await mappedOf(stores, await inspect.plan(inspectCall, attempt)));
  if (!has('read')) return found;

  const tz = String(params.tz);
  const readPlan = await createRead(stores).plan({ run: RUN, step: 'read', inputs: { inspected, tz } }, attempt);
  const read = await mappedOf<{ table: SourceTable; key: string }>(stores, readPlan);
  found.mapped.set('read', read);
  const keptTables = new KeptRecords<StagedFile>(stores.objects, 'read', refsIn);
  const tables = [
    ...read.make.map(({ table, key }) => ({ table, key, staged: null })),
    ...(await Promise.all(
      read.keep.map(async ({ table, key }) => ({ table, key, staged: await keptTables.get(key) })),
    )),
  ];
  const { counts, share } = await survey(stores, tables, tz, attempt);
  const staged = tables.flatMap(({ table, key, staged: record }, at): StagedFile[] => {
    const days = counts.get(at);
    if (record !== null) return [record];
    return days === undefined ? [] : [asStaged(table, key, days)];
  });
  found.share = share;
  found.readReadings = sumOf(
    tables.flatMap(({ staged: record }, at) => (record === null ? [readingsOf(counts.get(at))] : [])),
  );
  const selection = (pins.unseen ?? pins.due ?? { from: null, to: null }) as Selection;
  const inside = (day: number) =>
    (selection.from === null || day >= dayNumber(selection.from)) &&
    (selection.to === null || day <= dayNumber(selection.to));
  found.counts = new Map([...together(counts.values())].filter(([day]) => inside(day)));
  found.readings = readingsOf(found.counts);
  if (!has('chunk')) return found;

  const rules = valuesOf<Rules & { selection: Selection }>(steps, 'chunk');
  const list = await writeJson(stores.objects, 'staged-sources', staged, staged.length);
  const stagedRef = { uri: list.uri, sha256: list.sha256, files: staged.length, read: found.readings };
  const chunkPlan = await createChunk(stores).plan(
    { run: RUN, step: 'chunk', inputs: { ...rules, staged: stagedRef, tz, selection } },
    attempt,
  );
  const chunk = await mappedOf<DayItem>(stores, chunkPlan);
  found.mapped.set('chunk', chunk);
  found.newReadings = chunk.weight;
  const keptDays = new KeptRecords<DayRecord>(stores.objects, 'chunk', ({ uri }) => [uri]);
  const days = [
    ...chunk.make.map(({ day, key }) => ({
      day: dayName(day),
      chunks: [...(found.counts.get(day) ?? [])].map(([sensor, rows]) => ({
        sensor,
        rows,
        valueHash: `${key} ${sensor}`,
      })),
    })),
    ...(await Promise.all(chunk.keep.map(({ key }) => keptDays.must(key)))),
  ];
  const all = sumOf(days.map(({ chunks }) => chunks.length));
  const manifest = await writeJson(stores.objects, 'manifests', { days }, all);
  const featuresPlan = await createFeatures(stores).plan(
    { run: RUN, step: 'features', inputs: { chunks: asChunks(manifest, all) } },
    attempt,
  );
  const features = await mappedOf<{ chunks: unknown[] }>(stores, featuresPlan);
  found.mapped.set('features', features);
  found.newChunks = sumOf(features.make.map(({ chunks }) => chunks.length));
  found.keptChunks = all - found.newChunks;
  return found;
}

/** Inputs of a step that are known before anything runs. */
function valuesOf<T>(steps: readonly PlanStep[], activity: string): T {
  const { inputs } = steps.find((step) => step.activity === activity)!;
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, input]) => ('value' in input ? [[name, input.value]] : [])),
  ) as T;
}

async function mappedOf<Item>(stores: Pick<Stores, 'objects'>, plan: MapPlan): Promise<Mapped<Item>> {
  const [uri, sha256] = plan.worklist.split('#') as [string, string];
  const { items, weights } = await readJson<StoredWorklist<Item>>(stores.objects, { uri, sha256 });
  const largest = Math.max(0, ...plan.batches.map(({ from, to }) => sumOf(weights.slice(from, to))));
  const make = items.slice(0, weights.length);
  return { ...plan, make, keep: items.slice(weights.length), weight: sumOf(weights), largest };
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);
const readingsOf = (counts: DayCounts | undefined) =>
  sumOf([...(counts?.values() ?? [])].map((sensors) => sumOf([...sensors.values()])));

/** A table as if it had been staged; nothing that is kept was made of it. */
function asStaged(table: SourceTable, key: string, counts: DayCounts): StagedFile {
  const { file, layout } = table;
  const days = [...counts].map(([day, sensors]) => ({
    day,
    rows: sumOf([...sensors.values()]),
    print: `${key} ${day}`,
  }));
  return {
    ...NOTHING,
    key,
    name: table.name,
    path: pathOf(file, table),
    within: pathWithin(file, table),
    sha256: file.sha256,
    bytes: file.bytes,
    form: layout?.form ?? 'long',
    object: { uri: `staged/${key}`, sha256: '', bytes: 0 },
    days,
    read: sumOf(days.map(({ rows }) => rows)),
  };
}

/** The output of a step that did not run: of it, only the manifest is asked for. */
function asChunks({ uri, sha256 }: { uri: string; sha256: string }, chunks: number): Chunks {
  const none = { read: 0, used: 0, quarantined: 0, duplicate: 0, missing: 0, outside: 0, failed: 0 };
  return {
    uri,
    sha256,
    valueHash: '',
    chunks,
    days: 0,
    sensors: 0,
    made: 0,
    kept: 0,
    firstDay: '',
    lastDay: '',
    zonelessIn: null,
    account: none,
    rules: [],
    quarantined: {},
  };
}

/** Puts together what was found, with what runs before took. */
async function explanationOf(
  stores: Stores,
  pipeline: string,
  steps: readonly PlanStep[],
  found: Found,
  about: Pick<Explanation, 'source' | 'nothing'>,
): Promise<Explanation> {
  const { runs, costs } = await stores.registry.stepCosts(pipeline);
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
  const seconds = explained.some((step) => step.seconds === null) ? null : wallSeconds(steps, explained);
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
    memory: memoryOf(steps, costs, round(found.readings)),
    seconds: seconds === null ? null : seconds + (start === null ? 0 : costAt(start, about.source.bytes)),
    basis: runs,
    limits: [
      { what: 'events of the history', is: events, most: MOST_EVENTS },
      { what: 'bytes of a payload', is: largestPayload, most: MOST_PAYLOAD },
      ...longest,
    ],
  };
}

function stepOf(step: PlanStep, found: Found, costs: readonly StepCost[], chunks: number): StepExplanation {
  const { name } = step;
  const mapped = found.mapped.get(name);
  const line = lineThrough(pointsOf(costs, name, 'seconds'));
  const work = mapped?.weight ?? chunks;
  return {
    name,
    items: mapped?.items ?? null,
    kept: mapped?.kept ?? null,
    batches: mapped?.batches.length ?? 0,
    activities: step.mapped ? 2 + (mapped?.batches.length ?? 0) : 1,
    seconds: line === null ? null : costAt(line, work / found.share),
  };
}

/** How cost grows with work, in the runs before. */
function pointsOf(costs: readonly StepCost[], step: string, what: 'seconds' | 'rssMiB' | 'bytes') {
  return costs.flatMap((each) => {
    const cost = each[what];
    const work = what === 'seconds' ? each.work : each.readings;
    return each.step === step && cost !== null && work !== null ? [{ work, cost }] : [];
  });
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
  if (found.readReadings + found.newReadings === 0) return found.newChunks * BYTES_OF_FEATURES;
  if (staged == null || cut == null) return null;
  const bytes = staged.perUnit * found.readReadings + cut.perUnit * found.newReadings;
  return Math.round((bytes + found.newChunks * BYTES_OF_FEATURES) * scale);
}

function memoryOf(steps: readonly PlanStep[], costs: readonly StepCost[], readings: number) {
  const memory: Record<string, number> = {};
  for (const { name, queue } of steps) {
    const line = lineThrough(pointsOf(costs, name, 'rssMiB'));
    if (line === null) return null;
    const kind = Object.entries(WORKER_KINDS).find(([, queues]) => queues.some((each) => STEP_QUEUES[each] === queue));
    const own = kind?.[0] ?? name;
    memory[own] = Math.max(memory[own] ?? 0, Math.round(costAt(line, readings)));
  }
  return memory;
}
