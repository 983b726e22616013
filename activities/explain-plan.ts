import { dayName, dayNumber } from '../config/time-zone.js';
import type { MapPlan, PlanStep, RunInfo } from '../dag/plan.js';
import { readJson, writeJson } from '../store/frames.js';
import { KeptRecords, refsIn } from '../store/kept.js';
import { type Chunks, createChunk } from './chunk.js';
import type { DayItem, DayRecord } from './chunk-days.js';
import type { Attempt, Stores } from './context.js';
import { createFeatures } from './features.js';
import { createInspect, type Inspected, type InspectInput } from './inspect.js';
import type { Selection } from './interval.js';
import type { StoredWorklist } from './mapped.js';
import { createRead, type StagedFile } from './read.js';
import type { Rules } from './rules.js';
import { pathOf, pathWithin, type SourceTable } from './source-table.js';
import { NOTHING } from './stage.js';
import { type DayCounts, survey, together } from './survey.js';

const RUN: RunInfo = { runId: 'explain', workflowId: 'explain', temporalRunId: 'explain', pipeline: 'explain' };

/** What one mapped step would do, with all of its items. */
interface Mapped<Item> extends MapPlan {
  make: Item[];
  keep: Item[];
  weight: number;
  /** Work of the largest batch. */
  largest: number;
}

export interface Found {
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
