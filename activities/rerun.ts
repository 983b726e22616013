import { readChunkFilter } from '../config/chunk-filter.js';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { descendantsOf } from '../dag/descendants.js';
import type { PlanStep } from '../dag/plan.js';
import { isPin, PINS } from '../pipelines/pins.js';
import { hashJson } from '../store/hash.js';
import type { Stores } from './context.js';

/** A run that is made from another. */
export interface Rerun {
  /** Id of the other run. */
  of: string;
  /** The first step that is made anew, with all that follow from it; what comes before is taken from the other run. */
  from?: string | null | undefined;
  /** Chunks that are made anew, or `failed`: what it lacks is made, of the files as they are now. */
  chunks?: string | null | undefined;
}

/**
 * What a run is pinned to as the one it was made from was: so that the steps before `from` find what that one made,
 * whatever became of the source and the champion since. Without `from` and `chunks`, nothing is.
 * @throws MillraceError MR_RUN_UNKNOWN, MR_PARAM
 */
export async function pinsTakenOver(
  stores: Pick<Stores, 'registry'>,
  pipeline: string,
  { of, from = null, chunks = null }: Rerun,
  params: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const other = await stores.registry.pinsOf(of);
  if (other === null) throw new MillraceError('MR_RUN_UNKNOWN', `there is no run "${of}" to run again`);
  if (other.pipeline !== pipeline)
    throw new MillraceError('MR_PARAM', `the run ${of} is one of ${other.pipeline}, not of ${pipeline}`);
  if (from === null && chunks === null) return {};
  if (other.pins === null) {
    throw new MillraceError(
      'MR_PARAM',
      `the run ${of} ended before it knew what to work on: it cannot be run from ${from ?? 'some of its chunks'}`,
      {
        next: 'run it again from the beginning',
      },
    );
  }
  const same = (name: string) => hashJson(other.params[name] ?? null) === hashJson(params[name] ?? null);
  // A file that failed was mended, perhaps: the source is listed anew.
  const kept = Object.entries(other.pins).filter(([pin]) => !(chunks === 'failed' && pin === 'listing'));
  return Object.fromEntries(
    kept.filter(([pin]) => isPin(pin) && PINS[pin].anew !== true && PINS[pin].params.every(same)),
  );
}

/** Marks a step and all that follow from it to be made anew. @throws MillraceError MR_PARAM when there is no such step */
export function freshFrom(steps: readonly PlanStep[], from: string): PlanStep[] {
  const names = steps.map(({ name }) => name);
  if (!names.includes(from)) {
    throw new MillraceError('MR_PARAM', `there is no step "${from}".${didYouMean(from, names)}`, {
      allowed: `steps: ${names.join(', ')}`,
    });
  }
  const anew = descendantsOf(steps, from);
  return steps.map((step) => (anew.has(step.name) ? { ...step, fresh: true } : step));
}

/** Has what belongs to some chunks made anew. @throws MillraceError MR_PARAM */
export function freshChunks(steps: readonly PlanStep[], chunks: string): PlanStep[] {
  const fresh = readChunkFilter(chunks);
  return fresh === null ? [...steps] : steps.map((step) => (step.mapped ? { ...step, fresh } : step));
}
