import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFIG_FILE, loadConfig } from '../config/config-file.js';
import type { Env } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import { Pipelines } from '../pipelines/pipelines.js';
import { defineProject, type Project } from './define.js';
import { hashProject } from './hash.js';

/** The pipelines there are, and of which code the project is; null where there is none. */
export interface LoadedProject {
  pipelines: Pipelines;
  hash: string | null;
}

type Place = Pick<Env, 'cwd' | 'config' | 'project'>;

/** The file of the project that the environment or `millrace.yaml` names; null where none does. @throws MillraceError MR_CONFIG */
export async function projectFile({ cwd, config, project }: Place): Promise<string | null> {
  if (project !== undefined) return project;
  const { value } = await loadConfig(cwd, config);
  if (value.project === null) return null;
  const folder = config === undefined ? cwd : dirname(resolve(cwd, config));
  return resolve(folder, value.project);
}

/** Of which code the project is now, whatever of it is loaded; null where there is none. */
export async function projectHash(place: Place): Promise<string | null> {
  const file = await projectFile(place);
  return file === null ? null : hashProject(file);
}

const loaded = new Map<string, Promise<LoadedProject>>();

/**
 * Loads the project that `millrace.yaml` names, in TypeScript or JavaScript. A process loads it once.
 * @throws MillraceError MR_PROJECT where it cannot be loaded, or is none
 */
export async function loadProject(place: Place): Promise<LoadedProject> {
  const file = await projectFile(place);
  if (file === null) return { pipelines: new Pipelines(), hash: null };
  const there = loaded.get(file) ?? load(file);
  loaded.set(file, there);
  return there;
}

async function load(file: string): Promise<LoadedProject> {
  const named = `the project ${file}`;
  await access(file).catch(() => {
    throw new MillraceError('MR_PROJECT', `${named} does not exist`, {
      allowed: `project: in ${CONFIG_FILE} names a file, as ./project.ts`,
    });
  });
  // Of some versions of Node, their own reading of TypeScript does not find `./name.ts` where `./name.js` is imported.
  // What runs is what the project is written with, whichever copy of Millrace it has installed.
  const alias = { 'millrace/pipeline': fileURLToPath(new URL('pipeline.js', import.meta.url)) };
  // Most commands are called where there is no project.
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, { fsCache: false, tryNative: false, alias });
  const exported: unknown = await jiti.import(file, { default: true }).catch((cause: unknown) => {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('MR_PROJECT', `${named} cannot be loaded: ${messageOf(cause)}`, {}, { cause });
  });
  if (!isProject(exported)) {
    throw new MillraceError('MR_PROJECT', `${named} does not export a project`, {
      allowed: 'export default defineProject({ pipelines: […] }), from millrace/pipeline',
    });
  }
  return { pipelines: new Pipelines(defineProject(exported).pipelines), hash: await hashProject(file) };
}

/** As far as can be seen. */
function isProject(exported: unknown): exported is Project {
  if (typeof exported !== 'object' || exported === null || !('pipelines' in exported)) return false;
  return Array.isArray(exported.pipelines) && exported.pipelines.every(isPipeline);
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && 'graph' in value && 'params' in value && 'parse' in value;
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
