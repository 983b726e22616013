import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { hashJson } from '../store/hash.js';

/** A file that is imported as `./name.js` may be written in TypeScript. */
const WRITTEN_AS: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx', '.js'],
  '.mjs': ['.mts', '.mjs'],
  '.cjs': ['.cts', '.cjs'],
};
const ENDINGS = ['', '.ts', '.js', '.mts', '.mjs', '.json', '/index.ts', '/index.js'];

/**
 * Hashes what a file and all that it imports of its project say, and the versions of the packages in the way. Editing
 * these, and nothing else, makes outputs stale that the project's steps made.
 */
export async function hashProject(entry: string): Promise<string> {
  const seen = new Map<string, string>();
  const packages = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    const code = await readFile(file, 'utf8');
    seen.set(file, code);
    for (const [, specifier] of code.matchAll(/(?:from|import|require)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      if (!specifier!.startsWith('.')) packages.add(packageOf(specifier!));
      else {
        const found = await find(resolve(dirname(file), specifier!));
        if (found !== null) await visit(found);
      }
    }
  };
  await visit(entry);
  const folder = dirname(entry);
  const files = [...seen]
    .map(([file, code]) => [relative(folder, file).split(sep).join('/'), code])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  const versions = await Promise.all([...packages].sort().map(async (name) => [name, await versionOf(name, folder)]));
  return hashJson([files, versions]);
}

/** The file that an import means, or null where it is none of the project's own. */
async function find(path: string): Promise<string | null> {
  const [, stem = path, ending = ''] = /^(.*)(\.[mc]?js)$/.exec(path) ?? [];
  const candidates = [...(WRITTEN_AS[ending] ?? []).map((other) => stem + other), ...ENDINGS.map((end) => path + end)];
  for (const candidate of candidates) {
    const found = await readFile(candidate).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return null;
}

const packageOf = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** The version of an installed package, or null: Node's own have none. */
async function versionOf(name: string, folder: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    const text = await readFile(join(at, 'node_modules', name, 'package.json'), 'utf8').catch(() => null);
    if (text !== null) return String((JSON.parse(text) as { version?: unknown }).version);
    if (dirname(at) === at) return null;
  }
}
