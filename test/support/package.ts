import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const NODE_MODULES = resolve('node_modules');

/**
 * Installs the package into a folder as users get it: what is packed, and beside it links to the packages that an
 * installation would bring, and to no other.
 * @param more packages that the folder has of its own
 */
export async function installPackage(folder: string, more: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { stdout } = await execute('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const own = join(folder, 'node_modules/millrace');
  await mkdir(own, { recursive: true });
  await execute('tar', ['xzf', join(folder, filename), '-C', own, '--strip-components', '1']);
  const { dependencies, optionalDependencies } = JSON.parse(await readFile(join(own, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
  };
  const optional = Object.keys(optionalDependencies).filter((name) => existsSync(join(NODE_MODULES, name)));
  for (const name of [...Object.keys(dependencies), ...optional, ...more]) {
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true });
    await symlink(join(NODE_MODULES, name), join(folder, 'node_modules', name));
  }
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
  await symlink('../millrace/dist/cli/main.js', join(folder, 'node_modules/.bin/millrace'));
}
