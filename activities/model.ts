import type { Ref } from '../dag/ref.js';
import type { CreatorRef } from './fit.js';

/** A model version that a run begins from, pinned when the run was resolved. */
export interface Parent {
  model: string;
  version: number;
  artefact: Ref;
  creator: CreatorRef;
  /** Last day that it and the versions before it were trained on; null where that is not known. */
  trainedTo: string | null;
}

/** The champion of a model; `gone`: it is registered, but its files are not in the store any more. */
export type Champion = Parent | { version: number; gone: true };

/** A fitted clustering as it is stored: plain data. */
export interface ClusterModel {
  algorithm: 'k-means';
  /** Value hash of the feature creator whose columns the centres have. */
  creator: string;
  columns: string[];
  centres: number[][];
  /** Id of each centre; ids keep their meaning from version to version. */
  ids: number[];
  nextId: number;
  /** Largest distance of a training chunk to each centre: farther away is novel. */
  radius: number[];
  /** Chunks each cluster has seen over all its training. */
  seen: number[];
  inertia: number;
  iterations: number;
  params: Record<string, unknown>;
  /** Which cluster (position) each chunk ever seen belongs to, as a stored table. */
  assignments: Ref;
}
