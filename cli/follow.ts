import type { Millrace, RunProgress, StepStatus } from '../client/millrace.js';
import type { Question } from '../client/progress.js';
import { bytes, count, type Output } from './output.js';

type Followed = { workflowId: string; runId: string };

const SPIN = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const BAR = 16;

/** Shows a run while it goes on: a table that changes on a terminal, a line per finished step elsewhere. */
export async function followRun(millrace: Millrace, run: Followed, out: Output, verbose = false): Promise<void> {
  if (out.json) {
    for await (const _ of millrace.follow(run.workflowId));
    return;
  }
  // A table that is drawn over would swallow the lines of the log.
  if (process.stderr.isTTY && process.stderr.columns > 0 && !verbose) await live(millrace, run, out);
  else await lines(millrace, run, out);
}

async function live(millrace: Millrace, { workflowId, runId: id }: Followed, out: Output): Promise<void> {
  // Needed on a terminal alone.
  const { createLogUpdate } = await import('log-update');
  const screen = createLogUpdate(process.stderr);
  let progress: RunProgress | undefined;
  let tick = 0;
  const draw = () => {
    const steps = (progress?.steps ?? []).map((step) => line(step, out, SPIN[tick % SPIN.length]!, progress));
    screen(
      [...sourceLine(progress, out), ...steps, ...troubleLine(progress, out), ...heldLines(progress, id, out)].join(
        '\n',
      ),
    );
  };
  const timer = setInterval(() => {
    tick++;
    draw();
  }, 80);
  try {
    for await (progress of millrace.follow(workflowId))
      if (progress.steps.length > 0 || progress.doing.length > 0 || progress.trouble !== null) draw();
  } finally {
    clearInterval(timer);
    draw();
    screen.done();
  }
}

async function lines(millrace: Millrace, { workflowId, runId: id }: Followed, out: Output): Promise<void> {
  const shown = new Set<string>();
  let said = '';
  let heldBefore = '';
  for await (const progress of millrace.follow(workflowId)) {
    const [trouble] = troubleLine(progress, out);
    if (trouble !== undefined && progress.trouble?.message !== said) process.stderr.write(`${trouble}\n`);
    said = progress.trouble?.message ?? said;
    const held = heldLines(progress, id, out).join('\n');
    if (held !== heldBefore && held !== '') process.stderr.write(`${held}\n`);
    heldBefore = held;
    for (const step of progress.steps) {
      if (step.endedAt === null || shown.has(step.name)) continue;
      shown.add(step.name);
      process.stderr.write(`${line(step, out, '', undefined)}\n`);
    }
  }
}

/** Before there are steps, the files of the source are hashed. */
function sourceLine(progress: RunProgress | undefined, out: Output): string[] {
  if (progress === undefined || progress.steps.length > 0) return [];
  const far = farOf(progress, 'resolve');
  return far === '' ? [] : [out.style('dim', `    source: ${far}`)];
}

/** Why nothing happens, where a person is to act. */
function heldLines(progress: RunProgress | undefined, id: string, out: Output): string[] {
  if (progress?.state !== 'running') return [];
  const paused = `  ${out.style('yellow', '‖')} held between its batches: millrace runs resume ${id}`;
  return [...(progress.paused ? [paused] : []), ...progress.questions.flatMap((each) => questionLines(out, id, each))];
}

/** What a run asks, and how to answer. */
export function questionLines(out: Output, id: string, { step, batch, code, message, can }: Question): string[] {
  return [
    `  ${out.style('yellow', `? ${step}${batch === 0 ? '' : `, batch ${batch}`}`)}  ${code}: ${message.replaceAll('\n', '\n    ')}`,
    `    ${can.join(', ')}: millrace runs ${can[0]} ${id}`,
  ];
}

/** What is tried again, and why: once may be chance, so it is said from the second failure on. */
function troubleLine(progress: RunProgress | undefined, out: Output): string[] {
  const trouble = progress?.trouble;
  if (trouble == null || trouble.attempt < 3) return [];
  return [`  ${out.style('yellow', '↻')} ${trouble.step}, attempt ${trouble.attempt}: ${trouble.message}`];
}

function line(step: StepStatus, out: Output, spin: string, progress: RunProgress | undefined): string {
  const mark = {
    waiting: out.style('dim', '·'),
    running: out.style('cyan', spin),
    asks: out.style('yellow', '?'),
    done: out.style('green', '✓'),
    failed: out.style('red', '✗'),
    cancelled: out.style('yellow', '⊘'),
  }[step.state];
  const name = step.state === 'waiting' ? out.style('dim', step.name.padEnd(10)) : step.name.padEnd(10);
  return `  ${mark} ${name} ${out.style('dim', `${seconds(step)}  ${[work(step), step.state === 'running' && farOf(progress, step.name)].filter(Boolean).join(', ')}`.trimEnd())}`;
}

function seconds({ startedAt, endedAt }: StepStatus): string {
  if (startedAt === null) return '';
  const end = endedAt === null ? Date.now() : Date.parse(endedAt);
  return `${(Math.max(0, end - Date.parse(startedAt)) / 1000).toFixed(1)} s`.padStart(7);
}

/** How far the activities of a step are that are under way. */
function farOf(progress: RunProgress | undefined, step: string): string {
  const doing = progress?.doing.find((each) => each.step === step);
  if (doing === undefined || doing.total === 0) return '';
  const { done, total, unit } = doing;
  return unit === 'bytes' ? `${bytes(done)} of ${bytes(total)}` : `${count(done)} of ${count(total)} ${unit}`;
}

function work({ state, batches, batchesDone, items, kept, failed }: StepStatus): string {
  if (state === 'waiting' || (batches === 0 && items === 0)) return '';
  if (batches === 0) return 'kept from before';
  const filled = Math.round((batchesDone / batches) * BAR);
  const bar = state === 'running' ? `${'━'.repeat(filled)}${'─'.repeat(BAR - filled)} ` : '';
  return `${bar}${batchesDone} of ${batches} ${batches === 1 ? 'batch' : 'batches'}${kept > 0 ? `, ${kept} kept from before` : ''}${failed > 0 ? `, ${failed} left out` : ''}`;
}
