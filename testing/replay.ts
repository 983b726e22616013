import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { DIST } from '../workers/code-hashes.js';

/**
 * Replays the history of a run with the workflows of this version of Millrace: a run of that kind that is open when the
 * version changes would go on. What the pipeline looks like by now does not matter, as runs carry their plan with them.
 * @param history as `testPipeline` returns it, or a JSON file as Temporal's UI and command line write it
 * @throws DeterminismViolationError where it does not replay
 */
export async function replayHistory(history: object | string): Promise<void> {
  const json: unknown = typeof history === 'string' ? JSON.parse(await readFile(history, 'utf8')) : history;
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: join(DIST, 'workflow-bundle.js') } },
    historyFromJSON(json),
  );
}
