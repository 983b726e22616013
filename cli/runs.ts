import type { Command } from 'commander';
import { decideRun, type Meant } from '../client/decisions.js';
import type { Millrace } from '../client/millrace.js';
import { pauseRun, resumeRun } from '../client/pause.js';
import { listRuns, type RunDetails, type RunSummary, type StepAttempt, showRun } from '../client/runs.js';
import { questionLines } from './follow.js';
import { type LogOptions, logsCommand } from './logs.js';
import { gather, JSON_OPTION, SET_OPTION, wholeNumber } from './options.js';
import { count, type Output } from './output.js';
import { type RerunOptions, rerunCommand } from './run.js';
import { connected } from './session.js';
import { firstLine } from './summary.js';

export const COLORS = { running: 'cyan', done: 'green', failed: 'red', cancelled: 'yellow', lost: 'red' } as const;

/** So much of what it went on without. */
const SHOWN_ITEMS = 20;

/** `millrace runs …` */
export function addRuns(program: Command, out: Output): void {
  const runs = program.command('runs').description('runs, newest first');
  runs
    .command('list')
    .description('the newest runs')
    .option('--limit <n>', 'how many', wholeNumber, 20)
    .option(...JSON_OPTION)
    .action(({ limit }: { limit: number }) => connected(out, (millrace) => listRunsCommand(out, millrace, limit)));
  runs
    .command('show <run>')
    .description('steps with attempts, times, memory; params; the error of a failed run')
    .option('--attempts', 'each attempt, and which worker made it')
    .option(...JSON_OPTION)
    .action((id: string, { attempts = false }: { attempts?: boolean }) =>
      connected(out, (millrace) => showRunCommand(out, millrace, id, attempts)),
    );
  runs
    .command('logs <run>')
    .description('what its attempts said, oldest first')
    .option('-f, --follow', 'also what they will say, until it ends')
    .option('--step <step>', 'of this step only')
    .option('--batch <n>', 'of this batch only', wholeNumber)
    .option(...JSON_OPTION)
    .action((id: string, options: LogOptions) => connected(out, (millrace) => logsCommand(out, millrace, id, options)));
  runs
    .command('rerun <run>')
    .description('run it once more, as a new run; what did not change is not made again')
    .option('--from <step>', 'make this step and all that follow from it anew, of what the run read')
    .option('--chunks <which>', 'make these anew: failed, or day=2026-03-01..2026-03-05,sensor=pump-*,file=*.csv')
    .option(SET_OPTION, 'a param that is to be otherwise; may be given several times', gather, [])
    .option('--detach', 'only start it')
    .option('--verbose', 'show what the worker logs')
    .option(...JSON_OPTION)
    .action((id: string, options: RerunOptions) => rerunCommand(out, id, options));
  for (const [name, description, act, done] of [
    ['pause', 'hold it between its batches: those that workers are at end', pauseRun, 'is held between its batches'],
    ['resume', 'let it go on', resumeRun, 'goes on'],
  ] as const) {
    runs
      .command(`${name} <run>`)
      .description(description)
      .option(...JSON_OPTION)
      .action((id: string) =>
        connected(out, async (millrace) => {
          await act(millrace, id);
          out.document(await showRun(millrace, id));
          out.print(`${id} ${done}.`);
        }),
      );
  }
  for (const [decision, description] of [
    ['retry', 'where it asks: do again what failed'],
    ['skip', 'where it asks: go on without what failed'],
    ['abort', 'where it asks: let it fail'],
  ] as const) {
    runs
      .command(`${decision} <run>`)
      .description(description)
      .option('--step <step>', 'only what this step asks')
      .option('--batch <n>', 'only what this batch asks', wholeNumber)
      .option(...JSON_OPTION)
      .action((id: string, meant: Meant) =>
        connected(out, async (millrace) => {
          const answered = await decideRun(millrace, id, decision, meant);
          out.document({ runId: id, answered });
          out.print(`${id}: ${decision}, ${answered} ${answered === 1 ? 'answer' : 'answers'}.`);
        }),
      );
  }
  runs
    .command('cancel <run>')
    .description('ask a run to stop')
    .option(...JSON_OPTION)
    .action((id: string) => connected(out, (millrace) => cancelRunCommand(out, millrace, id)));
}

async function listRunsCommand(out: Output, millrace: Millrace, limit: number): Promise<void> {
  const runs = await listRuns(millrace, { limit });
  out.document(runs);
  if (runs.length === 0) return out.print('No runs yet. Start one: millrace run sensor-training --set source=…');
  const rows = runs.map((run) => [
    run.id,
    stateText(out, run),
    when(run.startedAt),
    seconds(run.seconds),
    run.failed === 0 ? '' : out.style('red', `${run.failed} left out`),
  ]);
  out.print(out.table(['run', 'state', 'started', 'time', ''], rows, [3]));
}

/** What a person is to know first: that it waits for one. */
function stateText(out: Output, run: RunSummary): string {
  if (run.asks > 0) return out.style('yellow', 'asks');
  return run.pausedAt === null ? out.style(COLORS[run.state], run.state) : out.style('yellow', 'paused');
}

async function showRunCommand(out: Output, millrace: Millrace, id: string, attempts: boolean): Promise<void> {
  const run = await showRun(millrace, id);
  out.document(run);
  out.print(`${out.style('bold', run.id)}  ${stateText(out, run)}  ${when(run.startedAt)}  ${seconds(run.seconds)}`);
  if (run.interval !== null)
    out.print(`  ${intervalText(run.interval)}${run.schedule === null ? '' : `, schedule ${run.schedule}`}`);
  if (run.pausedAt !== null) out.print(`  ${out.style('yellow', 'paused')} since ${when(run.pausedAt)}`);
  for (const { kind, message } of run.notices.filter((each) => each.kind === 'late' || each.kind === 'may-be-late'))
    out.print(`  ${out.style('yellow', kind.replaceAll('-', ' '))}: ${message}`);
  if (run.rerunOf !== null) out.print(`  made from ${run.rerunOf}`);
  if (run.trigger !== null) out.print(`  trigger ${run.trigger}`);
  if (run.backfill !== null) out.print(`  backfill ${run.backfill}`);
  if (typeof run.result?.nothing === 'string') out.print(`  nothing to do: ${run.result.nothing}`);
  if (run.error !== null)
    out.print(
      `\n  ${out.style('red', run.error.code)} ${run.error.step === null ? '' : `in ${run.error.step}: `}${run.error.message}`,
    );
  for (const line of [...askedLines(out, run), ...failedLines(out, run)]) out.print(line);
  out.print(
    `\n${out.table(['step', 'state', 'batches', 'attempts', 'lost', 'time', 'memory', ''], stepRows(out, run), [2, 3, 4, 5, 6])}`,
  );
  if (attempts) out.print(`\n${attemptsTable(out, run)}`);
  const set = Object.entries(run.params).filter(([, value]) => value !== null && JSON.stringify(value) !== '[]');
  out.print(
    `\n${out.table(
      ['param', ''],
      set.map(([name, value]) => [name, JSON.stringify(value)]),
    )}`,
  );
}

/** What it asks. */
function askedLines(out: Output, run: RunDetails): string[] {
  return openQuestions(run).flatMap((question) => ['', ...questionLines(out, run.id, question)]);
}

const openQuestions = ({ state, questions }: RunDetails) =>
  state === 'running' ? questions.filter(({ decision }) => decision === null) : [];

/** What it went on without. */
function failedLines(out: Output, { failed, failedItems }: RunDetails): string[] {
  if (failed === 0) return [];
  const rows = failedItems
    .slice(0, SHOWN_ITEMS)
    .map(({ step, item, code, message }) => [step, item, code, firstLine(message)]);
  const more = failed > rows.length ? [`  and ${count(failed - rows.length)} more`] : [];
  return ['', out.table([out.style('red', `left out: ${count(failed)}`), '', '', ''], rows), ...more];
}

/** Every attempt, and which worker made it. */
function attemptsTable(out: Output, run: RunDetails): string {
  const rows = run.attempts.map(({ step, phase, batch, attempt, state, worker, startedAt, seconds: took }) => [
    step,
    phase === 'batch' ? `batch ${batch}` : phase === 'once' ? '' : phase,
    attempt,
    out.style(COLORS[state], state),
    worker,
    startedAt.slice(11, 23),
    seconds(took),
  ]);
  return out.table(['step', '', 'attempt', 'state', 'worker', 'started', 'time'], rows, [2, 6]);
}

function stepRows(out: Output, run: RunDetails): (string | number)[][] {
  const steps = new Map<string, StepAttempt[]>();
  const asks = new Set(openQuestions(run).map(({ step }) => step));
  for (const attempt of run.attempts) steps.set(attempt.step, [...(steps.get(attempt.step) ?? []), attempt]);
  return [...steps].map(([step, attempts]) => {
    const began = Math.min(...attempts.map(({ startedAt }) => Date.parse(startedAt)));
    const ended = Math.max(...attempts.map(({ startedAt, seconds: s }) => Date.parse(startedAt) + (s ?? 0) * 1000));
    const last = attempts.at(-1)!;
    const { rssMiB: _, ...measures } = Object.assign({}, ...attempts.map((each) => each.measures)) as Record<
      string,
      number
    >;
    return [
      step,
      asks.has(step) ? out.style('yellow', 'asks') : out.style(COLORS[last.state], last.state),
      new Set(attempts.filter(({ phase }) => phase === 'batch').map(({ batch }) => batch)).size || '',
      attempts.length,
      attempts.filter(({ state }) => state === 'lost').length || '',
      seconds((ended - began) / 1000),
      `${Math.max(...attempts.map((each) => each.measures.rssMiB ?? 0))} MiB`,
      Object.entries(measures)
        .map(([name, value]) => `${name} ${count(value)}`)
        .join(', '),
    ];
  });
}

/** Whole days without their midnights. */
export function intervalText({ start, end }: { start: string; end: string }): string {
  const days = [start, end].every((iso) => iso.endsWith('T00:00:00.000Z'));
  return days ? `${start.slice(0, 10)} … ${end.slice(0, 10)}` : `${when(start)} … ${when(end)}`;
}

export const when = (iso: string) => iso.slice(0, 19).replace('T', ' ');
const seconds = (value: number | null) => (value === null ? '' : `${value.toFixed(1)} s`);

async function cancelRunCommand(out: Output, millrace: Millrace, id: string): Promise<void> {
  const run = await showRun(millrace, id);
  if (run.state === 'running') await millrace.cancel(run.workflowId);
  out.document({ runId: id, state: run.state, cancelled: run.state === 'running' });
  out.print(run.state === 'running' ? `${id} was asked to stop.` : `${id} is ${run.state} already.`);
}
