import type { Slice } from './plan.js';

export interface BatchLimits {
  /** Work one batch should hold, in the unit of the weights. */
  targetWeight: number;
  /** Most batches in one workflow; batches grow beyond the target when there would be more. */
  maxBatches: number;
}

/**
 * Cuts a worklist into consecutive slices of about equal weight. An item is never split, and a slice is never
 * empty. Larger work makes larger batches once `maxBatches` is reached.
 */
export function planBatches(weights: readonly number[], limits: BatchLimits): Slice[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const target = Math.max(limits.targetWeight, total / limits.maxBatches, Number.MIN_VALUE);
  const slices: Slice[] = [];
  let from = 0;
  let weight = 0;
  for (let i = 0; i < weights.length; i++) {
    // Close before an item that overshoots by more than stopping short of it would undershoot.
    if (i > from && weight + weights[i]! / 2 > target && slices.length < limits.maxBatches - 1) {
      slices.push({ from, to: i });
      from = i;
      weight = 0;
    }
    weight += weights[i]!;
  }
  if (from < weights.length) slices.push({ from, to: weights.length });
  return slices;
}
