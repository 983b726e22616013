import type { Ref } from '../../dag/ref.js';

/** An object whose bytes are known: by its hash, what was cut short or changed is found. */
export type Stored = Pick<Ref, 'uri' | 'sha256' | 'bytes'>;

/** An object as a listing finds it. */
export interface FoundObject {
  key: string;
  bytes: number;
  /** When it was last written. */
  modifiedMs: number;
}

/**
 * Where artefacts lie: immutable objects under keys like `chunks/2024-03-01/ab12.parquet`. An object is whole or not
 * there: writes go to a temporary name first.
 */
export interface ObjectStore {
  has(key: string): Promise<boolean>;
  /** @throws MillraceError MR_OBJECT_MISSING */
  read(key: string): Promise<Buffer>;
  write(key: string, bytes: Uint8Array | string): Promise<void>;
  /** Takes a finished local file in; the file is gone afterwards. */
  adopt(object: Stored, file: string): Promise<void>;
  /**
   * Runs `work` with local paths that hold these objects, for programs that need files; the paths are good until it
   * ends. Do not nest: each call waits for room for all that it asks for.
   * @throws MillraceError MR_OBJECT_MISSING; MR_OBJECT_CORRUPT, and the object is removed; MR_SPACE
   */
  local<T>(
    objects: readonly Stored[],
    work: (paths: string[]) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T>;
  /** Keys under a prefix that ends in `/`, sorted. */
  list(prefix: string): Promise<string[]>;
  /** The objects under a prefix that ends in `/`, in any order, while they are found: there may be millions. */
  walk(prefix: string): AsyncGenerator<FoundObject>;
  remove(key: string): Promise<void>;
  /** Removes an object unless it was written since. Returns whether it did. @param sinceMs ms since 1970 */
  removeUnlessWritten(key: string, sinceMs: number): Promise<boolean>;
  /** A new folder for temporary files, on a local disk. */
  scratch(): Promise<string>;
  /** How to tell a person where an object is; of the empty key, where the store is. */
  describe(key: string): string;
  /** Gives back connections. */
  close(): void;
  /** Finds out whether the store can be used at all. @throws MillraceError MR_STORE, MR_SERVICE */
  check(): Promise<void>;
  /** Makes the place of the store, a folder or a bucket, where it is missing. */
  create(): Promise<void>;
}
