import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEnv } from '../../config/env.js';
import { freePort } from '../../embedded/ports.js';

export interface S3Server {
  endpoint: string;
  stop(): void;
}

const env = readEnv();
const binary = [join(env.cache, 'gofakes3-1.2.0'), ...env.path.split(delimiter)]
  .map((folder) => join(folder, 'gofakes3'))
  .find((path) => {
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
  const why = 'there is no gofakes3 on PATH (go install github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0)';
  if (process.env.MILLRACE_NO_SKIP === '1') throw new Error(why);
  return why;
}

/** A real S3 server that keeps its objects in memory, and credentials for it where the AWS SDK looks. */
export async function startS3(): Promise<S3Server> {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const port = await freePort(0);
  const child = spawn(binary!, ['-backend', 'memory', '-host', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const stop = () => child.kill();
  process.once('exit', stop);
  const endpoint = `http://127.0.0.1:${port}`;
  while ((await fetch(endpoint).catch(() => null)) === null) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended with ${child.exitCode}`);
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
