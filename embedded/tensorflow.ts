import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire, Module } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { quietTensorflow } from '../config/env.js';
import { fetchWheel, type PipIndex, printableUrl, type WheelPin } from './wheel.js';

/** TensorFlow's libraries and the addon built against them. `version`: TensorFlow's. */
export interface NativeTensorflow {
  dir: string;
  version: string;
}

/** The release that @tensorflow/tfjs-node 4.22.0 can be compiled and run against. */
const VERSION = '2.15.1';

// The libraries and C headers are the same in the wheel of every Python; this is one of them.
const PIN: WheelPin = {
  project: 'tensorflow-cpu',
  version: VERSION,
  filename: `tensorflow_cpu-${VERSION}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`,
  sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
  bytes: 207_208_420,
  pipTags: [
    '--platform',
    'manylinux_2_17_x86_64',
    '--python-version',
    '3.11',
    '--implementation',
    'cp',
    '--abi',
    'cp311',
  ],
};

const ADDON = 'tfjs_binding.node';
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const HEADERS = /^tensorflow\/(include\/(?:tensorflow\/c|tensorflow\/core\/platform|tsl\/c|tsl\/platform)\/.*\.h)$/;
const INSTEAD =
  'Without it TensorFlow.js computes in JavaScript: alike, but many times slower for all but small models.';

/** Where npm left the package out, as its own download failed, it is put beside the libraries, without that download. */
const PACKAGE = '@tensorflow/tfjs-node';
const PACKAGE_VERSION = '4.22.0';

const require = createRequire(import.meta.url);

/**
 * Finds native TensorFlow in the cache; else, where `fetch` allows it, fetches the libraries (207 MB, 614 MB unpacked)
 * and compiles the addon (some seconds, with g++). Several processes may do so at once.
 * @param o.onProgress called with bytes while fetching; with 0 of 0 while compiling
 * @returns where it is; or, for people, why there is none and what to do
 */
export async function findTensorflow(o: {
  cacheDir: string;
  index: PipIndex;
  fetch: boolean;
  /** Whether pip may download; a test with an index of its own says no. */
  pip?: boolean;
  onProgress?: (message: string, doneBytes: number, totalBytes: number) => void;
}): Promise<NativeTensorflow | { missing: string }> {
  const dir = join(o.cacheDir, `tensorflow-${VERSION}-napi8`);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      missing: `Native TensorFlow is for Linux on x64, this is ${process.platform} on ${process.arch}. ${INSTEAD}`,
    };
  }
  if (await isComplete(dir)) return { dir, version: VERSION };
  if (!o.fetch) {
    return { missing: `Native TensorFlow is not in ${o.cacheDir}, and fetching it was not asked for. ${INSTEAD}` };
  }
  const compiler = await run('g++', ['--version']).catch(() => null);
  if (compiler === null) {
    return { missing: `Native TensorFlow is compiled with g++, which is not on PATH: install it. ${INSTEAD}` };
  }
  try {
    const building = `${dir}.building-${randomUUID()}`;
    await mkdir(building, { recursive: true });
    try {
      await removeAbandoned(dir);
      await fetchLibraries(building, o);
      if (packageFolder(building) === null) await installPackage(building);
      o.onProgress?.('compiling the addon of TensorFlow', 0, 0);
      await compileAddon(building);
      await publish(building, dir);
    } finally {
      await rm(building, { recursive: true, force: true });
    }
    return { dir, version: VERSION };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { missing: `Native TensorFlow could not be made. ${error.message}\n  ${INSTEAD}` };
  }
}

/**
 * Loads @tensorflow/tfjs-node with the addon of `native`; it then is the backend of TensorFlow.js in this process.
 * TensorFlow's own log on stderr is cut to errors, unless TF_CPP_MIN_LOG_LEVEL is set (0: all, 1: warnings, 2: errors).
 * A worker thread has only a copy of the environment: there, the variable must be set before the process starts.
 * @throws Error when the addon cannot be loaded
 */
export function loadTensorflow(native: NativeTensorflow): typeof import('@tensorflow/tfjs-node') {
  quietTensorflow();
  restoreUtil();
  // tfjs-node asks node-pre-gyp where its addon is: always a folder inside of its own package, which is not ours to
  // write into. So node-pre-gyp is, while tfjs-node loads, a module that answers with the addon of the cache.
  const entry = require.resolve(packageFolder(native.dir) ?? PACKAGE);
  const locator = createRequire(entry).resolve('@mapbox/node-pre-gyp');
  const original = require.cache[locator];
  const stand = new Module(locator);
  stand.exports = { find: () => join(native.dir, ADDON) };
  stand.loaded = true;
  require.cache[locator] = stand;
  try {
    return require(entry) as typeof import('@tensorflow/tfjs-node');
  } finally {
    if (original) require.cache[locator] = original;
    else delete require.cache[locator];
  }
}

/** tfjs-node calls two functions of node:util that Node 23 removed. */
function restoreUtil(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

async function fetchLibraries(into: string, o: Parameters<typeof findTensorflow>[0]): Promise<void> {
  const message = `fetching TensorFlow ${VERSION}, for deep nets, once (from ${printableUrl(o.index.indexUrl)})`;
  const pick = (entry: string) => {
    const library = LIBRARIES.find((name) => entry === `tensorflow/${name}`);
    const kept = library ?? HEADERS.exec(entry)?.[1];
    return kept === undefined ? null : join(into, kept);
  };
  await fetchWheel(PIN, o.index, pick, {
    temporaryDir: into,
    pip: o.pip ?? true,
    onProgress: (done, total) => o.onProgress?.(message, done, total),
  });
}

/** What node-gyp would do with tfjs-node's binding.gyp, and a first load in a process of its own: it may crash. */
async function compileAddon(dir: string): Promise<void> {
  const tfjsNode = packageFolder(dir)!;
  const nodeApi = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const include = join(dir, 'include');
  const binding = join(tfjsNode, 'binding');
  const sources = (await readdir(binding)).filter((name) => name.endsWith('.cc')).map((name) => join(binding, name));
  const addon = join(dir, ADDON);
  await run('g++', [
    ...['-shared', '-fPIC', '-std=c++17', '-O2', '-DNAPI_VERSION=8'],
    ...[nodeApi, tfjsNode, include].map((folder) => `-I${folder}`),
    ...sources,
    ...LIBRARIES.map((name) => join(dir, name)),
    '-Wl,-rpath,$ORIGIN',
    ...['-o', addon],
  ]);
  await rm(include, { recursive: true });
  const load =
    'try { process.dlopen({ exports: {} }, process.argv[1]) } catch (e) { console.error(e.message); process.exit(1) }';
  await run(process.execPath, ['-e', load, addon]);
}

/** Whoever is first wins; what another process has put there meanwhile is as good as ours. */
async function publish(building: string, dir: string): Promise<void> {
  if (await isComplete(dir)) return;
  await rm(dir, { recursive: true, force: true });
  await rename(building, dir).catch(async (error: unknown) => {
    if (!(await isComplete(dir))) throw error;
  });
}

/** Half builds of processes that were killed; one that is still worked on is younger than a day. */
async function removeAbandoned(dir: string): Promise<void> {
  const parent = dirname(dir);
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (!path.startsWith(`${dir}.building-`)) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > 24 * 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

/** The folder of tfjs-node: as it was installed with us, or beside the libraries. */
function packageFolder(dir: string): string | null {
  for (const from of [require, createRequire(join(dir, 'package.json'))]) {
    try {
      return dirname(from.resolve(`${PACKAGE}/package.json`));
    } catch {
      // Not there: the next place.
    }
  }
  return null;
}

async function installPackage(dir: string): Promise<void> {
  await writeFile(join(dir, 'package.json'), '{ "private": true }\n');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel', 'error'];
  await run('npm', ['install', '--prefix', dir, ...options, `${PACKAGE}@${PACKAGE_VERSION}`]);
}

async function isComplete(dir: string): Promise<boolean> {
  if (packageFolder(dir) === null) return false;
  const files = [ADDON, ...LIBRARIES].map((name) => access(join(dir, name), constants.R_OK));
  return (await Promise.allSettled(files)).every((file) => file.status === 'fulfilled');
}

/** @throws Error with the end of what the program wrote on stderr */
async function run(program: string, args: string[]): Promise<void> {
  await promisify(execFile)(program, args).catch((error: Error & { stderr?: string; signal?: string }) => {
    const said = error.stderr?.trim().slice(-2000) || error.signal || error.message;
    throw new Error(`${program} failed: ${said}`, { cause: error });
  });
}
