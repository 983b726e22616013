import { condition } from '@temporalio/workflow';
import type { Tiding } from '../activities/notify.js';
import { type TimedStep, tippingPoint } from '../dag/deadline.js';
import type { Plan, StepStatus, Watch } from '../dag/plan.js';

type Say = (tiding: Pick<Tiding, 'kind' | 'step' | 'message'>) => Promise<void>;

/** One deadline: when it is, what is said when it may not be kept, and when it was not. */
interface Due {
  step: string | null;
  /** null: it is not known yet, as its step has not begun. */
  at(): number | null;
  over(): boolean;
  /** From when on it may be said that it will not be kept. */
  warnAt(): number | null;
  limitMs: number;
  warned: boolean;
}

const ended = ({ state }: StepStatus) => state === 'done' || state === 'failed' || state === 'cancelled';
const ms = (iso: string | null) => (iso === null ? null : Date.parse(iso));

/**
 * Watches over the deadlines of a run until it is cancelled: says when one may not be kept, by what the runs before took,
 * and when one was not. Nothing is stopped.
 */
export async function watchDeadlines(
  { steps: planned }: Plan,
  { deadlineMs, stepDeadlines, expectedMs }: Watch,
  steps: readonly StepStatus[],
  began: number,
  say: Say,
): Promise<void> {
  const timed = (): TimedStep[] =>
    planned.map(({ name, inputs }) => {
      const { startedAt, endedAt } = steps.find((step) => step.name === name)!;
      const needs = Object.values(inputs).flatMap((input) => ('step' in input ? [input.step] : []));
      return { name, needs, expectedMs: expectedMs[name] ?? 0, startedAt: ms(startedAt), endedAt: ms(endedAt) };
    });
  const known = Object.keys(expectedMs).length > 0;
  const due: Due[] = [];
  if (deadlineMs !== null) {
    const at = began + deadlineMs;
    const warnAt = () => (known ? tippingPoint(timed(), at, Date.now()) : null);
    due.push({ step: null, at: () => at, over: () => false, warnAt, limitMs: deadlineMs, warned: false });
  }
  for (const [name, limitMs] of Object.entries(stepDeadlines)) {
    const status = steps.find((step) => step.name === name)!;
    const start = () => ms(status.startedAt);
    due.push({
      step: name,
      at: () => (start() === null ? null : start()! + limitMs),
      over: () => ended(status),
      warnAt: () => ((expectedMs[name] ?? 0) > limitMs ? start() : null),
      limitMs,
      warned: false,
    });
  }
  for (;;) {
    for (const each of [...due]) {
      const at = each.at();
      const warnAt = each.warned ? null : each.warnAt();
      const what = each.step === null ? 'the run' : `the step ${each.step}`;
      if (each.over()) due.splice(due.indexOf(each), 1);
      else if (at !== null && Date.now() >= at) {
        due.splice(due.indexOf(each), 1);
        await say({ kind: 'late', step: each.step, message: `${what} was to be over within ${words(each.limitMs)}` });
      } else if (warnAt !== null && Date.now() >= warnAt) {
        each.warned = true;
        const message = `by the runs before, ${what} will take longer than its ${words(each.limitMs)}`;
        await say({ kind: 'may-be-late', step: each.step, message });
      }
    }
    if (due.length === 0) return;
    const moments = due.flatMap((each) => [each.at(), each.warned ? null : each.warnAt()]);
    const next = Math.min(...moments.filter((moment) => moment !== null));
    const before = standing(steps);
    const changed = () => standing(steps) !== before;
    if (next === Number.POSITIVE_INFINITY) await condition(changed);
    else await condition(changed, Math.max(1, next - Date.now()));
  }
}

/** What a projection depends on, beside the time. */
const standing = (steps: readonly StepStatus[]) =>
  steps.map(({ startedAt, endedAt }) => `${startedAt}${endedAt}`).join();

function words(limit: number): string {
  const [hours, minutes, seconds] = [
    Math.floor(limit / 3_600_000),
    Math.floor(limit / 60_000) % 60,
    (limit / 1000) % 60,
  ];
  return [
    [hours, 'h'],
    [minutes, 'min'],
    [seconds, 's'],
  ]
    .filter(([n]) => n !== 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ');
}
