import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What a script that reads a source prints. */
export interface Measured {
  seconds: number;
  peakMiB: number;
}

/** Runs a script of this folder in a process of its own, so that its memory is its own; it prints one JSON line. */
export async function child<T>(script: string, ...args: string[]): Promise<T> {
  const path = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}

/** Most memory this process has had, in MiB. */
export const peakMiB = () => Math.round(process.resourceUsage().maxRSS / 1024);
