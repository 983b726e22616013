import { afterAll, describe, expect, it } from 'vitest';
import { ACTIVITIES } from '../../activities/index.js';
import { MillraceError } from '../../config/errors.js';
import { STEP_QUEUES, type StepQueue } from '../../config/queues.js';
import { PIPELINES } from '../../pipelines/index.js';
import { sensorTraining } from '../../pipelines/sensor-training.js';
import * as workflows from '../../workflows/index.js';
import { testStores } from '../support/stores.js';

const stores = await testStores();
afterAll(() => stores.close());

/** Queue → names of the activities it serves. */
const served = new Map(
  Object.entries(ACTIVITIES).map(([queue, make]) => [
    STEP_QUEUES[queue as StepQueue] as string,
    Object.keys(make(stores)),
  ]),
);

const steps = PIPELINES.flatMap(({ graph }) => graph.steps.map((step) => ({ ...step, pipeline: graph.name })));
const params = PIPELINES.flatMap(({ graph, params }) =>
  Object.entries(params.shape).map(([param, schema]) => ({ pipeline: graph.name, param, schema })),
);

/** The MR_PARAM that these params of a training are refused with. */
function refusal(given: Record<string, unknown>): MillraceError {
  try {
    sensorTraining.parse(given);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'MR_PARAM') return error;
    throw error;
  }
  throw new Error('the params were taken');
}

/** What is no pipeline and no step of one, or serves projects alone. */
const BESIDES = {
  workflows: ['alert', 'backfill', 'default', 'explain', 'gc', 'trigger'],
  activities: [
    ...['resolve', 'pause', 'ask', 'answer', 'notify', 'alert', 'finish', 'gc', 'explain'],
    ...['backfill.next', 'backfill.state', 'trigger.look', 'trigger.hand-over'],
    ...['publish-table', 'report-table'],
  ],
};

describe('pipelines', () => {
  it('have the names of the exported workflows, no more and no fewer', () => {
    const names = PIPELINES.map(({ graph }) => graph.name);
    expect([...names, ...BESIDES.workflows].sort()).toEqual(Object.keys(workflows).sort());
  });

  it('have names that are all different', () => {
    expect(new Set(PIPELINES.map(({ graph }) => graph.name)).size).toBe(PIPELINES.length);
  });

  it('have a title and a description', () => {
    for (const { graph } of PIPELINES) expect([graph.title, graph.doc]).not.toContain('');
  });

  it('read every param that their graph has, and have no other', () => {
    for (const { graph, params } of PIPELINES) expect(graph.params).toEqual(Object.keys(params.shape));
  });
});

describe.each(steps)('step "$name" of $pipeline', ({ kind }) => {
  it('waits in a queue that is served', () => {
    expect([...served.keys()]).toContain(kind.queue);
  });

  it('has its activities registered under that queue', () => {
    const { activity, mapped } = kind;
    const needed = mapped ? [`${activity}.plan`, activity, `${activity}.gather`] : [activity];
    expect(served.get(kind.queue)).toEqual(expect.arrayContaining(needed));
  });

  it('is described', () => {
    expect(kind.doc).not.toBe('');
  });
});

describe('activities', () => {
  it('are each used by a step, but for those of runs and backfills themselves', () => {
    const used = steps.flatMap(({ kind: { activity, mapped } }) =>
      mapped ? [`${activity}.plan`, activity, `${activity}.gather`] : [activity],
    );
    expect([...served.values()].flat().sort()).toEqual([...new Set(used), ...BESIDES.activities].sort());
  });
});

describe.each(params)('param $param of $pipeline', ({ param, schema }) => {
  it('is described', () => {
    expect((schema as { description?: string }).description, param).toMatch(/\S{2,}.*\.$/);
  });
});

describe('params', () => {
  it.each(PIPELINES.map(({ graph, parse }) => ({ name: graph.name, parse })))(
    'of $name need a source and nothing else',
    ({ parse }) => {
      expect(parse({ source: '/data' })).toMatchObject({ source: '/data', timeColumn: null, files: [] });
    },
  );

  it('that are left out have their defaults', () => {
    const { k, seed, model, parent, refit, promote } = sensorTraining.parse({ source: '/data' });
    expect({ k, seed, model, parent, refit, promote }).toEqual({
      k: 5,
      seed: 42,
      model: 'sensors',
      parent: null,
      refit: false,
      promote: null,
    });
  });

  it('that are given are kept', () => {
    expect(sensorTraining.parse({ source: '/data', k: 3, from: '2026-02-01', parent: 7 })).toMatchObject({
      k: 3,
      from: '2026-02-01',
      parent: 7,
    });
  });

  it('come out the same when they are parsed again', () => {
    const once = sensorTraining.parse({ source: '/data', k: 3 });
    expect(sensorTraining.parse(once)).toEqual(once);
  });

  it('that do not exist name the nearest that does', () => {
    expect(refusal({ source: '/data', timecolum: 't' }).message).toContain(
      'there is no param "timecolum". Did you mean "timeColumn"?',
    );
  });

  it('that do not exist name nothing else when nothing is near', () => {
    expect(refusal({ source: '/data', wavelength: 1 }).message).toContain('there is no param "wavelength".\n');
  });

  it('that are needed are asked for', () => {
    expect(refusal({}).message).toContain('source is needed');
  });

  it('that are wrong are reported all at once, with what was given', () => {
    const { message } = refusal({
      source: '',
      k: 0,
      seed: 1.5,
      scaling: 'log',
      from: '2026-02-30',
      refit: 'yes',
      tolerance: 2,
      sede: 1,
    });
    for (const wrong of [
      'source is ""',
      'k is 0',
      'seed is 1.5',
      'scaling is "log"',
      'from is "2026-02-30"',
      'refit is "yes"',
      'tolerance is 2',
      'there is no param "sede". Did you mean "seed"?',
    ]) {
      expect(message).toContain(wrong);
    }
  });

  it('that are wrong somewhere inside say where', () => {
    expect(refusal({ source: '/data', groups: ['shape', 'colour'] }).message).toContain('groups.1 is "colour"');
  });

  it('are all listed beside what is wrong, with the command that explains them', () => {
    const { advice } = refusal({ source: '/data', k: 'many' });
    expect(advice.allowed).toBe(`params: ${sensorTraining.graph.params.join(', ')}`);
    expect(advice.next).toBe('millrace pipelines show sensor-training explains them');
  });

  it.each([
    ['k', 1, 1000],
    ['seed', 0, 0xffffffff],
    ['starts', 1, 1000],
    ['maxIterations', 1, 100_000],
    ['tolerance', 0, 1],
    ['maxMissing', 0, 1],
  ])('%s lies from %d to %d', (param, least, most) => {
    for (const edge of [least, most])
      expect(sensorTraining.parse({ source: '/data', [param]: edge })[param]).toBe(edge);
    for (const beyond of [least - 1, most + 1])
      expect(refusal({ source: '/data', [param]: beyond }).message).toContain(`${param} is ${beyond}`);
  });
});
