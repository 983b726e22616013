import { isAbsolute, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Pipeline } from '../client/pipelines.js';
import { loadConfig } from '../config/config-file.js';
import type { Env } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { readYaml } from '../config/yaml-file.js';
import { loadProject } from '../project/load.js';

export interface ParamOptions {
  set: string[];
  params?: string;
  /** Params that stand with a schedule, over those of the pipeline. */
  own?: Record<string, unknown>;
}

/**
 * The params of a run: from `millrace.yaml`, over them a params file, over them `--set`. Sources become absolute.
 * @throws MillraceError MR_CONFIG, MR_CALL, MR_PARAM, MR_PROJECT
 */
export async function gatherParams(
  env: Env,
  pipeline: string,
  options: ParamOptions,
): Promise<Record<string, unknown>> {
  const { pipelines } = await loadProject(env);
  const declared = pipelines.named(pipeline);
  const known = Object.keys(declared.params.shape);
  const config = await loadConfig(env.cwd, env.config);
  const params: Record<string, unknown> = {};
  for (const [name, own] of Object.entries(config.value.pipelines)) {
    if (!pipelines.names.includes(name)) {
      throw new MillraceError(
        'MR_CONFIG',
        `${config.where(['pipelines', name])} there is no pipeline "${name}".${didYouMean(name, pipelines.names)}`,
      );
    }
    if (name !== pipeline) continue;
    checkNames(Object.keys(own), known, (key) => config.where(['pipelines', name, key]));
    Object.assign(params, own);
  }
  Object.assign(params, options.own);
  if (options.params !== undefined) {
    const file = await readYaml(resolve(env.cwd, options.params), z.record(z.string(), z.unknown()));
    checkNames(Object.keys(file.value), known, (key) => file.where([key]));
    Object.assign(params, file.value);
  }
  setParams(declared, params, options.set);
  if (typeof params.source === 'string') params.source = absolute(env, params.source);
  declared.parse(params);
  return params;
}

/** Params of a run with those of `--set` over them. */
export function paramsOver(
  env: Env,
  pipeline: Pipeline,
  params: Readonly<Record<string, unknown>>,
  set: readonly string[],
): Record<string, unknown> {
  const all = { ...params };
  setParams(pipeline, all, set);
  if (typeof all.source === 'string') all.source = absolute(env, all.source);
  return all;
}

function checkNames(names: string[], known: string[], where: (name: string) => string): void {
  const wrong = names.filter((name) => !known.includes(name));
  if (wrong.length === 0) return;
  const lines = wrong.map((name) => `${where(name)} there is no param "${name}".${didYouMean(name, known)}`);
  throw new MillraceError('MR_CONFIG', lines.join('\n  '), { allowed: `params: ${known.join(', ')}` });
}

/**
 * `k=5`, `files=[a*.csv]`, `gate.margin=0.02`: texts stay texts; anything else is read as YAML, so numbers, lists and
 * null are as they look.
 */
function setParams(pipeline: Pipeline, params: Record<string, unknown>, pairs: readonly string[]): void {
  const schema = z.toJSONSchema(pipeline.params, { io: 'input' }) as JsonObject;
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1)
      throw new MillraceError('MR_CALL', `--set ${pair}: there is no "="`, {
        allowed: '--set name=value, for example --set k=5',
      });
    const text = pair.slice(at + 1);
    const path = pair.slice(0, at).split('.');
    const name = path.pop()!;
    let within = params;
    let about: JsonObject | undefined = schema;
    for (const part of path) {
      within[part] = { ...(within[part] as object | undefined) };
      within = within[part] as Record<string, unknown>;
      about = about?.properties?.[part];
    }
    const kind = JSON.stringify(about?.properties?.[name] ?? {});
    const isText = kind.includes('"string"') && !kind.includes('"array"') && !kind.includes('"object"');
    within[name] = isText && text !== 'null' ? text : parseValue(pair, text);
  }
}

function parseValue(pair: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const why = (cause as Error).message.split('\n')[0];
    throw new MillraceError(
      'MR_CALL',
      `--set ${pair}: ${why}`,
      { allowed: `a value as in YAML; signs like * in quotes: --set 'files=["*.csv"]'` },
      { cause },
    );
  }
}

/** As much of a JSON schema as is looked at. */
interface JsonObject {
  properties?: Record<string, JsonObject>;
}

const absolute = ({ cwd }: Env, source: string) =>
  isAbsolute(source) || /^[a-z0-9]+:\/\//.test(source) ? source : resolve(cwd, source);
