import { STEP_QUEUES, WORKER_KINDS } from '../config/queues.js';
import type { PlanStep } from '../dag/plan.js';
import { powerLawAt, powerLawThrough } from '../dag/power-law.js';
import type { Held, StepCost } from '../store/tables/step-costs.js';

/** The process that explains: a worker that reads, or all kinds in one. */
export interface Self {
  /** As attempts name it. */
  name: string;
  since: Date;
}

type Served = Pick<PlanStep, 'name' | 'queue'>;

/**
 * The memory that each kind of worker will take, in MiB: what its steps take by the readings, as runs before say, and
 * no less than what it still holds from them. Null where no run says it.
 */
export function memoryOf(
  steps: readonly Served[],
  costs: readonly StepCost[],
  held: readonly Held[],
  readings: number,
  self: Self,
): Record<string, number> | null {
  const floors = stillHeld(steps, held, self);
  const memory: Record<string, number> = {};
  for (const { name, queue } of steps) {
    const growth = powerLawThrough(
      costs.flatMap(({ step, readings: work, rssMiB: cost }) =>
        step === name && work !== null && cost !== null ? [{ work, cost }] : [],
      ),
    );
    if (growth === null) return null;
    const kind = kindOf(queue) ?? name;
    const most = Math.max(powerLawAt(growth, readings), floors.get(name) ?? 0);
    memory[kind] = Math.max(memory[kind] ?? 0, Math.round(most));
  }
  return memory;
}

/**
 * What the processes that did the steps last still hold, by step. One that was started anew holds nothing: that is
 * known where the process that explains took its place; any other is taken to go on.
 */
function stillHeld(steps: readonly Served[], held: readonly Held[], self: Self): Map<string, number> {
  const ours = new Set(steps.flatMap(({ name, queue }) => (kindOf(queue) === kindOf(STEP_QUEUES.read) ? [name] : [])));
  const isSelf = ({ worker, at }: Held) => worker === self.name && at >= self.since;
  const gone = new Set(held.flatMap((each) => (ours.has(each.step) && !isSelf(each) ? [each.worker] : [])));
  return new Map(held.flatMap(({ step, worker, rssMiB }) => (gone.has(worker) ? [] : [[step, rssMiB]])));
}

/** Which kind of worker serves a queue. */
const kindOf = (queue: string) =>
  Object.entries(WORKER_KINDS).find(([, queues]) => queues.some((each) => STEP_QUEUES[each] === queue))?.[0];
