import { MillraceError } from '../config/errors.js';
import { type BatchLimits, planBatches } from '../dag/batches.js';
import type { FailedItem } from '../dag/failure.js';
import type { BatchCall, BatchEnd, GatherCall, MapPlan, StepCall } from '../dag/plan.js';
import { readJson, writeJson } from '../store/frames.js';
import type { Attempt, Stores } from './context.js';
import { failureOf } from './failure-of.js';

/** Items of a mapped step with how much work each is; those that are in the store already come last, `kept` of them. */
export interface Worklist<Item> {
  make: { item: Item; weight: number }[];
  kept: Item[];
}

/** What an item is called where it failed. */
export type About = Pick<FailedItem, 'item' | 'day' | 'readings'>;

/** An item that is left out. */
export interface Failed<Item> extends FailedItem {
  of: Item;
}

/** A step that is mapped over items whose outputs are kept in the store one by one. */
export interface MappedStep<I, Item, O> {
  limits: BatchLimits;
  /** Lists the items and finds out which outputs are there already. */
  plan(call: StepCall<I>, attempt: Attempt): Promise<Worklist<Item>>;
  about(item: Item): About;
  /** Makes the outputs of these items and keeps them. Done again whole when lost. */
  batch(call: StepCall<I>, items: Item[], attempt: Attempt): Promise<void>;
  /** Puts the step's output together from what is kept of all items that did not fail. */
  gather(
    call: StepCall<I>,
    items: Item[],
    counts: { made: number; kept: number },
    attempt: Attempt,
    failed: Failed<Item>[],
  ): Promise<O>;
}

export interface MappedActivities<I, O> {
  plan(call: StepCall<I>, attempt: Attempt): Promise<MapPlan>;
  batch(call: BatchCall<I>, attempt: Attempt): Promise<BatchEnd>;
  gather(call: GatherCall<I>, attempt: Attempt): Promise<O>;
}

/** A worklist as it is stored: first the items that are to be made, each with how much work it is. */
export interface StoredWorklist<Item> {
  items: Item[];
  weights: number[];
  sha256: string;
}

/**
 * The three activities of a mapped step. Between them only the address of the worklist and slices of it travel, so
 * that a million items make no larger a history than ten.
 */
export function mappedActivities<I, Item, O>(
  stores: Pick<Stores, 'objects' | 'failures'>,
  step: MappedStep<I, Item, O>,
): MappedActivities<I, O> {
  const items = async (address: string): Promise<Item[]> => {
    const [uri, sha256] = address.split('#') as [string, string];
    return (await readJson<StoredWorklist<Item>>(stores.objects, { uri, sha256 })).items;
  };
  return {
    async plan(call, attempt) {
      if (call.round !== undefined) await stores.failures.forget(call.run.runId, call.step);
      const { make, kept } = await step.plan(call, attempt);
      const ref = await writeJson(stores.objects, `worklists/${call.step}`, {
        items: [...make.map(({ item }) => item), ...kept],
        weights: make.map(({ weight }) => weight),
      });
      attempt.measure(
        'weight',
        make.reduce((sum, { weight }) => sum + weight, 0),
      );
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
      const { from, to } = call.slice;
      const own = (await items(call.worklist)).slice(from, to);
      if (call.leave === undefined) {
        await step.batch(call, own, attempt);
        return null;
      }
      const failed: FailedItem[] = [];
      for (const [at, item] of own.entries()) {
        const error =
          call.leave === 'each' ? await failureOf(() => step.batch(call, [item], attempt), attempt) : call.leave;
        if (error === null) continue;
        const about = step.about(item);
        attempt.log.warn(`left out: ${about.item}`, { code: error.code, error: error.message });
        failed.push({ at: from + at, ...about, ...error });
      }
      if (failed.length === 0) return null;
      await stores.failures.add(call.run.runId, call.step, failed);
      const { uri, sha256 } = await writeJson(stores.objects, `failed/${call.step}`, failed);
      return { failed: failed.length, uri, sha256 };
    },
    async gather(call, attempt) {
      const all = await items(call.worklist);
      const lists = await Promise.all((call.failed ?? []).map((ref) => readJson<FailedItem[]>(stores.objects, ref)));
      const failed = lists.flat();
      const out = new Set(failed.map(({ at }) => at));
      const left = all.filter((_, at) => !out.has(at));
      if (call.failed !== undefined) await stores.failures.replace(call.run.runId, call.step, failed);
      if (failed.length > 0) attempt.measure('failed', failed.length);
      if (failed.length > 0 && left.length === 0) throw nothingLeft(failed);
      return step.gather(
        call,
        left,
        { made: call.made, kept: call.kept },
        attempt,
        failed.map((each) => ({ ...each, of: all[each.at]! })),
      );
    },
  };
}

function nothingLeft(failed: readonly FailedItem[]): MillraceError {
  const [{ item, code, message }] = failed as [FailedItem];
  return new MillraceError('MR_ALL_FAILED', `nothing is left to go on with: all ${failed.length} failed`, {
    next: `the first, ${item}: ${code}: ${message}`,
  });
}
