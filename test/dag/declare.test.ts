import { describe, expect, it } from 'vitest';
import { DeclarationError } from '../../dag/check.js';
import { type AddStep, DEFAULT_RETRY, drawGraph, type Edge, planSteps, stepKind } from '../../dag/declare.js';

interface Rows {
  rows: number;
}

const read = stepKind<{ source: string; limit: number | null }, Rows>({
  activity: 'read',
  queue: 'reading',
  mapped: true,
  doc: 'reads',
  takes: { source: 'param', limit: 'param' },
  gives: 'rows',
  retry: { maxAttempts: 2 },
  timeoutSeconds: 60,
});

const score = stepKind<{ rows: Rows; model: string }, number>({
  activity: 'score',
  queue: 'scoring',
  doc: 'scores',
  takes: { rows: 'rows', model: 'model' },
  gives: 'number',
});

interface Params {
  source: string;
  limit: number | null;
}
interface Pins {
  model: string;
}
type Draw = Parameters<typeof drawGraph<Params, Pins>>[1];

const draw = (drawing: Draw) =>
  drawGraph<Params, Pins>(
    { name: 'scoring', title: 'Score', doc: 'Scores.', params: ['source', 'limit'], pins: { model: 'model' } },
    drawing,
  );

const scoring = draw((step, p, { model }) => {
  const rows = step(read, { source: p.source, limit: p.limit });
  return step(score, { rows, model }, 'grade');
});

describe('a kind of step', () => {
  it('is tried again as usual, for ten minutes each time, and not mapped, unless it says otherwise', () => {
    expect(score).toMatchObject({ retry: DEFAULT_RETRY, timeoutSeconds: 600, mapped: false });
  });

  it('changes of the retries only what it names', () => {
    expect(read).toMatchObject({ retry: { ...DEFAULT_RETRY, maxAttempts: 2 }, timeoutSeconds: 60, mapped: true });
  });
});

describe('a drawn graph', () => {
  it('has its steps in the order in which they were drawn', () => {
    expect(scoring.steps.map(({ name }) => name)).toEqual(['read', 'grade']);
  });

  it('calls a step by its activity when it is given no name', () => {
    expect(scoring.steps[0]).toMatchObject({ name: 'read', kind: { activity: 'read' } });
    expect(scoring.steps[1]).toMatchObject({ name: 'grade', kind: { activity: 'score' } });
  });

  it('knows where each input comes from', () => {
    expect(scoring.steps[1]!.inputs).toMatchObject({
      rows: { from: { step: 'read' } },
      model: { from: { pin: 'model' } },
    });
    expect(scoring.steps[0]!.inputs).toMatchObject({ source: { from: { param: 'source' } } });
  });

  it('has the last edge for its result', () => {
    expect(scoring.result).toBe('grade');
  });

  it('is checked, so that a step drawn twice needs two names', () => {
    const twice: Draw = (step, p) => {
      step(read, { source: p.source, limit: p.limit });
      return step(read, { source: p.source, limit: p.limit });
    };
    expect(() => draw(twice)).toThrow(
      new DeclarationError('pipeline "scoring": two steps are called "read"; give one of them another name'),
    );
  });

  it('cannot result in what no step made', () => {
    const pinned: Draw = (step, p, { model }) => {
      step(read, { source: p.source, limit: p.limit });
      return model;
    };
    expect(() => draw(pinned)).toThrow('pipeline "scoring": the result is not a step; return the edge of one of: read');
  });

  it('cannot use an edge of another drawing', () => {
    let stray: Edge<Rows> | undefined;
    draw((step, p) => (stray = step(read, { source: p.source, limit: p.limit }, 'elsewhere')));
    expect(() => draw((step, _, { model }) => step(score, { rows: stray!, model }))).toThrow(
      'pipeline "scoring": step "score", input "rows": there is no step "elsewhere"',
    );
  });

  it('is typed: the compiler refuses an edge that carries something else', () => {
    const wrong = (step: AddStep, rows: Edge<Rows>, name: Edge<string>) => {
      // @ts-expect-error a name is not rows
      step(score, { rows: name, model: name });
      // @ts-expect-error the model is missing
      step(score, { rows });
      return step(score, { rows, model: name });
    };
    expect(wrong).toBeTypeOf('function');
  });
});

describe('the plan of a graph', () => {
  const steps = planSteps(scoring, { source: 'a.csv', limit: 3 }, { model: 'm@1' });

  it('holds params and pins as values, and edges as names of steps', () => {
    expect(steps.map(({ inputs }) => inputs)).toEqual([
      { source: { value: 'a.csv' }, limit: { value: 3 } },
      { rows: { step: 'read' }, model: { value: 'm@1' } },
    ]);
  });

  it('holds what the runner needs of each kind', () => {
    expect(steps[0]).toMatchObject({
      name: 'read',
      activity: 'read',
      queue: 'reading',
      mapped: true,
      doc: 'reads',
      retry: read.retry,
      timeoutSeconds: 60,
    });
  });

  it('survives JSON: what was not given is null', () => {
    const [first] = planSteps(scoring, { source: 'a.csv' }, { model: 'm@1' });
    expect(first!.inputs.limit).toEqual({ value: null });
    expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);
  });
});
