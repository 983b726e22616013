import type { StepStatus } from '../dag/plan.js';

const MARKS: Record<StepStatus['state'], string> = {
  waiting: '·',
  running: '▶',
  asks: '?',
  done: '✓',
  failed: '✗',
  cancelled: '⊘',
};

/** The steps of a run as a Markdown table, for Temporal's UI. */
export function describeSteps(title: string, steps: readonly StepStatus[]): string {
  const rows = steps.map((step) => {
    const batches = step.batches === 0 ? '' : `${step.batchesDone} of ${step.batches}`;
    return `| ${MARKS[step.state]} | ${step.name} | ${batches} | ${step.items === 0 ? '' : step.kept} | ${seconds(step)} |`;
  });
  return [`**${title}**`, '', '| | step | batches | kept | time |', '|---|---|---|---|---|', ...rows].join('\n');
}

function seconds({ startedAt, endedAt }: StepStatus): string {
  if (startedAt === null || endedAt === null) return '';
  return `${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`;
}
