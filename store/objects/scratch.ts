import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/**
 * Makes this process's own folder for temporary files, and clears away those that killed processes of this host left
 * behind.
 */
export async function openScratch(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  const prefix = `${hostname()}-`;
  for (const name of await readdir(parent)) {
    const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    // Of a host whose name begins with that of this one, more stands there.
    if (!/^\d+$/.test(rest)) continue;
    const pid = Number(rest);
    if (pid === process.pid || !isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const own = join(parent, `${prefix}${process.pid}`);
  await mkdir(own, { recursive: true });
  return own;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
