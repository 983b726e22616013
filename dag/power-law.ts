import type { Point } from './line.js';

/** `cost = scale · work ^ exponent`: with each doubling of the work, the cost grows by the same part. */
export interface PowerLaw {
  scale: number;
  exponent: number;
}

/**
 * How the memory of a worker grows: batches are bounded and DuckDB has a limit, so that 250 times the readings took
 * 2.5 times the memory (`npm run bench -- explain`).
 */
const TYPICAL_EXPONENT = 1 / 6;
/** How much that counts: as much as two measurements of which one is of twenty times the work. */
const TYPICAL_SPREAD = Math.log(20) ** 2 / 2;

/**
 * The power law nearest to some measurements: a line through their logarithms, by least squares. Sizes that lie near
 * each other say little about the exponent, so it is drawn to what is typical by as much as they leave open; it never
 * falls, nor does it rise faster than the work. Work and cost below 1 count as 1. Null without any measurement.
 */
export function powerLawThrough(points: readonly Point[]): PowerLaw | null {
  if (points.length === 0) return null;
  const logs = points.map(({ work, cost }) => ({ x: log(work), y: log(cost) }));
  const mean = (of: (each: { x: number; y: number }) => number) =>
    logs.reduce((sum, each) => sum + of(each), 0) / logs.length;
  const [x, y] = [mean((each) => each.x), mean((each) => each.y)];
  const spread = logs.length * mean((each) => (each.x - x) ** 2);
  const together = logs.length * mean((each) => (each.x - x) * (each.y - y));
  const exponent = (together + TYPICAL_SPREAD * TYPICAL_EXPONENT) / (spread + TYPICAL_SPREAD);
  const bounded = Math.min(1, Math.max(0, exponent));
  return { scale: Math.exp(y - bounded * x), exponent: bounded };
}

export const powerLawAt = ({ scale, exponent }: PowerLaw, work: number) => scale * Math.max(1, work) ** exponent;

const log = (value: number) => Math.log(Math.max(1, value));
