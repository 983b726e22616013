import { chunkKey } from '../ml/cluster/lineage.js';
import { readFrame, readJson } from '../store/frames.js';
import type { Stores } from './context.js';
import { type Holdout, trainingRows } from './holdout.js';
import type { ClusterModel, Parent } from './model.js';
import { once } from './once.js';
import type { TrainedModel } from './train.js';
import type { Table } from './transform.js';

export interface EvaluateInput {
  table: Table;
  model: TrainedModel;
  parent: Parent | null;
  holdout: Holdout;
  seed: number;
}

/** Figures of one clustering on one table. */
export interface ClusterFigures {
  inertia: number;
  silhouette: number | null;
  daviesBouldin: number | null;
  sizes: { id: number; chunks: number }[];
}

/** Output of the step: the new model's figures, beside those of the version before on the same chunks. */
export interface Scores {
  model: ClusterFigures;
  before: (ClusterFigures & { version: number }) | null;
  silhouetteRows: number;
}

/** Most chunks the silhouette compares pair by pair; a sample beyond. */
const MAX_SILHOUETTE_ROWS = 5000;
/** To read and assign a chunk takes about as long as to compare so many pairs. */
const PAIRS_PER_CHUNK = 250;

/** How much work it is, in pairs of chunks that the silhouette compares. */
export const evaluationWork = (chunks: number): number =>
  Math.min(chunks, MAX_SILHOUETTE_ROWS) ** 2 + PAIRS_PER_CHUNK * chunks;

/** Scores the model on its training table, and its parent on the same. */
export function createEvaluate(stores: Stores) {
  return once<EvaluateInput, Scores>(stores, 'evaluate', {
    key: ({ table, model, parent, holdout, seed }) => [
      table.ref.valueHash,
      holdout.from,
      model.ref.valueHash,
      parent?.artefact.valueHash ?? null,
      parent?.version,
      seed,
    ],
    async run({ inputs }, attempt) {
      const frame = trainingRows(await readFrame(stores.objects, inputs.table.ref), inputs.holdout);
      const points = { data: frame.data, rows: frame.days.length, width: frame.columns.length };
      const figures = async (artefact: TrainedModel['ref']) => {
        const model = await readJson<ClusterModel>(stores.objects, artefact);
        const assigned = await readFrame(stores.objects, model.assignments);
        const known = new Map(
          assigned.days.map((day, at) => [chunkKey(assigned.sensors[at]!, day), assigned.data[at * 2]!]),
        );
        const labels = new Int32Array(points.rows);
        let inertia = 0;
        for (let row = 0; row < points.rows; row++) {
          const { label, squared } = nearest(model, points.data, row * points.width);
          labels[row] = known.get(chunkKey(frame.sensors[row]!, frame.days[row]!)) ?? label;
          inertia += squared;
        }
        const scores = await stores.parallel.run(
          'clusterScores',
          { points, labels, maxSilhouetteRows: MAX_SILHOUETTE_ROWS, seed: inputs.seed },
          attempt.signal,
        );
        const sizes = model.ids.map((id, at) => ({ id, chunks: labels.filter((label) => label === at).length }));
        return { inertia, sizes, ...scores };
      };
      const { silhouetteRows, ...own } = await figures(inputs.model.ref);
      const before = inputs.parent === null ? null : await figures(inputs.parent.artefact);
      return {
        model: finite(own),
        before: before === null ? null : { ...finite(before), version: inputs.parent!.version },
        silhouetteRows,
      };
    },
  });
}

function nearest(model: ClusterModel, data: Float64Array, from: number): { label: number; squared: number } {
  let label = 0;
  let squared = Infinity;
  model.centres.forEach((centre, at) => {
    let sum = 0;
    for (let i = 0; i < centre.length; i++) sum += (data[from + i]! - centre[i]!) ** 2;
    if (sum < squared) {
      squared = sum;
      label = at;
    }
  });
  return { label, squared };
}

/** JSON has no NaN: a figure that is not defined is null. */
function finite({
  inertia,
  silhouette,
  daviesBouldin,
  sizes,
}: Record<'inertia' | 'silhouette' | 'daviesBouldin', number> & Pick<ClusterFigures, 'sizes'>) {
  const known = (x: number) => (Number.isFinite(x) ? x : null);
  return { inertia, sizes, silhouette: known(silhouette), daviesBouldin: known(daviesBouldin) };
}
