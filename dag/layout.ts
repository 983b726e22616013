import type { Graph } from './declare.js';

/** A step's place in the drawing: its rank from the left, and the steps it waits for. */
export interface Node {
  name: string;
  rank: number;
  needs: string[];
  mapped: boolean;
  queue: string;
  doc: string;
}

/** Lays a graph out: every step one rank behind the last of those it needs, in the order of declaration within a rank. */
export function layOut(graph: Graph): Node[] {
  const ranks = new Map<string, number>();
  const needsOf = (name: string) => {
    const step = graph.steps.find((each) => each.name === name)!;
    return [...new Set(Object.values(step.inputs).flatMap(({ from }) => ('step' in from ? [from.step] : [])))];
  };
  const rank = (name: string): number => {
    const known = ranks.get(name);
    if (known !== undefined) return known;
    const own = Math.max(-1, ...needsOf(name).map(rank)) + 1;
    ranks.set(name, own);
    return own;
  };
  return graph.steps
    .map(({ name, kind }) => ({
      name,
      rank: rank(name),
      needs: needsOf(name),
      mapped: kind.mapped,
      queue: kind.queue,
      doc: kind.doc,
    }))
    .sort((a, b) => a.rank - b.rank);
}

/** Edges that say nothing new: `a → c` where `a → b → c` is there, are left out of drawings. */
export function directNeeds(nodes: readonly Node[]): Map<string, string[]> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const reaches = (from: string, to: string): boolean =>
    byName.get(from)!.needs.some((need) => need === to || reaches(need, to));
  return new Map(
    nodes.map(({ name, needs }) => [
      name,
      needs.filter((need) => !needs.some((other) => other !== need && reaches(other, need))),
    ]),
  );
}

/** The graph as Mermaid text. */
export function toMermaid(graph: Graph): string {
  const nodes = layOut(graph);
  const id = (name: string) => name.replaceAll('-', '_');
  const boxes = nodes.map(({ name, mapped }) => `  ${id(name)}${mapped ? `[["${name}"]]` : `["${name}"]`}`);
  const edges = [...directNeeds(nodes)].flatMap(([name, needs]) =>
    needs.map((need) => `  ${id(need)} --> ${id(name)}`),
  );
  return ['flowchart LR', ...boxes, ...edges].join('\n');
}
