/** Runs a pure function of `ml/` elsewhere, usually in a worker thread; handed in so that `ml/` needs no Node. */
export interface Parallel {
  /** How many tasks run at once. */
  readonly width: number;
  run<T extends keyof Tasks>(task: T, input: Tasks[T]['input'], signal?: AbortSignal): Promise<Tasks[T]['output']>;
}

import type { KMeansModel, KMeansTask } from './cluster/kmeans.js';
import type { FeatureTask, FeatureTaskResult } from './features/chunk-features.js';
import type { ClusterScores, ClusterScoresTask } from './metrics/cluster-scores.js';

/** The functions that may be run in parallel; `workers/thread-tasks.ts` has their code. */
export interface Tasks {
  features: { input: FeatureTask; output: FeatureTaskResult };
  kmeans: { input: KMeansTask; output: KMeansModel };
  clusterScores: { input: ClusterScoresTask; output: ClusterScores };
}
