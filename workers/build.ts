import { chmod, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { DIST, hashClosure, LIBRARIES } from './code-hashes.js';

/**
 * The part of the build that tsc does not do: migrations, the workflow bundle and hashes of the steps' code.
 */
const root = resolve(DIST, '..');

await cp(join(root, 'store/tables/migrations'), join(DIST, 'store/tables/migrations'), { recursive: true });

const silent = { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };
const { code } = await bundleWorkflowCode({ workflowsPath: join(DIST, 'workflows/index.js'), logger: silent });
await writeFile(join(DIST, 'workflow-bundle.js'), code);

const versions: Record<string, string> = {};
const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
for (const name of LIBRARIES) versions[name] = dependencies[name]!;
const hashes: Record<string, string> = {};
for (const file of await readdir(join(DIST, 'activities'))) {
  if (file.endsWith('.js')) hashes[file.slice(0, -3)] = await hashClosure(join(DIST, 'activities', file), versions);
}
await writeFile(join(DIST, 'code-hashes.json'), JSON.stringify(hashes, null, 2));

await chmod(join(DIST, 'cli/main.js'), 0o755);
