import type { StepCall } from '../dag/plan.js';
import { readFrame } from '../store/frames.js';
import type { Chunks } from './chunk.js';
import type { ChunkTable } from './chunk-table.js';
import type { Attempt, Stores } from './context.js';
import { publishChunks } from './publish-chunks.js';
import type { Staged } from './read.js';

export interface PublishTableInput {
  staged: Staged;
  chunks: Chunks;
  table: ChunkTable;
}

/** Output of the step: how much is in Postgres now. */
export interface PublishedTable {
  rows: number;
  columns: number;
}

/** Brings a table, chunks, files and quarantine into Postgres: the run's own rows, replaced in one go each. */
export function createPublishTable(stores: Stores) {
  return async ({ run, inputs }: StepCall<PublishTableInput>, attempt: Attempt): Promise<PublishedTable> => {
    await publishChunks(stores, run.runId, inputs, attempt);
    const { sensors, days, columns, data } = await readFrame(stores.objects, inputs.table.ref);
    await stores.registry.replaceChunkValues(run.runId, rows());
    return { rows: days.length, columns: columns.length };

    function* rows() {
      for (const [row, day] of days.entries()) {
        for (const [at, name] of columns.entries()) {
          const value = data[row * columns.length + at]!;
          if (Number.isFinite(value)) yield [run.runId, sensors[row]!, day, name, value];
        }
      }
    }
  };
}
