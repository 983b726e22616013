import { randomUUID } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { MillraceError } from '../../config/errors.js';
import type { ObjectStore } from './object-store.js';

/** An object store in a folder of this machine. */
export class FolderStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = resolve(root);
  }

  async has(key: string): Promise<boolean> {
    return access(this.#path(key)).then(
      () => true,
      () => false,
    );
  }

  async read(key: string): Promise<Buffer> {
    return readFile(this.#path(key)).catch((error: unknown) => this.#missing(key, error));
  }

  async write(key: string, bytes: Uint8Array | string): Promise<void> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${randomUUID()}.tmp`;
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  }

  async adopt(key: string, file: string): Promise<void> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true });
    await rename(file, path);
  }

  async local(key: string): Promise<string> {
    const path = this.#path(key);
    await access(path).catch((error: unknown) => this.#missing(key, error));
    return path;
  }

  async list(prefix: string): Promise<string[]> {
    const entries = await readdir(this.#path(prefix), { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(this.#root.length + 1)
          .split(sep)
          .join('/'),
      )
      .sort();
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async scratch(): Promise<string> {
    const parent = join(this.#root, 'scratch');
    await mkdir(parent, { recursive: true });
    return mkdtemp(join(parent, 'work-'));
  }

  describe(key: string): string {
    return this.#path(key);
  }

  #path(key: string): string {
    const path = resolve(this.#root, key);
    if (!path.startsWith(this.#root + sep)) throw new Error(`object key "${key}" leaves the store`);
    return path;
  }

  #missing(key: string, cause: unknown): never {
    throw new MillraceError(
      'MR_OBJECT_MISSING',
      `the object ${key} is not in the store at ${this.#root}`,
      { next: 'run the pipeline again: what is missing is made again' },
      { cause },
    );
  }
}
