import { describe, expect, it } from 'vitest';
import { memoryOf } from '../../activities/explain-memory.js';
import { STEP_QUEUES } from '../../config/queues.js';
import type { Held, StepCost } from '../../store/tables/step-costs.js';

const STEPS = [
  { name: 'read', queue: STEP_QUEUES.read },
  { name: 'chunk', queue: STEP_QUEUES.chunk },
  { name: 'train', queue: STEP_QUEUES.train },
];
const SELF = { name: 'host:7', since: new Date('2026-05-01T12:00:00Z') };
const BEFORE = new Date('2026-05-01T11:59:00Z');
const SINCE = new Date('2026-05-01T12:01:00Z');

const cost = (step: string, readings: number, rssMiB: number | null): StepCost => ({
  step,
  seconds: 1,
  work: readings,
  rssMiB,
  bytes: null,
  readings,
  cold: false,
});

/** A run whose worker had 300 MiB when it read, 320 when it cut, 400 when it trained. */
const SMALL = [cost('read', 20_000, 300), cost('chunk', 20_000, 320), cost('train', 20_000, 400)];

const heldBy = (worker: string, rssMiB: number, at: Date, steps = STEPS): Held[] =>
  steps.map(({ name }) => ({ step: name, worker, at, rssMiB }));

const memory = (held: Held[], readings = 20_000, costs = SMALL) => memoryOf(STEPS, costs, held, readings, SELF);

describe('the memory that a run will take', () => {
  it('is the most that a step of a kind of worker took', () => {
    expect(memory([])).toEqual({ chunk: 320, train: 400 });
  });

  it('grows with the readings, and less than they do', () => {
    const hundredfold = memory([], 2_000_000)!;
    expect(hundredfold.train).toBeGreaterThan(600);
    expect(hundredfold.train).toBeLessThan(1200);
    const grown = [...SMALL, cost('read', 2e6, 600), cost('chunk', 2e6, 640), cost('train', 2e6, 2400)];
    expect(memory([], 2_000_000, grown)!.train).toBeGreaterThan(2000);
  });

  it('is no less than what the worker holds of a larger run', () => {
    expect(memory(heldBy('host:7', 520, SINCE))).toEqual({ chunk: 520, train: 520 });
    expect(memory(heldBy('host:7', 250, SINCE))).toEqual({ chunk: 320, train: 400 });
  });

  it.each([
    ['another process', heldBy('host:6', 520, SINCE)],
    ['one of the same name before it was started again', heldBy('host:7', 520, BEFORE)],
  ])('is that of a fresh worker where the steps were done by %s', (_, held) => {
    expect(memory(held)).toEqual({ chunk: 320, train: 400 });
  });

  it('takes a worker of another kind to be there still', () => {
    const held = [...heldBy('host:6', 520, SINCE, STEPS.slice(0, 2)), ...heldBy('other:1', 700, BEFORE, [STEPS[2]!])];
    expect(memory(held)).toEqual({ chunk: 320, train: 700 });
  });

  it('is not known where a step was never measured', () => {
    expect(memory([], 20_000, SMALL.slice(1))).toBeNull();
    expect(memory([], 20_000, [cost('read', 20_000, null), ...SMALL.slice(1)])).toBeNull();
  });
});
