import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashBytes } from '../store/hash.js';

/** Root of the compiled code. */
export const DIST = fileURLToPath(new URL('..', import.meta.url));

const FILE = resolve(DIST, 'code-hashes.json');

/** Hashes of the steps' code, made by the build. */
export async function codeHashes(): Promise<Record<string, string>> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Record<string, string>;
}

/** Libraries whose version changes what a step puts out. */
const LIBRARIES = [
  '@duckdb/node-api',
  '@e965/xlsx',
  'csv-parse',
  'fzstd',
  'hyparquet',
  'hyparquet-writer',
  'node-sqlite3-wasm',
  'yauzl',
];

/**
 * Hashes what a compiled file and all it imports of ours say, and the versions of the libraries in the way. Editing a
 * step's code, and nothing else, makes its kept outputs stale.
 */
export async function hashClosure(entry: string, versions: Record<string, string>): Promise<string> {
  const seen = new Map<string, string>();
  const libraries = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    const code = await readFile(file, 'utf8');
    seen.set(file, code);
    // What runs in a thread is named, not imported.
    for (const [, task] of code.matchAll(/parallel\.run\(\s*['"](\w+)['"]/g)) await visit(await fileOfTask(task!));
    if (/workbooks\.(sheets|toCsv)\(/.test(code)) await visit(resolve(DIST, 'workers/workbook-tasks.js'));
    for (const [, specifier] of code.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      if (specifier!.startsWith('.')) await visit(resolve(dirname(file), specifier!));
      else
        for (const name of LIBRARIES) if (specifier === name || specifier!.startsWith(`${name}/`)) libraries.add(name);
    }
  };
  await visit(entry);
  const files = [...seen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([file, code]) => [relative(DIST, file).split(sep).join('/'), code]);
  const used = [...libraries].sort().map((name) => `${name}@${versions[name]}`);
  return hashBytes(JSON.stringify([files, used]));
}

/** The compiled file of a task of the worker threads. */
async function fileOfTask(task: string): Promise<string> {
  const tasks = resolve(DIST, 'workers/thread-tasks.js');
  for (const [, name, as, path] of (await readFile(tasks, 'utf8')).matchAll(
    /export \{ (\w+)(?: as (\w+))? \} from ['"]([^'"]+)['"]/g,
  ))
    if (task === (as ?? name)) return resolve(dirname(tasks), path!);
  throw new Error(`no worker thread knows the task "${task}"`);
}

export { LIBRARIES };
