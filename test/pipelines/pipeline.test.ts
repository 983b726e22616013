import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DeclarationError } from '../../dag/check.js';
import { chunkStep, isOwnStep, onceStep } from '../../pipelines/own-step.js';
import { type Pipeline, pipeline } from '../../pipelines/pipeline.js';
import { Pipelines } from '../../pipelines/pipelines.js';
import { runParams } from '../../pipelines/run-params.js';
import { readParams, ruleParams, sourceParams } from '../../pipelines/source-params.js';
import { chunk, inspect, read } from '../../pipelines/steps.js';

const lows = chunkStep({
  name: 'lows',
  doc: 'finds the lowest reading',
  columns: ['low'],
  takes: { above: 'param' },
  of: ({ values }, { above }: { above: number }) => ({ low: Math.max(above, Math.min(...values)) }),
});
const tell = onceStep({
  name: 'tell',
  doc: 'tells somebody',
  takes: { table: 'features' },
  gives: 'told',
  kept: false,
  retry: { maxAttempts: 2 },
  timeoutSeconds: 30,
  run: async () => ({ told: 1 }),
});

const all = { ...sourceParams, above: z.number().default(0), ...runParams };

function declare(params: Record<string, z.ZodType> = all, pins: readonly string[] = ['listing', 'due']): Pipeline {
  return pipeline({
    name: 'daily-lows',
    title: 'Lowest readings',
    doc: 'Finds the lowest reading of each day.',
    // As a project in JavaScript may call it: nothing but the declaration is there to complain.
    params: z.strictObject(params as typeof all),
    pins: pins as readonly ('listing' | 'due')[],
    draw(step, p, { listing, due }) {
      const inspected = step(inspect, { listing, ...readParams(p) });
      const staged = step(read, { inspected, tz: p.tz });
      const chunks = step(chunk, { staged, tz: p.tz, selection: due, ...ruleParams(p) });
      const table = step(lows, { chunks, above: p.above }, 'find');
      return step(tell, { table });
    },
  });
}

describe('a pipeline of a project', () => {
  it('is drawn with steps of Millrace and its own', () => {
    const { graph } = declare();
    expect(graph.steps.map(({ name, kind }) => [name, kind.queue, kind.mapped])).toEqual([
      ['inspect', 'millrace.read', true],
      ['read', 'millrace.read', true],
      ['chunk', 'millrace.chunk', true],
      ['find', 'millrace.own', true],
      ['tell', 'millrace.own', false],
    ]);
    expect(graph.pins).toEqual({ listing: 'listing', due: 'selection' });
    expect(graph.result).toBe('tell');
    expect(graph.steps.map(({ kind }) => isOwnStep(kind))).toEqual([false, false, false, true, true]);
  });

  it('has the retries and the time that its steps ask for', () => {
    const { kind } = declare().graph.steps.at(-1)!;
    expect(kind).toMatchObject({ retry: { maxAttempts: 2, backoff: 2 }, timeoutSeconds: 30 });
  });

  it.each([
    ['onFailure', 'every run needs the param "onFailure"; add ...runParams to its params'],
    ['files', 'the pin "listing" needs the param "files"; add ...sourceParams to its params'],
    ['to', 'the pin "due" needs the param "to"; add ...sourceParams to its params'],
  ])('is refused without the param %s, with what to add', (param, why) => {
    const { [param as keyof typeof all]: _, ...rest } = all;
    expect(() => declare(rest)).toThrow(new DeclarationError(`pipeline "daily-lows": ${why}`));
  });

  it('is refused with a param that a pin needs and no list of params has', () => {
    expect(() => declare(all, ['listing', 'due', 'model'])).toThrow('needs the param "model"; add model to its params');
  });

  it('is refused with a pin that there is not', () => {
    expect(() => declare(all, ['listing', 'weather'])).toThrow('there is no pin "weather"; there are: listing, parent');
  });
});

describe('a step that makes a row of each chunk', () => {
  const rules = 'names have letters, digits and _, and are none of key, sensor, day';
  it.each([
    [['a', 'b', 'a'], 'two columns are called "a"'],
    [[], `it has no columns; ${rules}`],
    [['low', 'key'], `"key" is no name of a column; ${rules}`],
    [['day'], `"day" is no name of a column; ${rules}`],
    [['a-b'], `"a-b" is no name of a column; ${rules}`],
  ])('is refused with the columns %j', (columns, why) => {
    const declared = () => chunkStep({ name: 'odd', doc: 'is odd', columns, of: () => ({}) });
    expect(declared).toThrow(new DeclarationError(`step "odd": ${why}`));
  });
});

describe('pipelines', () => {
  const there = new Pipelines([declare()]);

  it('are found by name, those of Millrace and those of a project', () => {
    expect(there.names).toEqual(['sensor-training', 'sensor-prediction', 'source-inspection', 'daily-lows']);
    expect(there.named('daily-lows').graph.title).toBe('Lowest readings');
    expect(there.named('sensor-training').graph.name).toBe('sensor-training');
  });

  it('name the nearest where there is none of a name', () => {
    expect(() => there.named('daily-low')).toThrow('there is no pipeline "daily-low". Did you mean "daily-lows"?');
  });

  it('know the steps that a project brings, each once', () => {
    expect(there.ownSteps.map(({ activity }) => activity)).toEqual(['lows', 'tell']);
    const twice = new Pipelines([declare(), declare()]);
    expect(twice.ownSteps.map(({ activity }) => activity)).toEqual(['lows', 'tell']);
    expect(new Pipelines().ownSteps).toEqual([]);
  });
});
