/** What travels instead of data: where an object lies in the store, and what it is. */
export interface Ref {
  /** Key in the object store, with `/`; the same on a folder and on S3. */
  uri: string;
  /** Hash of the values; cache keys use it, since file bytes differ with threads and library versions. */
  valueHash: string;
  /** Hash of the bytes; only finds corruption. */
  sha256: string;
  rows: number;
  bytes: number;
  /** Hash of the column names and types. */
  schemaHash: string;
}
