import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGES = [
  ...['numpy==2.2.6', 'pandas==2.3.3', 'scipy==1.15.3', 'scikit-learn==1.7.2'],
  ...['fastapi==0.121.3', 'uvicorn[standard]==0.38.0'],
];
const VENV = join(homedir(), '.cache/millrace/bench-peers');

/** A Python with the peers in it: installed where `--peers` allows it; null, with the reason said, when there is none. */
export async function peerPython(): Promise<string | null> {
  const python = join(VENV, 'bin/python');
  const run = promisify(execFile);
  const works = () => run(python, ['-c', 'import fastapi, numpy, pandas, scipy, sklearn, uvicorn']);
  try {
    return await works().then(() => python);
  } catch {
    if (!process.argv.includes('--peers')) {
      console.error('no Python peers; npm run bench -- --peers installs them');
      return null;
    }
  }
  try {
    console.error(`installing the peers (${PACKAGES.join(', ')}) into ${VENV}`);
    await run('python3', ['-m', 'venv', VENV]);
    await run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]);
    return await works().then(() => python);
  } catch (error) {
    console.error(`no Python peers: ${(error as Error).message.split('\n')[0]}`);
    return null;
  }
}
