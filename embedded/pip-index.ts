import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Env } from '../config/env.js';

const PYPI = 'https://pypi.org/simple';

/** The package index that pip would ask: its environment variable, its configuration files, PyPI. */
export async function pipIndex({ pip }: Pick<Env, 'pip'>): Promise<{ indexUrl: string }> {
  if (pip.indexUrl !== undefined) return { indexUrl: pip.indexUrl };
  const files = [
    pip.configFile,
    join(homedir(), '.config/pip/pip.conf'),
    join(homedir(), '.pip/pip.conf'),
    '/etc/pip.conf',
  ];
  for (const file of files) {
    if (file === undefined) continue;
    const text = await readFile(file, 'utf8').catch(() => '');
    const found = /^\s*index-url\s*[=:]\s*(\S+)/m.exec(text);
    if (found !== null) return { indexUrl: found[1]! };
  }
  return { indexUrl: PYPI };
}
