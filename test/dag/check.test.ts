import { describe, expect, it } from 'vitest';
import { checkGraph, DeclarationError } from '../../dag/check.js';
import { type Edge, type Graph, type GraphStep, stepKind } from '../../dag/declare.js';

const kind = (takes: Record<string, string>, gives: string) =>
  stepKind<Record<string, unknown>, unknown>({ activity: 'work', queue: 'work', doc: 'works', takes, gives });

const from = {
  step: (step: string): Edge<unknown> => ({ from: { step }, kind: '' }),
  pin: (pin: string): Edge<unknown> => ({ from: { pin }, kind: '' }),
  param: (param: string): Edge<unknown> => ({ from: { param }, kind: '' }),
};

const read: GraphStep = {
  name: 'read',
  kind: kind({ source: 'param' }, 'rows'),
  inputs: { source: from.param('source') },
};
const count: GraphStep = { name: 'count', kind: kind({ rows: 'rows' }, 'number'), inputs: { rows: from.step('read') } };

const graphOf = (steps: GraphStep[], changes: Partial<Graph> = {}): Graph => ({
  name: 'counting',
  title: 'Count',
  doc: 'Counts.',
  params: ['source'],
  pins: { model: 'model' },
  steps,
  result: steps.at(-1)?.name ?? '',
  ...changes,
});

/** What the check says is wrong, or null. */
function complaint(graph: Graph): string | null {
  try {
    checkGraph(graph);
    return null;
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error;
    return error.message;
  }
}

describe('a declared graph', () => {
  it('is taken when all fits', () => {
    expect(complaint(graphOf([read, count]))).toBeNull();
  });

  it('may list its steps in any order', () => {
    expect(complaint(graphOf([count, read], { result: 'count' }))).toBeNull();
  });

  it('needs steps', () => {
    expect(complaint(graphOf([]))).toBe('pipeline "counting": it has no steps; add at least one');
  });
});

describe('names', () => {
  const RULE = 'names are lower-case words joined by hyphens, for example "sensor-training"';

  it.each(['', 'Sensor', 'sensor_training', 'sensor training', '-sensor', 'sensor-', 'sensor--x', '7up', 'sénsor'])(
    'of a pipeline cannot be "%s"',
    (name) => {
      expect(complaint(graphOf([read], { name }))).toBe(`pipeline "${name}": bad name; ${RULE}`);
    },
  );

  it.each(['a', 'sensor', 'sensor-training', 'v2', 'sensor-2'])('of a pipeline can be "%s"', (name) => {
    expect(complaint(graphOf([read], { name }))).toBeNull();
  });

  it('of steps keep the same rule', () => {
    expect(complaint(graphOf([{ ...read, name: 'Read!' }]))).toBe(
      `pipeline "counting": bad step name "Read!"; ${RULE}`,
    );
  });

  it('of steps are different', () => {
    expect(complaint(graphOf([read, read]))).toBe(
      'pipeline "counting": two steps are called "read"; give one of them another name',
    );
  });
});

describe('inputs', () => {
  it('must be those the step takes', () => {
    const step = { ...count, inputs: { ...count.inputs, colour: from.param('source') } };
    expect(complaint(graphOf([read, step]))).toBe(
      'pipeline "counting": step "count" takes no input "colour"; it takes: rows',
    );
  });

  it('must not be names that every object has', () => {
    const step = { ...count, inputs: { ...count.inputs, constructor: from.param('source') } };
    expect(complaint(graphOf([read, step]))).toBe(
      'pipeline "counting": step "count" takes no input "constructor"; it takes: rows',
    );
  });

  it('must all be there', () => {
    expect(complaint(graphOf([read, { ...count, inputs: {} }]))).toBe(
      'pipeline "counting": step "count" lacks its input "rows" (rows)',
    );
  });

  it('must come from a step that is there', () => {
    const step = { ...count, inputs: { rows: from.step('raed') } };
    expect(complaint(graphOf([read, step]))).toBe(
      'pipeline "counting": step "count", input "rows": there is no step "raed"',
    );
  });

  it('must come from a param that is there', () => {
    const step = { ...read, inputs: { source: from.param('folder') } };
    expect(complaint(graphOf([step]))).toBe(
      'pipeline "counting": step "read", input "source": there is no param "folder"',
    );
  });

  it('must come from a pinned input that is there', () => {
    const step = { ...read, inputs: { source: from.pin('listing') } };
    expect(complaint(graphOf([step]))).toBe(
      'pipeline "counting": step "read", input "source": there is no pinned input "listing"',
    );
  });

  it.each([
    ['step "read" gives rows', { rows: from.step('read') }, 'number'],
    ['pinned input "model" gives model', { rows: from.pin('model') }, 'rows'],
    ['param "source" gives param', { rows: from.param('source') }, 'rows'],
  ])('must be of the kind the step takes, and %s', (gives, inputs, takes) => {
    const step = { name: 'count', kind: kind({ rows: takes }, 'number'), inputs };
    expect(complaint(graphOf([read, step]))).toBe(
      `pipeline "counting": step "count", input "rows": takes ${takes}, but ${gives}`,
    );
  });
});

describe('the result', () => {
  it('must be a step', () => {
    expect(complaint(graphOf([read, count], { result: '' }))).toBe(
      'pipeline "counting": the result is not a step; return the edge of one of: read, count',
    );
  });
});

describe('circles', () => {
  const pass = (name: string, needs: string): GraphStep => ({
    name,
    kind: kind({ rows: 'rows' }, 'rows'),
    inputs: { rows: from.step(needs) },
  });

  it('of one step are found', () => {
    expect(complaint(graphOf([pass('a', 'a')]))).toBe(
      'pipeline "counting": the steps run in a circle: a → a; remove one of these edges',
    );
  });

  it('of several steps are named step by step, without those that only lead to them', () => {
    expect(complaint(graphOf([pass('lead', 'a'), pass('a', 'b'), pass('b', 'c'), pass('c', 'a')]))).toBe(
      'pipeline "counting": the steps run in a circle: a → b → c → a; remove one of these edges',
    );
  });

  it('are not two ways to the same step', () => {
    const both: GraphStep = {
      name: 'both',
      kind: kind({ left: 'rows', right: 'rows' }, 'rows'),
      inputs: { left: from.step('left'), right: from.step('right') },
    };
    expect(complaint(graphOf([read, pass('left', 'read'), pass('right', 'read'), both]))).toBeNull();
  });
});
