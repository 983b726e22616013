import { z } from 'zod';
import { directNeeds, layOut, PIPELINES, pipelineNamed, toMermaid } from '../client/pipelines.js';
import type { Output } from './output.js';

export function listPipelines(out: Output): void {
  out.document(
    PIPELINES.map(({ graph }) => ({
      name: graph.name,
      title: graph.title,
      steps: graph.steps.map(({ name }) => name),
    })),
  );
  out.print(
    out.table(
      ['pipeline', '', 'steps'],
      PIPELINES.map(({ graph }) => [graph.name, graph.title, graph.steps.length]),
    ),
  );
}

interface JsonParam {
  type?: string;
  enum?: unknown[];
  anyOf?: JsonParam[];
  items?: JsonParam;
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  format?: string;
}

/** A pipeline's steps and params, with types, ranges and defaults. */
export function showPipeline(out: Output, name: string): void {
  const { graph, params } = pipelineNamed(name);
  const schema = z.toJSONSchema(params, { io: 'input' }) as {
    properties: Record<string, JsonParam>;
    required?: string[];
  };
  out.document({ name, title: graph.title, doc: graph.doc, steps: layOut(graph), params: schema });
  out.print(`${out.style('bold', name)}  ${graph.title}\n\n  ${graph.doc}\n`);
  const steps = layOut(graph).map(({ name: step, mapped, queue, doc }) => [step, mapped ? 'mapped' : '', queue, doc]);
  out.print(`${out.table(['step', '', 'queue', 'what it does'], steps)}\n`);
  const rows = Object.entries(schema.properties).map(([param, about]) => [
    param,
    typeOf(about),
    schema.required?.includes(param) ? out.style('yellow', 'needed') : JSON.stringify(about.default),
    about.description ?? '',
  ]);
  out.print(out.table(['param', 'type', 'default', ''], rows));
}

/** The drawing of a pipeline, as text or Mermaid. */
export function graphPipeline(out: Output, name: string, mermaid: boolean): void {
  const { graph } = pipelineNamed(name);
  const nodes = layOut(graph);
  out.document({ name, nodes, mermaid: toMermaid(graph) });
  if (mermaid) {
    out.print(toMermaid(graph));
    return;
  }
  const needs = directNeeds(nodes);
  const width = Math.max(...nodes.map((node) => node.name.length));
  for (const { name: step, mapped } of nodes) {
    const from = needs.get(step)!;
    out.print(
      `  ${step.padEnd(width)} ${mapped ? '≡' : ' '}${from.length > 0 ? out.style('dim', `  ← ${from.join(', ')}`) : ''}`,
    );
  }
  out.print(out.style('dim', '\n  ≡ mapped: planned, done in batches, gathered'));
}

function typeOf(param: JsonParam): string {
  if (param.anyOf !== undefined) return param.anyOf.map(typeOf).join(' or ');
  if (param.enum !== undefined) return param.enum.join(' | ');
  if (param.type === 'array') return `list of ${param.items === undefined ? 'values' : typeOf(param.items)}`;
  const range =
    param.minimum === undefined
      ? ''
      : ` ${param.minimum} … ${param.maximum === undefined || param.maximum > 1e15 ? '' : param.maximum}`;
  return `${param.format === 'date' ? 'date' : (param.type ?? 'any')}${range}`;
}
