import type { Millrace, StartedRun } from '../client/millrace.js';
import { rerunRun } from '../client/reruns.js';
import { showRun } from '../client/runs.js';
import { readEnv } from '../config/env.js';
import { followRun } from './follow.js';
import { withLog } from './log-tail.js';
import { printOutcome } from './outcome.js';
import type { Output } from './output.js';
import { gatherParams, type ParamOptions, paramsOver } from './params.js';
import { connected } from './session.js';

export interface RunOptions extends ParamOptions, StayOptions {
  key?: string;
}

/** Starts a pipeline and, unless told to detach, stays until it ends. */
export async function runCommand(out: Output, pipeline: string, options: RunOptions): Promise<void> {
  const params = await gatherParams(readEnv(), pipeline, options);
  await connected(out, async (millrace) =>
    stay(
      out,
      millrace,
      pipeline,
      await millrace.start(pipeline, { params, ...(options.key && { key: options.key }) }),
      options,
    ),
  );
}

export interface RerunOptions extends StayOptions {
  set: string[];
  from?: string;
  chunks?: string;
}

/** Starts a run once more, as a new one, and stays as `run` does. */
export async function rerunCommand(out: Output, id: string, options: RerunOptions): Promise<void> {
  await connected(out, async (millrace) => {
    const { pipeline, params: before } = await showRun(millrace, id);
    const params = paramsOver(readEnv(), millrace.pipelines.named(pipeline), before, options.set);
    await stay(
      out,
      millrace,
      pipeline,
      await rerunRun(millrace, id, { from: options.from, chunks: options.chunks, params }),
      options,
    );
  });
}

interface StayOptions {
  detach?: boolean;
  verbose?: boolean;
}

/** Shows how a run goes, unless told to detach, and what came of it. */
async function stay(
  out: Output,
  millrace: Millrace,
  pipeline: string,
  { workflowId, runId, joined }: StartedRun,
  options: StayOptions,
): Promise<void> {
  out.note(`${joined ? 'joined' : 'started'} ${runId}`);
  if (options.detach) {
    out.document({ runId, state: 'running' });
    return;
  }
  await withLog(out, options.verbose === true, [runId, workflowId], () =>
    followRun(millrace, { workflowId, runId }, out, options.verbose),
  );
  await printOutcome(out, millrace, pipeline, { workflowId, runId });
}
