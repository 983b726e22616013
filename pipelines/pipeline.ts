import type { z } from 'zod';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { DeclarationError } from '../dag/check.js';
import { type AddStep, drawGraph, type Edge, type Graph } from '../dag/declare.js';
import { isPin, PINS, type PinName, type PinTypes } from './pins.js';
import { runParams } from './run-params.js';
import { sourceParams } from './source-params.js';

type Edges<T> = { readonly [K in keyof T]-?: Edge<T[K]> };

/** A declared pipeline: its graph, and its params with types, ranges, defaults and docs. */
export interface Pipeline {
  graph: Graph;
  params: z.ZodObject;
  /** Checks params and fills in defaults. @throws MillraceError MR_PARAM with all that is wrong */
  parse(params: Record<string, unknown>): Record<string, unknown>;
}

/**
 * Declares a pipeline. `draw` reads like the drawing of it: each call of `step` adds a node, and what it returns is
 * the edge that leaves the node. What the edge that it returns carries is the result of the run.
 * @throws DeclarationError naming the pipeline, the step and what is wrong with it
 */
export function pipeline<Shape extends z.ZodRawShape, Pin extends PinName>(about: {
  name: string;
  title: string;
  doc: string;
  params: z.ZodObject<Shape, z.core.$strict>;
  /** Inputs that are found when a run begins. */
  pins: readonly Pin[];
  draw: (
    step: AddStep,
    params: Edges<z.output<z.ZodObject<Shape, z.core.$strict>>>,
    pins: Edges<Pick<PinTypes, Pin>>,
  ) => Edge<unknown>;
}): Pipeline {
  const names = Object.keys(about.params.shape);
  checkParams(about.name, names, about.pins);
  const schema = about.params as unknown as z.ZodObject;
  const pins = Object.fromEntries(about.pins.map((pin) => [pin, PINS[pin].kind])) as Record<Pin, string>;
  const graph = drawGraph<z.output<typeof about.params>, Pick<PinTypes, Pin>>(
    { ...about, params: names as never, pins },
    about.draw,
  );
  return {
    graph,
    params: schema,
    parse(given) {
      const params = parseParams(about.name, schema, given);
      checkStepDeadlines(graph, params);
      return params;
    },
  };
}

/** What every run, and each pin, is to be told. */
function checkParams(name: string, params: readonly string[], pins: readonly PinName[]): void {
  const unknown = pins.filter((pin) => !isPin(pin));
  if (unknown.length > 0)
    throw new DeclarationError(
      `pipeline "${name}": there is no pin "${unknown.join('", "')}"; there are: ${Object.keys(PINS).join(', ')}`,
    );
  const needs = [
    ...Object.keys(runParams).map((param) => ({ by: 'every run', param })),
    ...pins.flatMap((pin) => PINS[pin].params.map((param) => ({ by: `the pin "${pin}"`, param }))),
  ];
  const lacking = needs.find(({ param }) => !params.includes(param));
  if (lacking === undefined) return;
  const { by, param } = lacking;
  const from = param in runParams ? '...runParams' : param in sourceParams ? '...sourceParams' : param;
  throw new DeclarationError(`pipeline "${name}": ${by} needs the param "${param}"; add ${from} to its params`);
}

/** Deadlines are of steps that there are. */
function checkStepDeadlines({ name, steps }: Graph, { stepDeadlines }: Record<string, unknown>): void {
  const names = steps.map((step) => step.name);
  const wrong = Object.keys((stepDeadlines as object | undefined) ?? {}).filter((step) => !names.includes(step));
  if (wrong.length === 0) return;
  throw new MillraceError(
    'MR_PARAM',
    `${name}: ${wrong.map((step) => `stepDeadlines: there is no step "${step}".${didYouMean(step, names)}`).join('\n  ')}`,
    { allowed: `steps: ${names.join(', ')}` },
  );
}

function parseParams(name: string, schema: z.ZodObject, params: Record<string, unknown>): Record<string, unknown> {
  const parsed = schema.safeParse(params);
  // Postgres and file names hold no NUL.
  if (parsed.success && hasNul(params))
    throw new MillraceError('MR_PARAM', `${name}: a param has the character NUL, which no file and no table can hold`);
  if (parsed.success) return parsed.data;
  const names = Object.keys(schema.shape);
  const wrong = parsed.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `there is no param "${key}".${didYouMean(key, names)}`);
    }
    const path = issue.path.join('.');
    const given = issue.path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      params,
    );
    return [given === undefined ? `${path} is needed` : `${path} is ${JSON.stringify(given)}: ${issue.message}`];
  });
  throw new MillraceError('MR_PARAM', `${name}: ${wrong.join('\n  ')}`, {
    allowed: `params: ${names.join(', ')}`,
    next: `millrace pipelines show ${name} explains them`,
  });
}

function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  return typeof value === 'object' && value !== null && Object.entries(value).flat().some(hasNul);
}
