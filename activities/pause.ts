import type { Stores } from './context.js';

export interface PauseCall {
  temporalRunId: string;
  runId: string;
  paused: boolean;
}

/** Records that a run is held, or goes on; with the batches that workers are at. */
export function createPause(stores: Pick<Stores, 'registry'>) {
  return async ({ temporalRunId, runId, paused }: PauseCall): Promise<{ step: string; batch: number }[]> => {
    await stores.registry.setPaused(temporalRunId, paused);
    return paused ? stores.registry.runningBatches(runId) : [];
  };
}
