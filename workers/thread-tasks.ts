/** What worker threads run: a task of `ml/` by its name. */

export { kMeans as kmeans } from '../ml/cluster/kmeans.js';
export { computeFeatures as features } from '../ml/features/chunk-features.js';
export { clusterScores } from '../ml/metrics/cluster-scores.js';
