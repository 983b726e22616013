import { Agent } from 'node:https';
import { S3Client, type S3ServiceException } from '@aws-sdk/client-s3';
import { quietAwsSdk } from '../../config/env.js';
import { MillraceError } from '../../config/errors.js';
import type { S3Access } from '../../config/settings.js';

/** A request fails for good after some half a minute of retries; what runs it is retried by Temporal. */
const REQUEST_ATTEMPTS = 6;
const CONNECT_MS = 5_000;
/** Longest silence on a connection. */
const SILENCE_MS = 30_000;

/** A client with the credentials that the AWS SDK finds in the places where it always looks. */
export function s3Client({ endpoint, region, pathStyle, ca }: S3Access): S3Client {
  quietAwsSdk();
  return new S3Client({
    forcePathStyle: pathStyle,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    // What we read back we check by hashes of our own; some servers send that of the whole with a part.
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: REQUEST_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      ...(ca !== undefined && { httpsAgent: new Agent({ keepAlive: true, ca }) }),
    },
  });
}

export function isMissing(error: unknown): boolean {
  const { name } = error as Error;
  return name === 'NoSuchKey' || name === 'NotFound' || name === 'NoSuchBucket';
}

/** What went wrong, in words of what a person can do about it. */
export function explainS3(cause: unknown, bucket: string, endpoint: string | undefined): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const where = `the bucket "${bucket}"${endpoint === undefined ? '' : ` at ${endpoint}`}`;
  const { name, message, $metadata } = cause as Partial<S3ServiceException> & Error;
  const status = $metadata?.httpStatusCode;
  const refuse = (found: string, next: string) => new MillraceError('MR_STORE', found, { next }, { cause });
  if (name === 'NoSuchBucket' || (status === 404 && name === 'NotFound'))
    return refuse(`${where} does not exist`, 'create it (millrace prepare --bucket), or correct MILLRACE_STORE');
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
  if (status === 301 || name === 'PermanentRedirect')
    return refuse(`${where} lies in another region`, 'set AWS_REGION');
  return new MillraceError(
    'MR_SERVICE',
    `${where} does not answer as it should: ${message || name}`,
    { next: 'it is tried again; check the address (AWS_ENDPOINT_URL_S3) if this goes on' },
    { cause },
  );
}
