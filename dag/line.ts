/** `seconds = fixed + perUnit · work`, or any other cost. */
export interface Line {
  fixed: number;
  perUnit: number;
}

export interface Point {
  work: number;
  cost: number;
}

/** Of a single measurement, at most so much is taken for what does not grow with the work. */
const MOST_FIXED = 0.1;
/** Measurements whose sizes differ by less than this part count as one: how the cost differs between them is chance. */
const ONE_SIZE = 0.1;

/**
 * The line nearest to some measurements, by least squares of the relative errors, with no cost below 0. Null without
 * any.
 */
export function lineThrough(points: readonly Point[]): Line | null {
  const [first] = points;
  if (first === undefined) return null;
  const weight = ({ cost }: Point) => 1 / Math.max(cost, 1e-3) ** 2;
  const sum = (of: (point: Point) => number) => points.reduce((all, point) => all + weight(point) * of(point), 0);
  const total = sum(() => 1);
  const meanCost = sum(({ cost }) => cost) / total;
  const meanWork = sum(({ work }) => work) / total;
  const spread = sum(({ work }) => (work - meanWork) ** 2);
  const works = points.map(({ work }) => work);
  const single = Math.max(...works) - Math.min(...works) <= ONE_SIZE * Math.max(...works);
  if (single) {
    if (meanWork === 0) return { fixed: meanCost, perUnit: 0 };
    const fixed = Math.min(meanCost, MOST_FIXED);
    return { fixed, perUnit: (meanCost - fixed) / meanWork };
  }
  const perUnit = sum(({ work, cost }) => (work - meanWork) * (cost - meanCost)) / spread;
  const fixed = meanCost - perUnit * meanWork;
  if (perUnit < 0) return { fixed: meanCost, perUnit: 0 };
  if (fixed >= 0) return { fixed, perUnit };
  return { fixed: 0, perUnit: sum(({ work, cost }) => work * cost) / sum(({ work }) => work ** 2) };
}

export const costAt = ({ fixed, perUnit }: Line, work: number) => fixed + perUnit * work;
