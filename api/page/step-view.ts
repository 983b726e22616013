import type { Attempt, Run, Step } from './types.js';

/** A step of a run as the page shows it: as the workflow says, else as its attempts do. */
export interface StepView {
  name: string;
  state: Step['state'] | 'lost';
  batches: number;
  batchesDone: number;
  items: number;
  kept: number;
  seconds: number | null;
  attempts: Attempt[];
}

export function stepViews(run: Run, steps: readonly Step[], names: readonly string[]): StepView[] {
  const byStep = new Map<string, Attempt[]>();
  for (const attempt of run.attempts) {
    const own = byStep.get(attempt.step);
    if (own === undefined) byStep.set(attempt.step, [attempt]);
    else own.push(attempt);
  }
  const all = [...new Set([...names, ...steps.map(({ name }) => name), ...byStep.keys()])];
  return all.map((name) => {
    const attempts = byStep.get(name) ?? [];
    const told = steps.find((step) => step.name === name);
    return told === undefined
      ? fromAttempts(name, attempts)
      : { ...told, attempts, seconds: secondsOf(attempts, told) };
  });
}

function fromAttempts(name: string, attempts: Attempt[]): StepView {
  const last = attempts.at(-1);
  const batches = new Set(attempts.filter(({ phase }) => phase === 'batch').map(({ batch }) => batch));
  const done = new Set(
    attempts.filter(({ phase, state }) => phase === 'batch' && state === 'done').map(({ batch }) => batch),
  );
  const state = last?.state ?? 'waiting';
  return {
    name,
    state,
    batches: batches.size,
    batchesDone: done.size,
    items: 0,
    kept: 0,
    attempts,
    seconds: secondsOf(attempts, null),
  };
}

function secondsOf(attempts: readonly Attempt[], step: Step | null): number | null {
  if (step !== null && step.startedAt !== null && step.endedAt !== null)
    return (Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000;
  if (attempts.length === 0) return null;
  const began = Math.min(...attempts.map(({ startedAt }) => Date.parse(startedAt)));
  const ended = Math.max(...attempts.map(({ startedAt, seconds }) => Date.parse(startedAt) + (seconds ?? 0) * 1000));
  return (ended - began) / 1000;
}
