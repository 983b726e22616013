import { type BatchLimits, planBatches } from '../dag/batches.js';
import type { BatchCall, GatherCall, MapPlan, StepCall } from '../dag/plan.js';
import { readJson, writeJson } from '../store/frames.js';
import type { Attempt, Stores } from './context.js';

/** Items of a mapped step with how much work each is; those that are in the store already come last, `kept` of them. */
export interface Worklist<Item> {
  make: { item: Item; weight: number }[];
  kept: Item[];
}

/** A step that is mapped over items whose outputs are kept in the store one by one. */
export interface MappedStep<I, Item, O> {
  limits: BatchLimits;
  /** Lists the items and finds out which outputs are there already. */
  plan(call: StepCall<I>, attempt: Attempt): Promise<Worklist<Item>>;
  /** Makes the outputs of these items and keeps them. Done again whole when lost. */
  batch(call: StepCall<I>, items: Item[], attempt: Attempt): Promise<void>;
  /** Puts the step's output together from what is kept of all items. */
  gather(call: StepCall<I>, items: Item[], counts: { made: number; kept: number }, attempt: Attempt): Promise<O>;
}

export interface MappedActivities<I, O> {
  plan(call: StepCall<I>, attempt: Attempt): Promise<MapPlan>;
  batch(call: BatchCall<I>, attempt: Attempt): Promise<null>;
  gather(call: GatherCall<I>, attempt: Attempt): Promise<O>;
}

interface StoredWorklist<Item> {
  items: Item[];
  sha256: string;
}

/**
 * The three activities of a mapped step. Between them only the address of the worklist and slices of it travel, so
 * that a million items make no larger a history than ten.
 */
export function mappedActivities<I, Item, O>(
  stores: Pick<Stores, 'objects'>,
  step: MappedStep<I, Item, O>,
): MappedActivities<I, O> {
  const items = async (address: string): Promise<Item[]> => {
    const [uri, sha256] = address.split('#') as [string, string];
    return (await readJson<StoredWorklist<Item>>(stores.objects, { uri, sha256 })).items;
  };
  return {
    async plan(call, attempt) {
      const { make, kept } = await step.plan(call, attempt);
      const ref = await writeJson(stores.objects, `worklists/${call.step}`, {
        items: [...make.map(({ item }) => item), ...kept],
      });
      if (kept.length > 0) attempt.log.info(`${kept.length} of ${make.length + kept.length} kept from before`);
      return {
        worklist: `${ref.uri}#${ref.sha256}`,
        items: make.length + kept.length,
        kept: kept.length,
        batches: planBatches(
          make.map(({ weight }) => weight),
          step.limits,
        ),
      };
    },
    async batch(call, attempt) {
      const all = await items(call.worklist);
      await step.batch(call, all.slice(call.slice.from, call.slice.to), attempt);
      return null;
    },
    async gather(call, attempt) {
      return step.gather(call, await items(call.worklist), { made: call.made, kept: call.kept }, attempt);
    },
  };
}
