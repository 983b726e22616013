import type { ObjectStore } from './objects/object-store.js';

/** Outputs kept one record per item, under the hash of everything they depend on. */
export class KeptRecords<R> {
  constructor(
    private readonly objects: ObjectStore,
    private readonly prefix: string,
  ) {}

  /** The record of a key, or null when it has not been made. */
  async get(key: string): Promise<R | null> {
    const path = this.#path(key);
    if (!(await this.objects.has(path))) return null;
    return JSON.parse((await this.objects.read(path)).toString('utf8')) as R;
  }

  async put(key: string, record: R): Promise<void> {
    await this.objects.write(this.#path(key), JSON.stringify(record));
  }

  #path(key: string): string {
    return `kept/${this.prefix}/${key.slice(0, 2)}/${key}.json`;
  }
}
