import type { Graph, GraphStep } from './declare.js';

/** A pipeline was declared wrongly; the message names the pipeline, the step and the way out. */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError';
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const NAME_RULE = 'names are lower-case words joined by hyphens, for example "sensor-training"';

/** Checks names, inputs, kinds of edges, the result and that the graph has no cycle. */
export function checkGraph(graph: Graph): void {
  const fail = (what: string): never => {
    throw new DeclarationError(`pipeline "${graph.name}": ${what}`);
  };
  if (!NAME.test(graph.name)) fail(`bad name; ${NAME_RULE}`);
  if (graph.steps.length === 0) fail('it has no steps; add at least one');

  const byName = new Map<string, GraphStep>();
  for (const step of graph.steps) {
    if (!NAME.test(step.name)) fail(`bad step name "${step.name}"; ${NAME_RULE}`);
    if (byName.has(step.name)) fail(`two steps are called "${step.name}"; give one of them another name`);
    byName.set(step.name, step);
  }
  for (const step of graph.steps) checkInputs(graph, step, byName, fail);
  if (!byName.has(graph.result))
    fail(`the result is not a step; return the edge of one of: ${[...byName.keys()].join(', ')}`);

  const cycle = findCycle(graph);
  if (cycle !== null) fail(`the steps run in a circle: ${cycle.join(' → ')}; remove one of these edges`);
}

function checkInputs(
  graph: Graph,
  step: GraphStep,
  byName: Map<string, GraphStep>,
  fail: (what: string) => never,
): void {
  const takes = step.kind.takes as Record<string, string>;
  for (const input of Object.keys(step.inputs)) {
    if (!Object.hasOwn(takes, input))
      fail(`step "${step.name}" takes no input "${input}"; it takes: ${Object.keys(takes).join(', ')}`);
  }
  for (const [input, wanted] of Object.entries(takes)) {
    const edge = step.inputs[input];
    if (edge === undefined) fail(`step "${step.name}" lacks its input "${input}" (${wanted})`);
    const kind = kindOf(edge.from);
    if (kind === undefined) fail(`step "${step.name}", input "${input}": there is no ${describe(edge.from)}`);
    if (kind !== wanted)
      fail(`step "${step.name}", input "${input}": takes ${wanted}, but ${describe(edge.from)} gives ${kind}`);
  }

  function kindOf(from: GraphStep['inputs'][string]['from']): string | undefined {
    if ('step' in from) return byName.get(from.step)?.kind.gives;
    if ('pin' in from) return graph.pins[from.pin];
    return graph.params.includes(from.param) ? 'param' : undefined;
  }
}

function describe(from: GraphStep['inputs'][string]['from']): string {
  if ('step' in from) return `step "${from.step}"`;
  return 'pin' in from ? `pinned input "${from.pin}"` : `param "${from.param}"`;
}

/** The names along one cycle, first repeated at the end, or null. */
function findCycle(graph: Graph): string[] | null {
  const needs = new Map(
    graph.steps.map((step) => [
      step.name,
      Object.values(step.inputs).flatMap(({ from }) => ('step' in from ? [from.step] : [])),
    ]),
  );
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | null => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return null;
    path.push(name);
    for (const need of needs.get(name) ?? []) {
      const cycle = visit(need);
      if (cycle !== null) return cycle;
    }
    path.pop();
    done.add(name);
    return null;
  };
  for (const { name } of graph.steps) {
    const cycle = visit(name);
    if (cycle !== null) return cycle;
  }
  return null;
}
