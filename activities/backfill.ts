import type { BackfillInterval } from '../store/tables/backfills.js';
import type { BackfillState } from '../store/tables/schema.js';
import type { Stores } from './context.js';

export type { BackfillInterval };

export interface NextCall {
  id: string;
  /** Intervals that were never begun, or those whose newest run failed. */
  pass: 'waiting' | 'failed';
  newestFirst: boolean;
  /** The number of the last one that was taken in this pass. */
  after: number | null;
  limit: number;
}

/** The next intervals that a backfill is to run. */
export function createBackfillNext(stores: Pick<Stores, 'backfills'>) {
  return (call: NextCall): Promise<BackfillInterval[]> => stores.backfills.next(call);
}

export interface StateCall {
  id: string;
  /** `ended`: done, or failed, as its intervals stand. */
  state: BackfillState | 'ended';
}

/** Records how a backfill stands. */
export function createBackfillState(stores: Pick<Stores, 'backfills'>) {
  return async ({ id, state }: StateCall): Promise<null> => {
    await stores.backfills.setState(id, state === 'ended' ? await endOf(stores, id) : state);
    return null;
  };
}

async function endOf({ backfills }: Pick<Stores, 'backfills'>, id: string): Promise<BackfillState> {
  const { done: _, ...others } = (await backfills.counts([id])).get(id)!;
  return Object.keys(others).length === 0 ? 'done' : 'failed';
}
