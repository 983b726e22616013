import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { MillraceError } from '../../config/errors.js';
import type { S3Location } from '../../config/settings.js';
import { LocalSpace } from './local-space.js';
import type { FoundObject, ObjectStore, Stored } from './object-store.js';
import { explainS3, isMissing, s3Client } from './s3-client.js';
import { openScratch } from './scratch.js';

/** Larger parts hold more memory, smaller ones make more requests; S3 takes 10,000 parts: 80 GB in one object. */
const PART_BYTES = 8 * 2 ** 20;
const PARTS_AT_ONCE = 4;
/** Whole downloads that are begun again when the connection breaks in the middle, which the client does not retry. */
const DOWNLOAD_ATTEMPTS = 3;

/** An object store in a bucket of S3 or of a server that speaks its protocol. */
export class S3Store implements ObjectStore {
  readonly #client: S3Client;
  #opened: Promise<{ folder: string; space: LocalSpace }> | undefined;

  /**
   * @param scratch folder for temporary files and local copies
   * @param localBytes most that local copies may take together
   */
  constructor(
    private readonly location: S3Location,
    private readonly scratchParent: string,
    private readonly localBytes: number,
  ) {
    this.#client = s3Client(location);
  }

  async has(key: string): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand(this.#at(key)));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw this.#explain(error);
    }
  }

  async read(key: string): Promise<Buffer> {
    return this.#retried(key, async () => {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#at(key)));
      return Buffer.from(await Body!.transformToByteArray());
    });
  }

  async write(key: string, bytes: Uint8Array | string): Promise<void> {
    const body = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: body })).catch((error: unknown) => {
      throw this.#explain(error);
    });
  }

  async adopt(object: Stored, file: string): Promise<void> {
    const upload = new Upload({
      client: this.#client,
      params: { ...this.#at(object.uri), Body: createReadStream(file, { highWaterMark: 2 ** 20 }) },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    await upload.done().catch((error: unknown) => {
      throw this.#explain(error);
    });
    const { space } = await this.#open();
    await space.keep(object, file);
  }

  async local<T>(
    objects: readonly Stored[],
    work: (paths: string[]) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { space } = await this.#open();
    return space.use(objects, (object, path) => this.#download(object, path), work, signal);
  }

  async list(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.walk(prefix)) keys.push(key);
    return keys.sort();
  }

  async *walk(prefix: string): AsyncGenerator<FoundObject> {
    const root = this.#key('');
    const pages = paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.location.bucket, Prefix: this.#key(prefix) },
    );
    try {
      for await (const { Contents = [] } of pages) {
        // What does not say when it was written is taken for new: nobody removes it.
        for (const { Key, Size = 0, LastModified } of Contents)
          yield { key: Key!.slice(root.length), bytes: Size, modifiedMs: LastModified?.getTime() ?? Date.now() };
      }
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async remove(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#at(key))).catch((error: unknown) => {
      throw this.#explain(error);
    });
  }

  async removeUnlessWritten(key: string, sinceMs: number): Promise<boolean> {
    try {
      const { LastModified } = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      if (LastModified === undefined || LastModified.getTime() >= sinceMs) return false;
    } catch (error) {
      if (isMissing(error)) return false;
      throw this.#explain(error);
    }
    await this.remove(key);
    return true;
  }

  async scratch(): Promise<string> {
    return mkdtemp(join((await this.#open()).folder, 'work-'));
  }

  describe(key: string): string {
    return `s3://${this.location.bucket}/${this.#key(key)}`;
  }

  async check(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.location.bucket }));
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async create(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.location.bucket }));
    } catch (error) {
      if (!isMissing(error)) throw this.#explain(error);
      await this.#client.send(new CreateBucketCommand({ Bucket: this.location.bucket })).catch((failure: unknown) => {
        throw this.#explain(failure);
      });
    }
  }

  close(): void {
    this.#client.destroy();
  }

  /** Streams an object to a file, hashing it on the way. */
  async #download({ uri, sha256, bytes }: Stored, path: string): Promise<void> {
    const { found, size } = await this.#retried(uri, async () => {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#at(uri)));
      const hash = createHash('sha256');
      let length = 0;
      const look = new Transform({
        transform(block: Buffer, _encoding, done) {
          hash.update(block);
          length += block.length;
          done(null, block);
        },
      });
      await pipeline(Body as Readable, look, createWriteStream(path));
      return { found: hash.digest('hex'), size: length };
    });
    if (found === sha256) return;
    await rm(path, { force: true });
    await this.remove(uri);
    throw new MillraceError(
      'MR_OBJECT_CORRUPT',
      `the object ${uri} has ${size} bytes with sha256 ${found.slice(0, 12)}…, written were ${bytes} with ${sha256.slice(0, 12)}…`,
      { next: 'it was removed; run the pipeline again and it is made anew' },
    );
  }

  /** The client retries requests, but not an answer that breaks off. */
  async #retried<T>(key: string, get: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await get();
      } catch (error) {
        if (isMissing(error)) throw await this.#missing(key, error);
        if (attempt === DOWNLOAD_ATTEMPTS || isService(error)) throw this.#explain(error);
      }
    }
  }

  /** A missing object, unless it is the bucket that is missing. */
  async #missing(key: string, cause: unknown): Promise<MillraceError> {
    if ((cause as Error).name === 'NoSuchBucket') return this.#explain(cause);
    return new MillraceError(
      'MR_OBJECT_MISSING',
      `the object ${this.describe(key)} is not in the store`,
      { next: 'run the pipeline again: what is missing is made again' },
      { cause },
    );
  }

  #open(): Promise<{ folder: string; space: LocalSpace }> {
    this.#opened ??= openScratch(this.scratchParent).then((folder) => ({
      folder,
      space: new LocalSpace(join(folder, 'objects'), this.localBytes),
    }));
    return this.#opened;
  }

  #key(key: string): string {
    return this.location.prefix === '' ? key : `${this.location.prefix}/${key}`;
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.location.bucket, Key: this.#key(key) };
  }

  #explain(cause: unknown): MillraceError {
    return explainS3(cause, this.location.bucket, this.location.endpoint);
  }
}

/** An answer of the server, not a broken connection. */
const isService = (error: unknown): boolean =>
  (error as Partial<S3ServiceException>).$metadata?.httpStatusCode !== undefined;
