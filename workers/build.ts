import { chmod, cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DIST, hashClosure, LIBRARIES } from './code-hashes.js';

/**
 * The part of the build that tsc does not do: migrations, what the page is made of beside code, what a project begins with, the workflow bundle and hashes of the steps' code. Does
 * nothing when it has been done since the last change.
 */
const root = resolve(DIST, '..');
const hashesFile = join(DIST, 'code-hashes.json');
const manifest = join(root, 'package.json');
const migrations = join(root, 'store/tables/migrations');
const page = join(root, 'api/page');
const template = join(root, 'project/template');
const PAGE_FILES = ['index.html', 'styles', 'icon.svg'];

const built = await stat(hashesFile).then(
  ({ mtimeMs }) => mtimeMs,
  () => -1,
);
if ((await newest([DIST, migrations, template, ...PAGE_FILES.map((file) => join(page, file)), manifest])) > built)
  await build();

async function build(): Promise<void> {
  await cp(migrations, join(DIST, 'store/tables/migrations'), { recursive: true });
  for (const file of PAGE_FILES) await cp(join(page, file), join(DIST, 'api/page', file), { recursive: true });
  await rm(join(DIST, 'project/template'), { recursive: true, force: true });
  await cp(template, join(DIST, 'project/template'), { recursive: true });
  await chmod(join(DIST, 'cli/main.js'), 0o755);

  // Loaded here, as it takes a second that most builds do not need.
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const silent = { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: join(DIST, 'workflows/index.js'), logger: silent });
  await writeFile(join(DIST, 'workflow-bundle.js'), code);

  const { dependencies } = JSON.parse(await readFile(manifest, 'utf8')) as { dependencies: Record<string, string> };
  const versions = Object.fromEntries(LIBRARIES.map((name) => [name, dependencies[name]!]));
  const hashes: Record<string, string> = {};
  for (const file of await readdir(join(DIST, 'activities'))) {
    if (file.endsWith('.js')) hashes[file.slice(0, -3)] = await hashClosure(join(DIST, 'activities', file), versions);
  }
  await writeFile(hashesFile, JSON.stringify(hashes, null, 2));
}

/** When the last of these files, or of the files in these folders, was changed; 0 when there is none. */
async function newest(paths: string[]): Promise<number> {
  const times = await Promise.all(
    paths.map(async (path) => {
      const found = await stat(path).catch(() => null);
      if (found === null) return 0;
      if (!found.isDirectory()) return path === hashesFile || path.endsWith('.tsbuildinfo') ? 0 : found.mtimeMs;
      return newest((await readdir(path)).map((name) => join(path, name)));
    }),
  );
  return Math.max(0, ...times);
}
