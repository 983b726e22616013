import type { Millrace } from '../client/millrace.js';
import { listModels, type ModelSummary, promoteModel } from '../client/models.js';
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
  await promoteModel(millrace, model, version);
  out.document({ model, version, champion: true });
  out.print(`${model} version ${version} is the champion: the next prediction uses it.`);
}

function splitName(name: string): { model: string; version: number | null } {
  const match = /^(.*)@(\d+)$/.exec(name);
  return match === null ? { model: name, version: null } : { model: match[1]!, version: Number(match[2]) };
}
