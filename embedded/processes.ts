import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A process, told apart from a later one that got the same number. */
export interface ProcessId {
  pid: number;
  /** When it began, in the words of the operating system. */
  started: string;
}

/** The identity of a running process, or null. */
export async function identify(pid: number): Promise<ProcessId | null> {
  if (process.platform === 'linux') {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // The name in brackets may hold anything, so fields are counted from behind it; state, then 18 more, then start.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : { pid, started: fields[19]! };
    } catch {
      return null;
    }
  }
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.trim() === '' ? null : { pid, started: stdout.trim() };
  } catch {
    return null;
  }
}

export async function isAlive(id: ProcessId | null | undefined): Promise<boolean> {
  if (id === null || id === undefined) return false;
  return (await identify(id.pid))?.started === id.started;
}

/** Ends a process: the signal first, then by force. Does nothing when it is gone or the number has a new owner. */
export async function end(id: ProcessId | null | undefined, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (id === null || id === undefined || !(await isAlive(id))) return;
  kill(id.pid, signal);
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline) {
    if (!(await isAlive(id))) return;
    await sleep(50);
  }
  if (await isAlive(id)) kill(id.pid, 'SIGKILL');
  while (await isAlive(id)) await sleep(20);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}
