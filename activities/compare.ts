import { assign } from '../ml/cluster/kmeans.js';
import { type FeatureCreator, transform } from '../ml/features/creator.js';
import type { Frame } from '../ml/frame.js';
import { type Gate, type HeldOutFigures, judge } from '../ml/metrics/gate.js';
import { readFrame, readJson } from '../store/frames.js';
import type { Attempt, Stores } from './context.js';
import type { FeatureTable } from './features.js';
import { type Holdout, heldOutRows, type Promotion } from './holdout.js';
import type { Champion, ClusterModel, Parent } from './model.js';
import { once } from './once.js';
import type { TrainedModel } from './train.js';
import type { Table } from './transform.js';

export interface CompareInput {
  features: FeatureTable;
  table: Table;
  model: TrainedModel;
  champion: Champion | null;
  holdout: Holdout;
  promotion: Promotion;
}

/** Output of the step: whether the new model is to become champion, and on which figures. */
export interface Decision {
  promote: boolean;
  /** In one sentence. */
  reason: string;
  /** The champion there was; if it is another by the time of publishing, nothing is promoted. */
  champion: number | null;
  /** It is promoted whoever is champion by then. */
  always: boolean;
  /** Both models on the held-out chunks; null where nothing was compared. */
  figures: { chunks: number; from: string; challenger: HeldOutFigures; champion: HeldOutFigures } | null;
}

/** As for training: most chunks whose silhouette is taken pair by pair. */
const MAX_SILHOUETTE_ROWS = 5000;

/** Compares the new model with the champion on the held-out chunks, and decides by the gate. */
export function createCompare(stores: Stores) {
  return once<CompareInput, Decision>(stores, 'compare', {
    key: ({ features, table, model, champion, holdout, promotion }) => [
      features.ref.valueHash,
      table.ref.valueHash,
      model.ref.valueHash,
      champion === null || 'gone' in champion ? null : champion.artefact.valueHash,
      champion?.version ?? null,
      holdout,
      promotion,
    ],
    async run({ inputs }, attempt) {
      const { champion, holdout, promotion } = inputs;
      const version = champion?.version ?? null;
      const without = (promote: boolean, reason: string): Decision => ({
        promote,
        reason,
        champion: version,
        always: promotion.how === 'always',
        figures: null,
      });
      if (promotion.how === 'never') return without(false, 'promotion was not asked for');
      if (promotion.how === 'always') return without(true, 'it was trained to become champion');
      if (champion === null) return without(true, 'the model has no champion yet');
      if ('gone' in champion) return without(true, `the champion, version ${champion.version}, is gone from the store`);
      if (holdout.from === null) return without(false, holdout.reason ?? 'nothing was held out');

      const challenger = await readJson<ClusterModel>(stores.objects, inputs.model.ref);
      const held = heldOutRows(await readFrame(stores.objects, inputs.table.ref), holdout);
      const other = await readJson<ClusterModel>(stores.objects, champion.artefact);
      const sameFeatures = other.creator === challenger.creator;
      const gate: Gate = sameFeatures ? promotion : { ...promotion, metric: comparable(promotion.metric) };
      const figures = {
        chunks: held.days.length,
        from: holdout.from,
        challenger: await figuresOf(stores, challenger, held, attempt),
        champion: await figuresOf(stores, other, sameFeatures ? held : await seenBy(champion), attempt),
      };
      const { better, reason } = judge(gate, figures.chunks, figures.challenger, figures.champion);
      attempt.measure('heldOut', figures.chunks);
      return { promote: better, reason, champion: version, always: false, figures };

      /** The held-out chunks with the features that the champion was trained on. */
      async function seenBy(model: Parent): Promise<Frame> {
        const creator = await readJson<FeatureCreator>(stores.objects, model.creator.ref);
        return transform(heldOutRows(await readFrame(stores.objects, inputs.features.ref), holdout), creator);
      }
    },
  });
}

/** Distances in two spaces of features say nothing about each other; silhouettes do. */
const comparable = (metric: Gate['metric']): Gate['metric'] => (metric === 'mean-distance' ? 'silhouette' : metric);

async function figuresOf(stores: Stores, model: ClusterModel, frame: Frame, attempt: Attempt): Promise<HeldOutFigures> {
  const rows = frame.days.length;
  const points = { data: frame.data, rows, width: frame.columns.length };
  const labels = new Int32Array(rows);
  const squared = new Float64Array(rows);
  assign(points, Float64Array.from(model.centres.flat()), labels, squared);
  let total = 0;
  let novel = 0;
  for (let row = 0; row < rows; row++) {
    const distance = Math.sqrt(squared[row]!);
    total += distance;
    if (distance > model.radius[labels[row]!]!) novel++;
  }
  const { silhouette, daviesBouldin } = await stores.parallel.run(
    'clusterScores',
    { points, labels, maxSilhouetteRows: MAX_SILHOUETTE_ROWS, seed: 0 },
    attempt.signal,
  );
  const known = (x: number) => (Number.isFinite(x) ? x : null);
  return {
    meanDistance: total / rows,
    silhouette: known(silhouette),
    daviesBouldin: known(daviesBouldin),
    novelShare: novel / rows,
  };
}
