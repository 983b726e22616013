import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEnv } from '../../config/env.js';
import type { S3Location } from '../../config/settings.js';
import { freePort } from '../../embedded/ports.js';

export interface S3Server {
  endpoint: string;
  stop(): void;
}

const env = readEnv();
/** A program named outright is meant: where it is missing, no other takes its place. */
const named = process.env.MILLRACE_GOFAKES3?.trim() || undefined;
const places = [join(env.cache, 'gofakes3-1.2.0'), ...env.path.split(delimiter), join(homedir(), 'go', 'bin')];
const binary = (named === undefined ? places.map((folder) => join(folder, 'gofakes3')) : [named]).find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** Why there is no S3 server to test with, or null. Where nothing may be skipped, that is an error. */
export function s3Missing(): string | null {
  if (binary !== undefined) return null;
  const why =
    named === undefined
      ? 'there is no gofakes3 on PATH (go install github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0)'
      : `MILLRACE_GOFAKES3 is "${named}", which cannot be run`;
  if (process.env.MILLRACE_NO_SKIP === '1') throw new Error(why);
  return why;
}

/** Credentials where the AWS SDK looks for them, and nothing there that would come before them. */
export function setCredentials(): void {
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN']) delete process.env[name];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
}

/** A real S3 server that keeps its objects in memory, and credentials for it. */
export async function startS3(): Promise<S3Server> {
  setCredentials();
  const port = await freePort(0);
  const child = spawn(binary!, ['-backend', 'memory', '-host', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const stop = () => child.kill();
  process.once('exit', stop);
  const endpoint = `http://127.0.0.1:${port}`;
  while ((await fetch(endpoint).catch(() => null)) === null) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the S3 server ended with ${child.exitCode ?? child.signalCode}`);
    await sleep(20);
  }
  return {
    endpoint,
    stop() {
      process.removeListener('exit', stop);
      stop();
    },
  };
}

let buckets = 0;

/** A place on a server, in a bucket that is not there yet. */
export function newLocation(endpoint: string | undefined, changes: Partial<S3Location> = {}): S3Location {
  return {
    kind: 's3',
    bucket: `bucket-${++buckets}`,
    prefix: 'some/where',
    endpoint,
    region: 'us-east-1',
    pathStyle: true,
    ca: undefined,
    ...changes,
  };
}
