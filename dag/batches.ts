import type { Slice } from './plan.js';

export interface BatchLimits {
  /** Work one batch should hold, in the unit of the weights. */
  targetWeight: number;
  /**
   * Small work is cut into smaller batches, so that several workers have a share, but not into smaller ones than this.
   * Default: the target, so that it is not.
   */
  leastWeight?: number;
  /** Most batches in one workflow; batches grow beyond the target when there would be more. */
  maxBatches: number;
}

/** Shares that small work is cut into: more than most have workers, few enough to cost next to nothing. */
const SHARES = 8;

/**
 * Cuts a worklist into consecutive slices of about equal weight. An item is never split, and a slice is never
 * empty. Larger work makes larger batches once `maxBatches` is reached.
 */
export function planBatches(weights: readonly number[], limits: BatchLimits): Slice[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const { targetWeight, leastWeight = targetWeight } = limits;
  const share = Math.max(leastWeight, Math.min(targetWeight, total / SHARES));
  const target = Math.max(share, total / limits.maxBatches, Number.MIN_VALUE);
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
