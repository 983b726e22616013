import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import type { Output } from './output.js';

const OURS = fileURLToPath(new URL('../..', import.meta.url));
const TEMPLATE = fileURLToPath(new URL('../project/template', import.meta.url));
/** npm leaves files of that name out of packages. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };
/** What a new folder may have in it that `npm init` and `npm install` made. */
const BY_NPM = ['package.json', 'package-lock.json', 'node_modules'];

const dependencies = z.record(z.string(), z.string()).default({});
const packageSchema = z.looseObject({
  name: z.string().optional(),
  type: z.string().optional(),
  scripts: z.record(z.string(), z.string()).default({}),
  dependencies,
  devDependencies: dependencies,
});

type Package = z.output<typeof packageSchema>;

/** Makes a small project: one pipeline, one step of its own, one test. Files that are there stay as they are. */
export async function initCommand(out: Output, folder: string): Promise<void> {
  const target = resolve(readEnv().cwd, folder);
  const there = await readdir(target).catch((): string[] => []);
  if (there.includes('project.ts')) {
    throw new MillraceError('MR_CALL', `${target} has a project already: project.ts`, {
      next: 'take another folder: millrace init <folder>',
    });
  }
  const isNew = there.every((name) => BY_NPM.includes(name) || name.startsWith('.'));
  const manifest = await packageOf(target, isNew);
  await mkdir(target, { recursive: true });
  const made: string[] = [];
  const kept: string[] = [];
  for (const from of await filesIn(TEMPLATE)) {
    const name = relative(TEMPLATE, from).split(sep).join('/');
    const to = RENAMED[name] ?? name;
    const isThere = await readFile(join(target, to)).then(
      () => true,
      () => false,
    );
    (isThere ? kept : made).push(to);
    if (isThere) continue;
    await mkdir(dirname(join(target, to)), { recursive: true });
    await cp(from, join(target, to));
  }
  await writeFile(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  out.document({ folder: target, made: [...made, 'package.json'].sort(), kept });
  show(out, target, made, kept);
}

function show(out: Output, target: string, made: readonly string[], kept: readonly string[]): void {
  const into = relative(readEnv().cwd, target);
  const files: Record<string, string> = {
    'pipelines/daily-swings.ts': 'a pipeline: reads files, cuts chunks, and hands them to your step',
    'activities/swings.ts': 'your step: a row of numbers of each sensor and day',
    'test/daily-swings.test.ts': 'its test, and one of the whole pipeline',
    'project.ts': 'what Millrace loads',
    'millrace.yaml': 'where that stands, and what params are set',
  };
  const rows = Object.entries(files).filter(([name]) => made.includes(name));
  out.print(`  ${out.style('bold', target)}\n`);
  out.print(out.table(['', ''], rows).split('\n').slice(1).join('\n'));
  for (const name of kept) {
    const note = name === 'millrace.yaml' ? '; add to it: project: ./project.ts' : '';
    out.print(`  ${out.style('yellow', '!')} ${name} was there, and stays as it is${note}`);
  }
  const commands = [...(into === '' ? [] : [`cd ${into}`]), 'npm install', 'npm test', 'npx millrace run daily-swings'];
  out.print(`\n  next:\n${commands.map((command) => `    ${command}`).join('\n')}`);
}

/** The package.json that it is to have. @throws MillraceError MR_CALL where the one that is there stands in the way */
async function packageOf(target: string, isNew: boolean): Promise<Package> {
  const path = join(target, 'package.json');
  const text = await readFile(path, 'utf8').catch(() => null);
  const before = packageSchema.safeParse(text === null ? {} : parsed(text));
  if (!before.success) throw new MillraceError('MR_CALL', `${path} is no package.json: ${before.error.message}`);
  if (!isNew && before.data.type !== 'module') {
    throw new MillraceError('MR_CALL', `the modules of ${path} are not ES modules`, {
      allowed: '"type": "module"',
      next: 'set it, or take another folder: millrace init <folder>',
    });
  }
  const ours = packageSchema.parse(parsed(await readFile(join(OURS, 'package.json'), 'utf8')));
  const dev = ['@types/node', 'typescript', 'vitest'].map((name) => [name, ranged(ours.devDependencies[name]!)]);
  const { scripts, dependencies: own, devDependencies, ...rest } = before.data;
  return {
    name: basename(target)
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-'),
    private: true,
    ...rest,
    type: 'module',
    scripts: { types: 'tsc', ...scripts, test: testScript(scripts.test) },
    dependencies: { millrace: whereFrom(target, String(ours.version)), ...own },
    devDependencies: { ...Object.fromEntries(dev), ...devDependencies },
  };
}

/** What `npm init` writes tests nothing. */
const testScript = (before?: string) => (before === undefined || before.includes('no test') ? 'vitest run' : before);

/** A version that is installed, from the registry; else the folder that it runs from. */
function whereFrom(target: string, version: string): string {
  return OURS.split(sep).includes('node_modules') ? `^${version}` : `file:${relative(target, OURS)}`;
}

const ranged = (version: string) => (/^\d/.test(version) ? `^${version}` : version);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
