import type { Millrace } from '../client/millrace.js';
import {
  listChampions,
  listModels,
  type ModelSummary,
  promoteModel,
  rollbackModel,
  showModel,
} from '../client/models.js';
import { MillraceError } from '../config/errors.js';
import { count, type Output } from './output.js';
import { when } from './runs.js';

export async function listModelsCommand(out: Output, millrace: Millrace): Promise<void> {
  const models = await listModels(millrace);
  out.document(models);
  if (models.length === 0) return out.print('No models yet. Train one: millrace run sensor-training --set source=…');
  out.print(
    out.table(
      ['model', 'version', '', 'parent', 'k', 'chunks', 'silhouette', 'made'],
      models.map((model) => row(out, model)),
      [1, 3, 4, 5, 6],
    ),
  );
}

function row(
  out: Output,
  { model, version, champion, parent, params, metrics, createdAt }: ModelSummary,
): (string | number)[] {
  return [
    model,
    version,
    champion ? out.style('green', 'champion') : '',
    parent ?? '',
    String(params.k ?? ''),
    typeof metrics.chunks === 'number' ? count(metrics.chunks) : '',
    typeof metrics.silhouette === 'number' ? metrics.silhouette.toFixed(3) : '',
    when(createdAt),
  ];
}

/** Everything about the versions of a model: `name` or `name@version`. */
export async function showModelCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  const { model, version } = splitName(name);
  const all = await listModels(millrace, model);
  const chosen = version === null ? all : all.filter((each) => each.version === version);
  if (chosen.length === 0) {
    throw new MillraceError('MR_MODEL_MISSING', `there is no version ${version} of the model "${model}"`, {
      allowed: `its versions: ${all.map((each) => each.version).join(', ')}`,
    });
  }
  out.document(chosen);
  for (const each of chosen) {
    out.print(
      `${out.style('bold', `${each.model} version ${each.version}`)}${each.champion ? out.style('green', '  champion') : ''}`,
    );
    const { sizes, ...metrics } = each.metrics;
    const rows = [
      ['made', `${when(each.createdAt)} by ${each.runId}`],
      ['parent', each.parent === null ? 'none: a new lineage' : `version ${each.parent}`],
      ['trained to', each.trainedTo ?? ''],
      ['decision', typeof each.decision?.reason === 'string' ? each.decision.reason : ''],
      ...Object.entries({ ...each.params, ...metrics }).map(([key, value]) => [key, String(value)]),
      [
        'clusters',
        Array.isArray(sizes)
          ? sizes.map(({ id, chunks }: { id: number; chunks: number }) => `${id}: ${chunks}`).join('  ')
          : '',
      ],
      ...Object.entries(each.lineage).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ];
    out.print(`${out.table(['', ''], rows).split('\n').slice(1).join('\n')}\n`);
  }
}

export async function promoteModelCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  const { model, version } = splitName(name);
  if (version === null)
    throw new MillraceError('MR_CALL', 'which version?', { allowed: `millrace models promote ${model}@<version>` });
  const before = await promoteModel(millrace, model, version, 'promoted by hand');
  out.document({ model, version, before });
  out.print(`${model} version ${version} is the champion: the next prediction uses it.`);
}

/** Makes the champion before the present one champion again. */
export async function rollbackModelCommand(out: Output, millrace: Millrace, model: string): Promise<void> {
  const { from, to } = await rollbackModel(millrace, model, 'rolled back by hand');
  out.document({ model, version: to, before: from });
  out.print(`${model} version ${to} is the champion again, in place of version ${from}: the next prediction uses it.`);
}

/** Two versions side by side: by default the one named, beside the champion. */
export async function compareModelsCommand(
  out: Output,
  millrace: Millrace,
  name: string,
  otherName: string | undefined,
): Promise<void> {
  const one = splitName(name);
  const two = otherName === undefined ? { model: one.model, version: null } : splitName(otherName);
  const pair = [
    await showModel(millrace, one.model, one.version),
    await showModel(millrace, two.model, two.version),
  ] as const;
  const history = await listChampions(millrace, one.model);
  out.document({ versions: pair, champions: history });
  const head = pair.map((each) => `${each.model}@${each.version}${each.champion ? ' champion' : ''}`);
  const facts = pair.map(factsOf);
  const names = [...new Set(facts.flatMap((each) => Object.keys(each)))];
  const rows = names.map((fact) => [fact, ...facts.map((each) => each[fact] ?? '')]);
  out.print(out.table(['', ...head], rows, [1, 2]));
  for (const each of pair) {
    if (typeof each.decision?.reason !== 'string') continue;
    const verdict =
      each.decision.promote === true ? out.style('green', 'promoted') : out.style('yellow', 'not promoted');
    out.print(`\n  ${each.model}@${each.version} ${verdict}: ${each.decision.reason}`);
  }
}

function factsOf({ createdAt, parent, trainedTo, params, metrics, decision }: ModelSummary): Record<string, string> {
  const number = (value: unknown) => (typeof value === 'number' ? figure(value) : '');
  const heldOut = (decision?.figures as { challenger?: Record<string, unknown> } | null | undefined)?.challenger ?? {};
  return {
    made: when(createdAt),
    parent: parent === null ? 'none' : String(parent),
    'trained to': trainedTo ?? '',
    k: number(params.k),
    chunks: number(metrics.chunks),
    inertia: number(metrics.inertia),
    silhouette: number(metrics.silhouette),
    'Davies–Bouldin': number(metrics.daviesBouldin),
    ...Object.fromEntries(Object.entries(heldOut).map(([fact, value]) => [`held out: ${fact}`, number(value)])),
  };
}

const figure = (value: number) => (Number.isInteger(value) ? count(value) : value.toPrecision(4));

function splitName(name: string): { model: string; version: number | null } {
  const match = /^(.*)@(\d+)$/.exec(name);
  return match === null ? { model: name, version: null } : { model: match[1]!, version: Number(match[2]) };
}
