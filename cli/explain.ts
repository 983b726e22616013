import { type Explanation, explainRun, overLimit } from '../client/explain.js';
import { readEnv } from '../config/env.js';
import { bytes, count, many, type Output } from './output.js';
import { gatherParams, type ParamOptions } from './params.js';
import { connected } from './session.js';

/** Says what a run would be, and refuses what would break. */
export async function explainCommand(out: Output, pipeline: string, options: ParamOptions): Promise<void> {
  const params = await gatherParams(readEnv(), pipeline, options);
  await connected(out, async (millrace) => {
    const explanation = await explainRun(millrace, pipeline, { params });
    const over = overLimit(explanation);
    if (over !== null && out.json) throw over;
    out.document(explanation);
    print(out, explanation);
    if (over !== null) throw over;
  });
}

function print(out: Output, explanation: Explanation): void {
  const { nothing, source, share, basis, steps, limits } = explanation;
  if (nothing !== null) {
    out.print(`  There is nothing to do: ${nothing}.`);
    return;
  }
  const { readings, days, sensors, chunks, keptChunks, writes, memory, seconds } = explanation;
  const unknown = 'not known: no run was done yet';
  const about = share < 1 ? `, by ${(share * 100).toFixed(0)} % of the source` : '';
  const facts = [
    ['source', `${many(source.files, 'file')}, ${bytes(source.bytes)}`],
    ['readings', `${count(readings)} of ${many(sensors, 'sensor')} on ${many(days, 'day')}${about}`],
    ['chunks', `${count(chunks)}, ${count(keptChunks)} of them kept from before`],
    ['activities', `${count(explanation.activities)}, ${count(explanation.events)} events in the history`],
    ['payload', `at most ${bytes(explanation.largestPayload)}`],
    ['writes', writes === null ? unknown : `about ${bytes(writes)}`],
    [
      'memory',
      memory === null
        ? unknown
        : Object.entries(memory)
            .map(([kind, MiB]) => `${kind} ${MiB} MiB`)
            .join(', '),
    ],
    [
      'time',
      seconds === null
        ? unknown
        : `about ${time(seconds)}, by ${many(basis, 'run')} that ${basis === 1 ? 'was' : 'were'} done`,
    ],
  ];
  out.print(out.table(['', ''], facts).split('\n').slice(1).join('\n'));
  const rows = steps.map((step) => [
    step.name,
    step.items === null ? '' : count(step.items),
    step.kept === null ? '' : count(step.kept),
    step.batches === 0 ? '' : count(step.batches),
    step.activities,
    step.seconds === null ? '' : time(step.seconds),
  ]);
  out.print(`\n${out.table(['step', 'items', 'kept', 'batches', 'activities', 'time'], rows, [1, 2, 3, 4, 5])}`);
  const near = limits.filter(({ is, most }) => is > most / 2);
  if (near.length > 0) out.print();
  for (const { what, is, most } of near)
    out.print(`  ${out.style('yellow', '!')} ${count(Math.round(is))} ${what}, of at most ${count(most)}`);
}

function time(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
