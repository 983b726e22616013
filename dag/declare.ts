import { checkGraph } from './check.js';
import type { PlanInput, RetryPolicy } from './plan.js';

declare const carried: unique symbol;

/** What flows along an edge: an output of a step, a pinned input or a param. `T` exists for the compiler only. */
export interface Edge<T> {
  readonly from: { step: string } | { pin: string } | { param: string };
  readonly kind: string;
  readonly [carried]?: T;
}

/** One kind of step: an activity on its own queue, what it takes and gives. Declared once, used in many pipelines. */
export interface StepKind<I, O> {
  readonly activity: string;
  readonly queue: string;
  readonly mapped: boolean;
  readonly doc: string;
  /** The kind of edge each input takes; `param` for plain values. */
  readonly takes: { readonly [K in keyof I]: string };
  readonly gives: string;
  readonly retry: RetryPolicy;
  readonly timeoutSeconds: number;
  readonly [carried]?: (input: I) => O;
}

export interface GraphStep {
  name: string;
  kind: StepKind<Record<string, unknown>, unknown>;
  inputs: Record<string, Edge<unknown>>;
}

/** A declared pipeline as plain data. */
export interface Graph {
  name: string;
  title: string;
  doc: string;
  params: readonly string[];
  pins: Readonly<Record<string, string>>;
  steps: GraphStep[];
  result: string;
}

export const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 5, initialSeconds: 0.5, backoff: 2, maxSeconds: 30 };

/** Declares a kind of step. Types of inputs and output come from the activity, and flow into every pipeline. */
export function stepKind<I, O>(spec: {
  activity: string;
  queue: string;
  doc: string;
  takes: { [K in keyof I]: string };
  gives: string;
  mapped?: boolean;
  retry?: Partial<RetryPolicy>;
  timeoutSeconds?: number;
}): StepKind<I, O> {
  return {
    activity: spec.activity,
    queue: spec.queue,
    doc: spec.doc,
    takes: spec.takes,
    gives: spec.gives,
    mapped: spec.mapped ?? false,
    retry: { ...DEFAULT_RETRY, ...spec.retry },
    timeoutSeconds: spec.timeoutSeconds ?? 600,
  };
}

type Edges<T> = { readonly [K in keyof T]-?: Edge<T[K]> };
type Inputs<I> = { readonly [K in keyof I]: Edge<I[K]> };

/** Adds a step to the drawing and returns the edge that leaves it. */
export type AddStep = <I, O>(kind: StepKind<I, O>, inputs: Inputs<I>, name?: string) => Edge<O>;

/**
 * Draws a graph by calling `draw` once with an edge for every param and pin, then checks it.
 * @throws DeclarationError naming the pipeline, the step and what is wrong with it.
 */
export function drawGraph<P, Pins>(
  about: {
    name: string;
    title: string;
    doc: string;
    params: readonly (keyof P & string)[];
    pins: Record<keyof Pins & string, string>;
  },
  draw: (step: AddStep, params: Edges<P>, pins: Edges<Pins>) => Edge<unknown>,
): Graph {
  const steps: GraphStep[] = [];
  const params: Record<string, Edge<unknown>> = {};
  for (const param of about.params) params[param] = { from: { param }, kind: 'param' };
  const pins: Record<string, Edge<unknown>> = {};
  for (const [pin, kind] of Object.entries<string>(about.pins)) pins[pin] = { from: { pin }, kind };

  const add = (kind: GraphStep['kind'], inputs: GraphStep['inputs'], name = kind.activity) => {
    steps.push({ name, kind, inputs });
    return { from: { step: name }, kind: kind.gives };
  };
  // The drawing is typed edge by edge; inside, a graph is plain data.
  const last = draw(add as unknown as AddStep, params as Edges<P>, pins as Edges<Pins>);
  const graph: Graph = {
    name: about.name,
    title: about.title,
    doc: about.doc,
    params: about.params,
    pins: about.pins,
    steps,
    result: 'step' in last.from ? last.from.step : '',
  };
  checkGraph(graph);
  return graph;
}

/** Fills params and pins in: what remains are edges between steps. */
export function planSteps(graph: Graph, params: Record<string, unknown>, pins: Record<string, unknown>) {
  return graph.steps.map(({ name, kind, inputs }) => ({
    name,
    activity: kind.activity,
    queue: kind.queue,
    mapped: kind.mapped,
    doc: kind.doc,
    retry: kind.retry,
    timeoutSeconds: kind.timeoutSeconds,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([input, { from }]): [string, PlanInput] => {
        if ('step' in from) return [input, from];
        return [input, { value: ('param' in from ? params[from.param] : pins[from.pin]) ?? null }];
      }),
    ),
  }));
}
