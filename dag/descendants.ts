import type { PlanInput } from './plan.js';

/** A step and all that take from it what it gives, directly or not. */
export function descendantsOf(
  steps: readonly { name: string; inputs: Readonly<Record<string, PlanInput>> }[],
  first: string,
): Set<string> {
  const found = new Set([first]);
  // Steps may stand in any order, so that one look may not be enough.
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const { name, inputs } of steps)
      if (Object.values(inputs).some((input) => 'step' in input && found.has(input.step))) found.add(name);
  }
  return found;
}
