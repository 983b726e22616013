import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './config-file.js';
import { type Env, isLoopback, type TemporalConnection } from './env.js';
import { MillraceError } from './errors.js';

/** Where everything is that a process of Millrace talks to. */
export interface Settings {
  temporal: { address: string; namespace: string } & TemporalConnection;
  /** As `pg` takes it. */
  database:
    | { connectionString: string; max: number }
    | { host: string; port: number; user: string; password: string; database: string; max: number };
  alerts: AlertSettings;
  /** URLs of the databases that sources are queried from, by name. */
  databases: Record<string, string>;
  store: { kind: 'folder'; root: string } | S3Location;
  /** How buckets are reached: that of the store, and those of sources. */
  s3: S3Access;
  /** Folder for temporary files, where the store is not on this machine. */
  scratch: string;
  /** Most that local copies of objects may take, in MiB. */
  localMiB: number;
  /** Memory for DuckDB before it spills to disk, in MiB. */
  memoryMiB: number;
  threads: number;
}

/** How people are told. */
export interface AlertSettings {
  webhookSecret: string | undefined;
  smtp: { url: string; from: string } | undefined;
  /** Where the page is, or null: not where others could reach it. */
  page: string | null;
}

/** A place in a bucket. */
export interface S3Location extends S3Access {
  kind: 's3';
  bucket: string;
  /** Without slashes at its ends; may be empty. */
  prefix: string;
}

/** How buckets are reached. */
export interface S3Access {
  endpoint: string | undefined;
  region: string | undefined;
  pathStyle: boolean;
  /** An authority of one's own, for servers whose certificate no public one has signed. */
  ca: Buffer | undefined;
}

/** What the embedded services write down when they are up. */
export interface EmbeddedState {
  temporal: { address: string; ui: string } | null;
  postgres: { port: number; user: string; database: string } | null;
}

export const STATE_FILE = 'services.json';
export const PASSWORD_FILE = 'postgres-password';

/**
 * The environment's services, or the embedded ones where it names none.
 * @throws MillraceError MR_SERVICE when the embedded ones are needed and are not up
 */
export async function loadSettings(env: Env): Promise<Settings> {
  const state = await readState(env.home);
  const { value: config } = await loadConfig(env.cwd, env.config);
  const down = (what: string) =>
    new MillraceError('MR_SERVICE', `${what} is not running, and the environment names no other`, {
      next: 'start it: millrace up',
    });
  const { caFile, ...access } = env.s3;
  const s3 = { ...access, ca: caFile === undefined ? undefined : await readSetting('MILLRACE_S3_CA', caFile) };
  const address = env.temporalAddress ?? state?.temporal?.address;
  if (address === undefined) throw down('the embedded Temporal server');
  return {
    temporal: {
      address,
      namespace: env.temporalNamespace,
      ...(env.temporalAddress !== undefined && env.temporalConnection),
    },
    database: env.databaseUrl !== undefined ? await externalDatabase(env.databaseUrl) : await embeddedDatabase(),
    alerts: await alertSettings(env),
    databases: await namedDatabases(env),
    store: storeLocation(env, s3),
    s3,
    scratch: env.scratch,
    localMiB: config.localMiB,
    memoryMiB: config.memoryMiB,
    threads: config.threads ?? availableParallelism(),
  };

  async function embeddedDatabase() {
    if (!state?.postgres) throw down('the embedded Postgres');
    const password = (await readFile(join(env.home, PASSWORD_FILE), 'utf8')).trim();
    const { port, user, database } = state.postgres;
    return { host: '127.0.0.1', port, user, database, password, max: env.databasePool };
  }

  async function externalDatabase(connectionString: string) {
    const url = await withPassword(
      'DATABASE_URL',
      connectionString,
      'DATABASE_PASSWORD_FILE',
      env.databasePasswordFile,
    );
    return { connectionString: url, max: env.databasePool };
  }
}

async function alertSettings({ url, rest, webhookSecret, webhookSecretFile, smtp }: Env): Promise<AlertSettings> {
  const here = isLoopback(rest.host) ? `http://${rest.host}:${rest.port}` : null;
  const fromFile =
    webhookSecretFile && (await readSetting('MILLRACE_WEBHOOK_SECRET_FILE', webhookSecretFile)).toString('utf8').trim();
  return { webhookSecret: webhookSecret ?? fromFile, smtp: await smtpSettings(smtp), page: url ?? here };
}

async function smtpSettings({ url, passwordFile, from }: Env['smtp']): Promise<AlertSettings['smtp']> {
  if (url === undefined) return undefined;
  const whole = await withPassword('MILLRACE_SMTP_URL', url, 'MILLRACE_SMTP_PASSWORD_FILE', passwordFile);
  const allowed = 'smtps://user@host:465, or smtp://host:587';
  if (!/^smtps?:\/\/[^/]/.test(whole) || !URL.canParse(whole))
    throw new MillraceError('MR_CONFIG', 'MILLRACE_SMTP_URL is no address of a mail server', { allowed });
  const { username, hostname } = new URL(whole);
  const user = decodeURIComponent(username);
  return { url: whole, from: from ?? (user.includes('@') ? user : `millrace@${hostname}`) };
}

async function namedDatabases({ databases }: Env): Promise<Settings['databases']> {
  const urls: Settings['databases'] = {};
  for (const [name, { url, passwordFile }] of Object.entries(databases)) {
    const variable = `MILLRACE_DATABASE_${name.toUpperCase()}`;
    urls[name] = await withPassword(variable, url, `${variable}_PASSWORD_FILE`, passwordFile);
  }
  return urls;
}

/** Into the URL: `pg` lets what a URL says, even of nothing, win over a password beside it. */
async function withPassword(name: string, text: string, fileName: string, file: string | undefined): Promise<string> {
  const password = file && (await readSetting(fileName, file)).toString('utf8').trim();
  if (!password) return text;
  if (!URL.canParse(text)) {
    throw new MillraceError('MR_CONFIG', `${name} is no URL`, { allowed: 'postgres://user@host:5432/database' });
  }
  const url = new URL(text);
  url.password = encodeURIComponent(password);
  return url.href;
}

/** @throws MillraceError MR_CONFIG when the URL of a bucket is not one */
function storeLocation(env: Env, s3: S3Access): Settings['store'] {
  if (!env.store.startsWith('s3://')) return { kind: 'folder', root: env.store };
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([^?#]*))?$/.exec(env.store);
  if (match === null) {
    throw new MillraceError('MR_CONFIG', `MILLRACE_STORE is "${env.store}"`, {
      allowed: 'a folder, or s3://bucket/prefix; buckets have 3 to 63 lower-case letters, digits, dots and hyphens',
    });
  }
  const prefix = (match[2] ?? '').replace(/^\/+|\/+$/g, '');
  return { kind: 's3', bucket: match[1]!, prefix, ...s3 };
}

async function readSetting(name: string, file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new MillraceError('MR_CONFIG', `${name}: ${(cause as Error).message}`, {}, { cause });
  });
}

/** What is written down about embedded services, or null when none were started. */
export async function readState(home: string): Promise<EmbeddedState | null> {
  try {
    return JSON.parse(await readFile(join(home, STATE_FILE), 'utf8')) as EmbeddedState;
  } catch {
    return null;
  }
}
