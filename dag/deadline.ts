/** A step, as far as time is concerned. Moments are ms since 1970. */
export interface TimedStep {
  name: string;
  /** The steps that it waits for. */
  needs: readonly string[];
  /** How long it takes, by the runs before; 0 where nobody knows. */
  expectedMs: number;
  startedAt: number | null;
  endedAt: number | null;
}

/** When all steps will have ended, if each takes as long as it did before and begins when those it needs have ended. */
export function projectedEnd(steps: readonly TimedStep[], now: number): number {
  const ends = new Map<string, number>();
  const byName = new Map(steps.map((step) => [step.name, step]));
  const endOf = (name: string): number => {
    const known = ends.get(name);
    if (known !== undefined) return known;
    const { needs, expectedMs, startedAt, endedAt } = byName.get(name)!;
    const begins = startedAt ?? Math.max(now, ...needs.map(endOf));
    const end = endedAt ?? Math.max(now, begins + expectedMs);
    ends.set(name, end);
    return end;
  };
  return Math.max(now, ...steps.map(({ name }) => endOf(name)));
}

/**
 * The moment at which the projected end passes the deadline, if no step begins or ends until then; `now` when it has.
 */
export function tippingPoint(steps: readonly TimedStep[], deadline: number, now: number): number {
  if (projectedEnd(steps, now) > deadline) return now;
  // The projection does not fall as time goes by: it is where it passes the deadline, to the millisecond.
  let [before, after] = [now, deadline + 1];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (projectedEnd(steps, middle) > deadline) after = middle;
    else before = middle;
  }
  return after;
}
