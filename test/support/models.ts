import type { CreatorRef } from '../../activities/fit.js';
import type { Holdout } from '../../activities/holdout.js';
import type { ClusterModel, Parent } from '../../activities/model.js';
import { createTrain, type TrainedModel, type TrainInput } from '../../activities/train.js';
import type { Table } from '../../activities/transform.js';
import type { Frame } from '../../ml/frame.js';
import { readFrame, readJson, writeFrame, writeJson } from '../../store/frames.js';
import { RUN, type TestStores } from './stores.js';

/** Rows of a table by sensor: one chunk each. */
export type Rows = Record<string, readonly number[]>;

/** What the step gives where a run compares nothing. */
export const NOTHING_HELD: Holdout = { from: null, chunks: 0, reason: null };

/** Stores a table of one day as `transform` leaves it, with a column per number. */
export async function writeTable(
  stores: TestStores,
  rows: Rows,
  { day = '2026-01-01', creator = 'the creator' } = {},
): Promise<Table> {
  const sensors = Object.keys(rows);
  const columns = rows[sensors[0]!]!.map((_, at) => `column ${at}`);
  const frame: Frame = {
    sensors,
    days: sensors.map(() => day),
    columns,
    data: Float64Array.from(Object.values(rows).flat()),
  };
  return { ref: await writeFrame(stores.objects, 'tables', frame), creator, columns: columns.length };
}

/** Stores the rows of several tables as one. */
export async function joinTables(stores: TestStores, tables: readonly Table[]): Promise<Table> {
  const frames = await Promise.all(tables.map(({ ref }) => readFrame(stores.objects, ref)));
  const frame: Frame = {
    sensors: frames.flatMap(({ sensors }) => sensors),
    days: frames.flatMap(({ days }) => days),
    columns: frames[0]!.columns,
    data: Float64Array.from(frames.flatMap(({ data }) => [...data])),
  };
  return { ...tables[0]!, ref: await writeFrame(stores.objects, 'tables', frame) };
}

/** Stores a table of several days: day → rows by sensor. */
export async function writeDays(
  stores: TestStores,
  days: Record<string, Rows>,
  { creator = 'the creator' } = {},
): Promise<Table> {
  const each = Object.entries(days).map(([day, rows]) => writeTable(stores, rows, { day, creator }));
  return joinTables(stores, await Promise.all(each));
}

/** What the step gives where the chunks from a day on are compared on. */
export const heldFrom = (from: string, chunks = 1): Holdout => ({ from, chunks, reason: null });

export const train = (
  stores: TestStores,
  inputs: Pick<TrainInput, 'table' | 'k'> & Partial<TrainInput>,
): Promise<TrainedModel> =>
  createTrain(stores)(
    {
      run: RUN,
      step: 'train',
      inputs: { parent: null, holdout: NOTHING_HELD, seed: 1, starts: 5, maxIterations: 100, tolerance: 0, ...inputs },
    },
    stores.attempt(),
  );

export const modelOf = (stores: TestStores, { ref }: TrainedModel): Promise<ClusterModel> =>
  readJson(stores.objects, ref);

/** A trained model as a later run pins it. */
export async function registered(stores: TestStores, trained: TrainedModel, version = 1): Promise<Parent> {
  const creator: CreatorRef = { ref: await writeJson(stores.objects, 'creators', { of: version }) };
  return { model: 'sensors', version, artefact: trained.ref, creator, trainedTo: trained.lastDay };
}

/** Id of the cluster of each chunk a model has ever seen: `sensor day` → id. */
export async function idsByChunk(stores: TestStores, trained: TrainedModel): Promise<Record<string, number>> {
  const { ids, assignments } = await modelOf(stores, trained);
  const { sensors, days, data } = await readFrame(stores.objects, assignments);
  return Object.fromEntries(sensors.map((sensor, row) => [`${sensor} ${days[row]}`, ids[data[row * 2]!]!]));
}
