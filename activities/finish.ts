import type { RunError, RunState } from '../store/tables/schema.js';
import type { Stores } from './context.js';

export interface FinishCall {
  temporalRunId: string;
  state: RunState;
  result: unknown;
  error: RunError | null;
}

/** Records how a run ended. */
export function createFinish(stores: Stores) {
  return async ({ temporalRunId, state, result, error }: FinishCall): Promise<null> => {
    await stores.registry.endRun(temporalRunId, { state, result, error });
    return null;
  };
}
