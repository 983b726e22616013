import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { MillraceError } from '../../config/errors.js';
import type { FoundObject, ObjectStore, Stored } from './object-store.js';
import { openScratch } from './scratch.js';

/** An object store in a folder of this machine. */
export class FolderStore implements ObjectStore {
  readonly #root: string;
  /** Beside the objects, so that finished files are taken in by a rename. */
  #scratch: Promise<string> | undefined;

  constructor(root: string) {
    this.#root = resolve(root);
  }

  async has(key: string): Promise<boolean> {
    return access(this.#path(key)).then(
      () => true,
      (error: unknown) => {
        if (isAbsent(error)) return false;
        throw error;
      },
    );
  }

  async read(key: string): Promise<Buffer> {
    return readFile(this.#path(key)).catch((error: unknown) => this.#missing(key, error));
  }

  async write(key: string, bytes: Uint8Array | string): Promise<void> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true });
    // Where what a killed process leaves is cleared away.
    const temporary = join(await this.#own(), randomUUID());
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  }

  async adopt({ uri }: Stored, file: string): Promise<void> {
    const path = this.#path(uri);
    await mkdir(dirname(path), { recursive: true });
    await rename(file, path);
  }

  /** The objects themselves; their size is looked at, not their hash: the disk is trusted, a copy that ended early is not. */
  async local<T>(objects: readonly Stored[], work: (paths: string[]) => Promise<T>): Promise<T> {
    const paths: string[] = [];
    for (const { uri, bytes } of objects) {
      const path = this.#path(uri);
      const { size } = await stat(path).catch((error: unknown) => this.#missing(uri, error));
      if (size !== bytes) {
        await this.remove(uri);
        throw new MillraceError('MR_OBJECT_CORRUPT', `the object ${uri} has ${size} bytes, written were ${bytes}`, {
          next: 'it was removed; run the pipeline again and it is made anew',
        });
      }
      paths.push(path);
    }
    return work(paths);
  }

  async list(prefix: string): Promise<string[]> {
    const folder = this.#path(prefix);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if (isAbsent(error)) return [];
      throw error;
    });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(this.#root.length + 1)
          .split(sep)
          .join('/'),
      )
      .sort();
  }

  async *walk(prefix: string): AsyncGenerator<FoundObject> {
    const folders = [prefix.replace(/\/$/, '')];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const entries = await readdir(this.#path(folder), { withFileTypes: true }).catch((error: unknown) => {
        if (isAbsent(error)) return [];
        throw error;
      });
      for (const entry of entries) {
        const key = `${folder}/${entry.name}`;
        if (entry.isDirectory()) folders.push(key);
        if (!entry.isFile()) continue;
        const found = await this.#stat(key);
        if (found !== null) yield { key, ...found };
      }
    }
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async removeUnlessWritten(key: string, sinceMs: number): Promise<boolean> {
    const found = await this.#stat(key);
    if (found === null || found.modifiedMs >= sinceMs) return false;
    await this.remove(key);
    return true;
  }

  async scratch(): Promise<string> {
    return mkdtemp(join(await this.#own(), 'work-'));
  }

  #own(): Promise<string> {
    this.#scratch ??= openScratch(join(this.#root, 'scratch'));
    return this.#scratch;
  }

  async create(): Promise<void> {
    await mkdir(this.#root, { recursive: true });
  }

  async check(): Promise<void> {
    try {
      await this.create();
      await access(this.#root, constants.W_OK);
    } catch (cause) {
      throw new MillraceError(
        'MR_STORE',
        `the store's folder ${this.#root} cannot be written to: ${(cause as Error).message}`,
        { next: 'check its permissions, or name another with MILLRACE_STORE' },
        { cause },
      );
    }
  }

  close(): void {}

  describe(key: string): string {
    return key === '' ? this.#root : this.#path(key);
  }

  /** Null where it is not, or not any more. */
  async #stat(key: string): Promise<Omit<FoundObject, 'key'> | null> {
    try {
      const { size, mtimeMs } = await stat(this.#path(key));
      return { bytes: size, modifiedMs: mtimeMs };
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  #path(key: string): string {
    const path = resolve(this.#root, key);
    if (!path.startsWith(this.#root + sep)) throw new Error(`object key "${key}" leaves the store`);
    return path;
  }

  #missing(key: string, cause: unknown): never {
    // A disk that fails, or a folder that is closed, is no reason to make everything anew.
    if (!isAbsent(cause)) throw cause;
    throw new MillraceError(
      'MR_OBJECT_MISSING',
      `the object ${key} is not in the store at ${this.#root}`,
      { next: 'run the pipeline again: what is missing is made again' },
      { cause },
    );
  }
}

const isAbsent = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
