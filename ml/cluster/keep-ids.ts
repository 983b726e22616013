import { bestAssignment } from './assignment.js';

/** Ids of a model's clusters by position, and the first id that was never used. */
export interface ClusterIds {
  ids: number[];
  nextId: number;
}

/**
 * Gives the clusters of a new model the ids of the parent's where they hold the same chunks: the assignment with the
 * greatest overlap. A cluster that shares no chunk with any gets an id that was never used.
 * @param parent the parent's ids
 * @param before the parent's label (position) of each shared chunk
 * @param after the new model's label (position) of each shared chunk
 * @param k how many clusters the new model has
 */
export function keepIds(
  parent: ClusterIds,
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  k: number,
): ClusterIds {
  const overlap = Array.from({ length: k }, () => new Array<number>(parent.ids.length).fill(0));
  for (let i = 0; i < after.length; i++) overlap[after[i]!]![before[i]!]!++;
  let { nextId } = parent;
  const ids = bestAssignment(overlap).map((column, row) => {
    const shared = column === -1 ? 0 : overlap[row]![column]!;
    return shared > 0 ? parent.ids[column]! : nextId++;
  });
  return { ids, nextId };
}

/** Ids of a model without a parent: 0 … k-1. */
export function firstIds(k: number): ClusterIds {
  return { ids: Array.from({ length: k }, (_, i) => i), nextId: k };
}
