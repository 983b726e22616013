import type { InspectionResult, Millrace, RunResult, TableResult } from '../client/millrace.js';
import { printInspection } from './inspect.js';
import type { Output } from './output.js';
import { printOther, printResult, printTable } from './summary.js';

/** What came of a run that is done, by the step that its result is of. */
export async function printOutcome(
  out: Output,
  millrace: Millrace,
  pipeline: string,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<void> {
  const result = await millrace.result<object>(workflowId);
  const steps = await millrace.steps(workflowId);
  if (steps.length === 0 && 'nothing' in result) {
    out.document({ runId, state: 'done', ...result });
    out.print(`  There was nothing to do: ${String(result.nothing)}.`);
    return;
  }
  const { graph } = millrace.pipelines.named(pipeline);
  switch (graph.steps.find(({ name }) => name === graph.result)!.kind.activity) {
    case 'report-inspection':
      return printInspection(out, runId, await millrace.result<InspectionResult>(workflowId));
    case 'report-training':
    case 'report-prediction':
      return printResult(out, runId, await millrace.result<RunResult>(workflowId), steps);
    case 'report-table':
      return printTable(out, runId, await millrace.result<TableResult>(workflowId), steps);
    default:
      return printOther(out, runId, result, steps);
  }
}
