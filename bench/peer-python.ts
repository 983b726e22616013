import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGES = ['numpy==2.2.6', 'pandas==2.3.3', 'scipy==1.15.3', 'scikit-learn==1.7.2'];
const VENV = join(homedir(), '.cache/millrace/bench-peers');

/** A Python with the peers in it, made on first need; null, with the reason said, when there is none. */
export async function peerPython(): Promise<string | null> {
  const python = join(VENV, 'bin/python');
  const run = promisify(execFile);
  try {
    if (
      !(await access(python).then(
        () => true,
        () => false,
      ))
    )
      await run('python3', ['-m', 'venv', VENV]);
    await run(python, ['-c', 'import numpy, pandas, scipy, sklearn']).catch(async () => {
      console.error(`installing the peers (${PACKAGES.join(', ')}) into ${VENV}`);
      await run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]);
    });
    return python;
  } catch (error) {
    console.error(`no Python peers: ${(error as Error).message.split('\n')[0]}`);
    return null;
  }
}
