import { MillraceError } from '../config/errors.js';
import type { Ref } from '../dag/ref.js';
import { assign } from '../ml/cluster/kmeans.js';
import { readFrame, readJson, writeFrame } from '../store/frames.js';
import type { Stores } from './context.js';
import type { ClusterModel, Parent } from './model.js';
import { once } from './once.js';
import type { Table } from './transform.js';

export interface PredictInput {
  table: Table;
  model: Parent;
}

/** Output of the step: cluster id, distance and novelty of every chunk. */
export interface Predictions {
  ref: Ref;
  model: string;
  version: number;
  sizes: { id: number; chunks: number; novel: number }[];
  novel: number;
  meanDistance: number;
}

/** Gives every chunk its nearest cluster; `novel` where it lies farther out than any chunk in training did. */
export function createPredict(stores: Stores) {
  return once<PredictInput, Predictions>(stores, 'predict', {
    key: ({ table, model }) => [
      table.ref.valueHash,
      table.creator,
      model.artefact.valueHash,
      model.model,
      model.version,
    ],
    async run({ inputs: { table, model: parent } }, attempt) {
      const model = await readJson<ClusterModel>(stores.objects, parent.artefact);
      if (model.creator !== table.creator) {
        throw new MillraceError(
          'MR_CREATOR_MISMATCH',
          `version ${parent.version} of ${parent.model} was not trained on this table's features`,
          {
            next: 'predict with the creator that was registered with the model',
          },
        );
      }
      const frame = await readFrame(stores.objects, table.ref);
      const rows = frame.days.length;
      const labels = new Int32Array(rows);
      const distances = new Float64Array(rows);
      assign(
        { data: frame.data, rows, width: frame.columns.length },
        Float64Array.from(model.centres.flat()),
        labels,
        distances,
      );

      const sizes = model.ids.map((id) => ({ id, chunks: 0, novel: 0 }));
      const data = new Float64Array(rows * 3);
      let total = 0;
      for (let row = 0; row < rows; row++) {
        const label = labels[row]!;
        const distance = Math.sqrt(distances[row]!);
        const novel = distance > model.radius[label]! ? 1 : 0;
        data.set([model.ids[label]!, distance, novel], row * 3);
        sizes[label]!.chunks++;
        sizes[label]!.novel += novel;
        total += distance;
      }
      attempt.measure('rows', rows);
      const ref = await writeFrame(stores.objects, 'predictions', {
        sensors: frame.sensors,
        days: frame.days,
        columns: ['cluster', 'distance', 'novel'],
        data,
      });
      return {
        ref,
        model: parent.model,
        version: parent.version,
        sizes,
        novel: sizes.reduce((sum, { novel }) => sum + novel, 0),
        meanDistance: total / rows,
      };
    },
  });
}
