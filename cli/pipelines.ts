import type { Command } from 'commander';
import { z } from 'zod';
import { directNeeds, layOut, type Pipelines, toMermaid } from '../client/pipelines.js';
import { readEnv } from '../config/env.js';
import { loadProject } from '../project/load.js';
import { explainCommand } from './explain.js';
import { gather, JSON_OPTION, PARAMS_OPTION, SET_MEANING, SET_OPTION } from './options.js';
import type { Output } from './output.js';
import type { ParamOptions } from './params.js';

/** What there is to run. */
export function addPipelines(program: Command, out: Output): void {
  const own = program.command('pipelines').description('the pipelines there are');
  const there = async () => (await loadProject(readEnv())).pipelines;
  own
    .command('list')
    .description('names and titles')
    .option(...JSON_OPTION)
    .action(async () => listPipelines(out, await there()));
  own
    .command('show <pipeline>')
    .description('steps, and params with types, ranges and defaults')
    .option(...JSON_OPTION)
    .action(async (name: string) => showPipeline(out, await there(), name));
  own
    .command('graph <pipeline>')
    .description('the drawing of the steps')
    .option('--mermaid', 'as Mermaid text')
    .option(...JSON_OPTION)
    .action(async (name: string, { mermaid = false }: { mermaid?: boolean }) =>
      graphPipeline(out, await there(), name, mermaid),
    );
  own
    .command('explain <pipeline>')
    .description('what a run would be: chunks, what is kept, batches, events, bytes, memory, time')
    .option(SET_OPTION, SET_MEANING, gather, [])
    .option(...PARAMS_OPTION)
    .option(...JSON_OPTION)
    .action((name: string, options: ParamOptions) => explainCommand(out, name, options));
}

function listPipelines(out: Output, { all }: Pipelines): void {
  out.document(
    all.map(({ graph }) => ({
      name: graph.name,
      title: graph.title,
      steps: graph.steps.map(({ name }) => name),
    })),
  );
  out.print(
    out.table(
      ['pipeline', '', 'steps'],
      all.map(({ graph }) => [graph.name, graph.title, graph.steps.length]),
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
function showPipeline(out: Output, pipelines: Pipelines, name: string): void {
  const { graph, params } = pipelines.named(name);
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
function graphPipeline(out: Output, pipelines: Pipelines, name: string, mermaid: boolean): void {
  const { graph } = pipelines.named(name);
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
