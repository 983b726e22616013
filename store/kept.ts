import { MillraceError } from '../config/errors.js';
import type { ObjectStore } from './objects/object-store.js';

/** Outputs kept one record per item, under the hash of everything they depend on. */
export class KeptRecords<R> {
  constructor(
    private readonly objects: ObjectStore,
    private readonly prefix: string,
    /** The objects a record speaks of. */
    private readonly objectsOf: (record: R) => string[],
  ) {}

  /** The record of a key; null when it has not been made, or an object it speaks of is gone and must be made again. */
  async get(key: string): Promise<R | null> {
    const bytes = await this.objects.read(this.#path(key)).catch((error: unknown) => {
      if (error instanceof MillraceError && error.code === 'MR_OBJECT_MISSING') return null;
      throw error;
    });
    if (bytes === null) return null;
    const record = parse<R>(bytes);
    if (record === null) return null;
    const there = await Promise.all(this.objectsOf(record).map((uri) => this.objects.has(uri)));
    return there.every(Boolean) ? record : null;
  }

  /** The record of a key that was made before. @throws MillraceError MR_OBJECT_MISSING when it is gone since */
  async must(key: string): Promise<R> {
    const record = await this.get(key);
    if (record !== null) return record;
    throw new MillraceError('MR_OBJECT_MISSING', `what ${this.prefix} made is gone from the store`, {
      next: 'run the pipeline again: what is missing is made again',
    });
  }

  async put(key: string, record: R): Promise<void> {
    await this.objects.write(this.#path(key), JSON.stringify(record));
  }

  #path(key: string): string {
    return `kept/${this.prefix}/${key.slice(0, 2)}/${key}.json`;
  }
}

/** A record that was cut short says nothing: what it spoke of is made again. */
function parse<R>(bytes: Buffer): R | null {
  try {
    return JSON.parse(bytes.toString('utf8')) as R;
  } catch {
    return null;
  }
}

/** The objects of all refs in a value, however deep. */
export function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'uri' in value && typeof value.uri === 'string' ? [value.uri] : [];
  return [...own, ...Object.values(value).flatMap(refsIn)];
}
