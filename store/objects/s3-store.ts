import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
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
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { MillraceError } from '../../config/errors.js';
import type { S3Location } from '../../config/settings.js';
import { LocalSpace } from './local-space.js';
import type { ObjectStore, Stored } from './object-store.js';
import { openScratch } from './scratch.js';

/** Larger parts hold more memory, smaller ones make more requests; S3 takes 10,000 parts: 80 GB in one object. */
const PART_BYTES = 8 * 2 ** 20;
const PARTS_AT_ONCE = 4;
/** A request fails for good after some half a minute of retries; what runs it is retried by Temporal. */
const REQUEST_ATTEMPTS = 6;
const CONNECT_MS = 5_000;
/** Longest silence on a connection. */
const SILENCE_MS = 30_000;
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
    this.#client = new S3Client({
      forcePathStyle: location.pathStyle,
      ...(location.region !== undefined && { region: location.region }),
      ...(location.endpoint !== undefined && { endpoint: location.endpoint }),
      maxAttempts: REQUEST_ATTEMPTS,
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        socketTimeout: SILENCE_MS,
        ...(location.ca !== undefined && { httpsAgent: new Agent({ keepAlive: true, ca: location.ca }) }),
      },
    });
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
    const root = this.#key('');
    try {
      const pages = paginateListObjectsV2(
        { client: this.#client },
        { Bucket: this.location.bucket, Prefix: this.#key(prefix) },
      );
      for await (const { Contents = [] } of pages) for (const { Key } of Contents) keys.push(Key!.slice(root.length));
    } catch (error) {
      throw this.#explain(error);
    }
    return keys.sort();
  }

  async remove(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#at(key))).catch((error: unknown) => {
      throw this.#explain(error);
    });
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

  /** What went wrong, in words of what a person can do about it. */
  #explain(cause: unknown): MillraceError {
    if (cause instanceof MillraceError) return cause;
    const { bucket, endpoint } = this.location;
    const where = `the bucket "${bucket}"${endpoint === undefined ? '' : ` at ${endpoint}`}`;
    const { name, message, $metadata } = cause as Partial<S3ServiceException> & Error;
    const status = $metadata?.httpStatusCode;
    const refuse = (found: string, next: string) => new MillraceError('MR_STORE', found, { next }, { cause });
    if (name === 'NoSuchBucket' || (status === 404 && name === 'NotFound')) {
      return refuse(`${where} does not exist`, 'create it (millrace prepare --bucket), or correct MILLRACE_STORE');
    }
    if (message === 'Region is missing') return refuse(`${where} needs a region`, 'set AWS_REGION');
    if (name === 'CredentialsProviderError') {
      return refuse(
        `${where} needs credentials, and there are none`,
        'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE, or a role',
      );
    }
    if (status === 401 || status === 403) {
      return refuse(
        `${where} refuses these credentials: ${name}${message === '' || message === name ? '' : `, ${message}`}`,
        'check the key, its secret, and what it may do: list, get, put, delete',
      );
    }
    if (status === 301 || name === 'PermanentRedirect') {
      return refuse(`${where} lies in another region`, 'set AWS_REGION');
    }
    return new MillraceError(
      'MR_SERVICE',
      `${where} does not answer as it should: ${message || name}`,
      { next: 'it is tried again; check the address (AWS_ENDPOINT_URL_S3) if this goes on' },
      { cause },
    );
  }
}

function isMissing(error: unknown): boolean {
  const { name } = error as Error;
  return name === 'NoSuchKey' || name === 'NotFound' || name === 'NoSuchBucket';
}

/** An answer of the server, not a broken connection. */
const isService = (error: unknown): boolean =>
  (error as Partial<S3ServiceException>).$metadata?.httpStatusCode !== undefined;
