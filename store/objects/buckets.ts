import { createWriteStream } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, HeadObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { MillraceError } from '../../config/errors.js';
import type { S3Access } from '../../config/settings.js';
import { explainS3, isMissing, s3Client } from './s3-client.js';

/** An object that somebody else wrote. Its tag changes with its content. */
export interface BucketObject {
  key: string;
  bytes: number;
  tag: string;
  modifiedMs: number;
}

/** Reads what lies in buckets: sources, not our store. */
export class Buckets {
  #client: S3Client | undefined;

  constructor(private readonly access: S3Access) {}

  /** All objects whose key begins so, by key. @throws MillraceError MR_STORE, MR_SERVICE */
  async list(bucket: string, prefix: string): Promise<BucketObject[]> {
    const found: BucketObject[] = [];
    try {
      for await (const { Contents = [] } of paginateListObjectsV2(
        { client: this.#open() },
        { Bucket: bucket, Prefix: prefix },
      )) {
        for (const { Key, Size, ETag, LastModified } of Contents)
          found.push({ key: Key!, bytes: Size ?? 0, tag: ETag ?? '', modifiedMs: LastModified?.getTime() ?? 0 });
      }
    } catch (error) {
      throw explainS3(error, bucket, this.access.endpoint);
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The first bytes of an object. */
  async start(bucket: string, key: string, bytes: number): Promise<Buffer> {
    try {
      const range = `bytes=0-${bytes - 1}`;
      const { Body } = await this.#open().send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }));
      return Buffer.from(await Body!.transformToByteArray()).subarray(0, bytes);
    } catch (error) {
      throw explainS3(error, bucket, this.access.endpoint);
    }
  }

  /** Whether an object is still the one that was listed. */
  async isSame(bucket: string, { key, tag }: Pick<BucketObject, 'key' | 'tag'>): Promise<boolean> {
    try {
      return (await this.#open().send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ETag === tag;
    } catch (error) {
      if (isMissing(error)) return false;
      throw explainS3(error, bucket, this.access.endpoint);
    }
  }

  /** Streams an object into a file. @throws MillraceError MR_SPACE before it fills the disk */
  async download(bucket: string, { key, bytes }: BucketObject, path: string, signal: AbortSignal): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(path));
    if (bavail * bsize < bytes) {
      throw new MillraceError(
        'MR_SPACE',
        `s3://${bucket}/${key} has ${bytes} bytes, the disk has room for ${bavail * bsize}`,
        {
          next: 'make room, or name a larger disk with MILLRACE_SCRATCH',
        },
      );
    }
    try {
      const { Body } = await this.#open().send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal: signal,
      });
      await pipeline(Body as Readable, createWriteStream(path), { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw explainS3(error, bucket, this.access.endpoint);
    }
  }

  #open(): S3Client {
    this.#client ??= s3Client(this.access);
    return this.#client;
  }
}
