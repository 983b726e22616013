import { chunkKey } from '../ml/cluster/lineage.js';
import { columnOf, type Frame, rowsWhere } from '../ml/frame.js';
import { projectOnTwo } from '../ml/reduce/pca.js';
import { readFrame, readJson } from '../store/frames.js';
import type { ObjectStore } from '../store/objects/object-store.js';
import type { ClusterModel } from './model.js';
import type { Predictions } from './predict.js';
import type { TrainedModel } from './train.js';
import type { Table } from './transform.js';

/** What a page shows of the clusters of a run. */
export interface ClusterView {
  model: string;
  version: number;
  chunks: number;
  ids: number[];
  sensors: string[];
  days: string[];
  /** How many chunks of each day lie in each cluster: a row for each day, in the order of `ids`. */
  sizes: number[][];
  /** How many chunks of each sensor lie in each cluster: a row for each sensor. */
  members: number[][];
  /** Chunks on the first two principal components, column by column; `sensor` and `day` are places in those. Of very many, some. */
  points: { sensor: number[]; day: number[]; cluster: number[]; x: number[]; y: number[] };
  /** What part of the variance lies along x and y. */
  explained: [number, number];
  /** Means of scaled features by cluster, of those that differ most first. */
  profiles: { features: string[]; means: number[][] };
}

/** More points than these nobody tells apart. */
const MOST_POINTS = 10_000;
const MOST_FEATURES = 16;

/** The clusters of the chunks that a model was trained on. */
export async function trainedView(
  objects: ObjectStore,
  { table, model, published }: { table: Table; model: TrainedModel; published: { model: string; version: number } },
): Promise<ClusterView> {
  const { assignments, ids } = await readJson<ClusterModel>(objects, model.ref);
  const assigned = await readFrame(objects, assignments);
  const labels = new Map(
    assigned.days.map((day, at) => [chunkKey(assigned.sensors[at]!, day), assigned.data[at * 2]!]),
  );
  const frame = await readFrame(objects, table.ref);
  const own = rowsWhere(frame, (row) => labels.has(chunkKey(frame.sensors[row]!, frame.days[row]!)));
  const clusters = own.days.map((day, row) => ids[labels.get(chunkKey(own.sensors[row]!, day))!]!);
  return clusterView(own, clusters, { model: published.model, version: published.version, ids });
}

/** The clusters that chunks were predicted to lie in. */
export async function predictedView(
  objects: ObjectStore,
  { table, predictions }: { table: Table; predictions: Predictions },
): Promise<ClusterView> {
  const { ref, model, version, sizes } = predictions;
  const predicted = await readFrame(objects, ref);
  const ids = sizes.map(({ id }) => id);
  return clusterView(await readFrame(objects, table.ref), columnOf(predicted, 0), { model, version, ids });
}

/**
 * @param table scaled features of all chunks
 * @param clusters id of the cluster of each chunk
 */
export function clusterView(
  table: Frame,
  clusters: ArrayLike<number>,
  about: Pick<ClusterView, 'model' | 'version' | 'ids'>,
): ClusterView {
  const rows = table.days.length;
  const width = table.columns.length;
  const [sensors, days] = [placesOf(table.sensors), placesOf(table.days)];
  const place = new Map(about.ids.map((id, at) => [id, at]));
  const sizes = [...days.keys()].map(() => about.ids.map(() => 0));
  const members = [...sensors.keys()].map(() => about.ids.map(() => 0));
  for (let row = 0; row < rows; row++) {
    const cluster = place.get(clusters[row]!)!;
    sizes[days.get(table.days[row]!)!]![cluster]!++;
    members[sensors.get(table.sensors[row]!)!]![cluster]!++;
  }
  const { coordinates, explained } = projectOnTwo(table.data, rows, width);
  const shown = Math.min(rows, MOST_POINTS);
  const picked = Array.from({ length: shown }, (_, nth) => Math.floor((nth * rows) / shown));
  const at = (axis: number) => picked.map((row) => Number(coordinates[row * 2 + axis]!.toPrecision(5)));
  const points = {
    sensor: picked.map((row) => sensors.get(table.sensors[row]!)!),
    day: picked.map((row) => days.get(table.days[row]!)!),
    cluster: picked.map((row) => clusters[row]!),
    x: at(0),
    y: at(1),
  };
  const profiles = profilesOf(table, clusters, place);
  return {
    ...about,
    chunks: rows,
    sensors: [...sensors.keys()],
    days: [...days.keys()],
    sizes,
    members,
    points,
    explained,
    profiles,
  };
}

/** Names in order, with their places. */
const placesOf = (names: readonly string[]) => new Map([...new Set(names)].sort().map((name, at) => [name, at]));

function profilesOf(
  { columns, data, days }: Frame,
  clusters: ArrayLike<number>,
  place: ReadonlyMap<number, number>,
): ClusterView['profiles'] {
  const counts = new Float64Array(place.size);
  const sums = [...place].map(() => new Float64Array(columns.length));
  for (let row = 0; row < days.length; row++) {
    const at = place.get(clusters[row]!)!;
    counts[at]!++;
    for (let c = 0; c < columns.length; c++) sums[at]![c]! += data[row * columns.length + c]!;
  }
  const mean = (cluster: number, c: number) => (counts[cluster] === 0 ? 0 : sums[cluster]![c]! / counts[cluster]!);
  const all = columns.map((_, c) => sums.reduce((sum, own) => sum + own[c]!, 0) / Math.max(1, days.length));
  const between = columns.map((_, c) =>
    sums.reduce((sum, _own, cluster) => sum + counts[cluster]! * (mean(cluster, c) - all[c]!) ** 2, 0),
  );
  const most = [...columns.keys()].sort((a, b) => between[b]! - between[a]! || a - b).slice(0, MOST_FEATURES);
  return {
    features: most.map((c) => columns[c]!),
    means: sums.map((_, cluster) => most.map((c) => Number(mean(cluster, c).toPrecision(5)))),
  };
}
