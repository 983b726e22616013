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
  adopt(key: string, file: string): Promise<void>;
  /** A local path that holds the object, for programs that need a file. @throws MillraceError MR_OBJECT_MISSING */
  local(key: string): Promise<string>;
  /** Keys under a prefix that ends in `/`, sorted. */
  list(prefix: string): Promise<string[]>;
  remove(key: string): Promise<void>;
  /** A folder for temporary files on the same disk as local objects. */
  scratch(): Promise<string>;
  /** How to tell a person where an object is. */
  describe(key: string): string;
}
