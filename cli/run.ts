import type { InspectionResult, Nothing, RunResult } from '../client/millrace.js';
import { pipelineNamed } from '../client/pipelines.js';
import { readEnv } from '../config/env.js';
import { followRun } from './follow.js';
import { printInspection } from './inspect.js';
import { withLog } from './log-tail.js';
import type { Output } from './output.js';
import { gatherParams, type ParamOptions } from './params.js';
import { connect } from './session.js';
import { printResult } from './summary.js';

export interface RunOptions extends ParamOptions {
  key?: string;
  detach?: boolean;
  verbose?: boolean;
}

/** Starts a pipeline and, unless told to detach, stays until it ends. */
export async function runCommand(out: Output, pipeline: string, options: RunOptions): Promise<void> {
  const params = await gatherParams(readEnv(), pipeline, options);
  pipelineNamed(pipeline).parse(params);
  const { millrace } = await connect(out);
  try {
    const { workflowId, runId, joined } = await millrace.start(pipeline, {
      params,
      ...(options.key && { key: options.key }),
    });
    out.note(`${joined ? 'joined' : 'started'} ${runId}`);
    if (options.detach) {
      out.document({ runId, state: 'running' });
      return;
    }
    await withLog(out, options.verbose === true, [runId, workflowId], () =>
      followRun(millrace, workflowId, out, options.verbose),
    );
    const result = await millrace.result<RunResult | InspectionResult | Nothing>(workflowId);
    if ('nothing' in result) {
      out.document({ runId, state: 'done', ...result });
      out.print(`  There was nothing to do: ${result.nothing}.`);
    } else if ('alike' in result) printInspection(out, runId, result);
    else printResult(out, runId, result, await millrace.steps(workflowId));
  } finally {
    await millrace.close();
  }
}
