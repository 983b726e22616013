import { dayName, dayNumber } from '../config/time-zone.js';
import type { MapPlan, PlanStep, RunInfo } from '../dag/plan.js';
import { FEATURE_NAMES } from '../ml/features/chunk-features.js';
import { readJson, writeJson } from '../store/frames.js';
import { KeptRecords, refsIn } from '../store/kept.js';
import { type Chunks, createChunk } from './chunk.js';
import type { DayItem, DayRecord } from './chunk-days.js';
import type { Attempt, Stores } from './context.js';
import { featuresTable } from './features.js';
import { createInspect, type Inspected, type InspectInput } from './inspect.js';
import type { Selection } from './interval.js';
import { mappedActivities, type StoredWorklist } from './mapped.js';
import { ownChunkTable } from './own.js';
import { createRead, type StagedFile } from './read.js';
import type { Rules } from './rules.js';
import { pathOf, pathWithin, type SourceTable } from './source-table.js';
import { NOTHING } from './stage.js';
import { type DayCounts, survey, together } from './survey.js';

const RUN: RunInfo = { runId: 'explain', workflowId: 'explain', temporalRunId: 'explain', pipeline: 'explain' };

/** The hash under which a row is kept. */
const BYTES_OF_KEY = 80;

/** What one mapped step would do, with all of its items. */
interface Mapped<Item> extends MapPlan {
  make: Item[];
  keep: Item[];
  weight: number;
  /** Work of the largest batch. */
  largest: number;
}

export interface Found {
  /** By the name of the step. */
  mapped: Map<string, Mapped<unknown>>;
  counts: DayCounts;
  share: number;
  readings: number;
  /** Readings of days that are to be cut, and of files that are to be read. */
  newReadings: number;
  readReadings: number;
  /** Bytes of rows that are to be made of chunks. */
  newRowBytes: number;
  /** Chunks of which all rows are kept from before. */
  keptChunks: number;
}

/** A table of the source with what was counted in it, and what it was read into before. */
interface Counted {
  table: SourceTable;
  key: string;
  staged: StagedFile | null;
}

/** Plans the mapped steps of a pipeline one after the other, each on what the one before would give. */
export async function plannedSteps(
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
    newRowBytes: 0,
    keptChunks: 0,
  };
  const named = (activity: string) => steps.find((step) => step.activity === activity);
  const [inspect, read, chunk] = [named('inspect'), named('read'), named('chunk')];
  if (nothing || inspect === undefined) return found;
  const inspected = await planInspect(stores, found, inspect, attempt);
  if (read === undefined) return found;
  const tz = String(params.tz);
  const selection = (pins.unseen ?? pins.due ?? { from: null, to: null }) as Selection;
  const staged = await planRead(stores, found, read, { inspected, tz }, selection, attempt);
  if (chunk === undefined) return found;
  const days = await planChunk(stores, found, chunk, staged, { tz, selection }, attempt);
  await planTables(stores, found, steps, days, attempt);
  return found;
}

/** Looks into the files, as a run does. What was found out now is kept: the run will not look again. */
async function planInspect(stores: Stores, found: Found, step: PlanStep, attempt: Attempt): Promise<Inspected> {
  const inspect = createInspect(stores);
  const call = { run: RUN, step: step.name, inputs: valuesOf<InspectInput>(step) };
  const { worklist, batches, items, kept } = await inspect.plan(call, attempt);
  for (const [at, slice] of batches.entries())
    await inspect.batch({ ...call, worklist, slice, batch: at + 1, batches: batches.length }, attempt);
  const inspected: Inspected = await inspect.gather({ ...call, worklist, made: items - kept, kept }, attempt);
  found.mapped.set(step.name, await mappedOf(stores, await inspect.plan(call, attempt)));
  return inspected;
}

/** Counts the readings of each table by day and sensor; returns the tables as they would be read. */
async function planRead(
  stores: Stores,
  found: Found,
  step: PlanStep,
  inputs: { inspected: Inspected; tz: string },
  selection: Selection,
  attempt: Attempt,
): Promise<StagedFile[]> {
  const plan = await createRead(stores).plan({ run: RUN, step: step.name, inputs }, attempt);
  const read = await mappedOf<{ table: SourceTable; key: string }>(stores, plan);
  found.mapped.set(step.name, read);
  const kept = new KeptRecords<StagedFile>(stores.objects, 'read', refsIn);
  const tables: Counted[] = [
    ...read.make.map(({ table, key }) => ({ table, key, staged: null })),
    ...(await Promise.all(read.keep.map(async ({ table, key }) => ({ table, key, staged: await kept.get(key) })))),
  ];
  const { counts, share } = await survey(stores, tables, inputs.tz, attempt);
  found.share = share;
  found.readReadings = sumOf(tables.flatMap(({ staged }, at) => (staged === null ? [readingsOf(counts.get(at))] : [])));
  const inside = (day: number) =>
    (selection.from === null || day >= dayNumber(selection.from)) &&
    (selection.to === null || day <= dayNumber(selection.to));
  found.counts = new Map([...together(counts.values())].filter(([day]) => inside(day)));
  found.readings = readingsOf(found.counts);
  return tables.flatMap(({ table, key, staged }, at): StagedFile[] => {
    const days = counts.get(at);
    if (staged !== null) return [staged];
    return days === undefined ? [] : [asStaged(table, key, days)];
  });
}

type DayOfChunks = Pick<DayRecord, 'chunks'> | { day: string; chunks: object[] };

/** Returns the days with their chunks; those that are to be cut have hashes that nothing has. */
async function planChunk(
  stores: Stores,
  found: Found,
  step: PlanStep,
  staged: readonly StagedFile[],
  when: { tz: string; selection: Selection },
  attempt: Attempt,
): Promise<DayOfChunks[]> {
  const list = await writeJson(stores.objects, 'staged-sources', staged, staged.length);
  const stagedRef = { uri: list.uri, sha256: list.sha256, files: staged.length, read: found.readings };
  const inputs = { ...valuesOf<Rules>(step), ...when, staged: stagedRef };
  const plan = await createChunk(stores).plan({ run: RUN, step: step.name, inputs }, attempt);
  const chunk = await mappedOf<DayItem>(stores, plan);
  found.mapped.set(step.name, chunk);
  found.newReadings = chunk.weight;
  const kept = new KeptRecords<DayRecord>(stores.objects, 'chunk', ({ uri }) => [uri]);
  return [
    ...chunk.make.map(({ day, key }) => ({
      day: dayName(day),
      chunks: [...(found.counts.get(day) ?? [])].map(([sensor, rows]) => ({
        sensor,
        rows,
        valueHash: `${key} ${sensor}`,
      })),
    })),
    ...(await Promise.all(chunk.keep.map(({ key }) => kept.must(key)))),
  ];
}

/** Plans the steps that make a row of each chunk: features, and those of the project. */
async function planTables(
  stores: Stores,
  found: Found,
  steps: readonly PlanStep[],
  days: readonly DayOfChunks[],
  attempt: Attempt,
): Promise<void> {
  const all = sumOf(days.map(({ chunks }) => chunks.length));
  const manifest = await writeJson(stores.objects, 'manifests', { days }, all);
  let most: number | null = null;
  for (const step of steps) {
    const table = tableOf(stores, step.activity);
    if (table === null) continue;
    const inputs = { ...valuesOf<object>(step), chunks: asChunks(manifest, all) };
    const plan = await mappedActivities(stores, table.step).plan({ run: RUN, step: step.name, inputs }, attempt);
    const mapped = await mappedOf<{ chunks: unknown[] }>(stores, plan);
    found.mapped.set(step.name, mapped);
    const made = sumOf(mapped.make.map(({ chunks }) => chunks.length));
    found.newRowBytes += made * (table.columns * 8 + BYTES_OF_KEY);
    most = Math.max(most ?? 0, made);
  }
  if (most !== null) found.keptChunks = all - most;
}

/** How a step makes a row of each chunk, and of how many numbers; null where it does not. */
function tableOf(stores: Stores, activity: string) {
  if (activity === 'features') return { step: featuresTable(stores), columns: FEATURE_NAMES.length };
  const own = stores.pipelines.ownSteps.find((step) => step.activity === activity);
  if (own === undefined || !('of' in own.work)) return null;
  return { step: ownChunkTable(stores, activity, own.work), columns: own.work.columns.length };
}

/** Inputs of a step that are known before anything runs. */
function valuesOf<T>({ inputs }: PlanStep): T {
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

export const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);
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
