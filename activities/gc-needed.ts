import { MillraceError } from '../config/errors.js';
import { eachOf, LOOKUPS_AT_ONCE } from '../store/each-of.js';
import type { ObjectStore } from '../store/objects/object-store.js';
import { kindOf, STORED } from './gc-kinds.js';

/** Documents that speak of other objects, all but those whose whole kind is judged in another way. */
const isDocument = (key: string) =>
  key.endsWith('.json') && kindOf(key) in STORED && !['kept', 'reports'].includes(kindOf(key));

/**
 * All that is needed by name: objects, chunks by the hash of their values, kept records by their key. It grows only:
 * what was needed once stays to the end.
 */
export class Needed {
  readonly #names = new Set<string>();

  constructor(private readonly objects: ObjectStore) {}

  /** An object by its address, a chunk by its value hash, a kept record by its key. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  addObject(key: string): void {
    this.#names.add(key);
  }

  /** Adds what a value speaks of, and what the documents speak of that it leads to. */
  async add(value: unknown): Promise<void> {
    let documents = this.#take(value);
    while (documents.length > 0) {
      const read = async (key: string) => this.#take(await readDocument(this.objects, key));
      documents = (await eachOf(documents, LOOKUPS_AT_ONCE, read)).flat();
    }
  }

  /** Takes the names in a value. Returns the documents among them that were not known. */
  #take(value: unknown): string[] {
    const documents: string[] = [];
    const look = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return;
      for (const [field, inner] of Object.entries(part)) {
        if (typeof inner !== 'string') look(inner);
        else if (['uri', 'valueHash', 'key'].includes(field) && !this.#names.has(inner)) {
          this.#names.add(inner);
          if (field === 'uri' && isDocument(inner)) documents.push(inner);
        }
      }
    };
    look(value);
    return documents;
  }
}

/** JSON from the store. Null where it is gone or was cut short: who needs it makes it again, with what it spoke of. */
export async function readDocument(objects: ObjectStore, key: string): Promise<unknown> {
  const bytes = await readThere(objects, key);
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return value;
  } catch {
    return null;
  }
}

/** An object's bytes, or null where it is gone. */
export async function readThere(objects: ObjectStore, key: string): Promise<Buffer | null> {
  return objects.read(key).catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'MR_OBJECT_MISSING') return null;
    throw error;
  });
}
