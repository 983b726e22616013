import { isIPv4 } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { MillraceError } from './errors.js';

/** What the environment says, read here and nowhere else. Empty variables count as unset. */
export interface Env {
  /** Work folder: services, store, reports. `MILLRACE_HOME`, default `./.millrace`. */
  home: string;
  /** Downloads shared between projects. `MILLRACE_CACHE`, default `$XDG_CACHE_HOME/millrace` or `~/.cache/millrace`. */
  cache: string;
  /** External Temporal. `TEMPORAL_ADDRESS`; unset: the embedded server. */
  temporalAddress: string | undefined;
  temporalNamespace: string;
  /** How to reach it: TLS, certificates, API key, by the variables that all of Temporal's tools know. */
  temporalConnection: TemporalConnection;
  /** External Postgres. `DATABASE_URL`; unset: the embedded server. */
  databaseUrl: string | undefined;
  /** File that holds its password, so that no URL has to. `DATABASE_PASSWORD_FILE`. */
  databasePasswordFile: string | undefined;
  /** Most connections of one process. `DATABASE_POOL`. */
  databasePool: number;
  /**
   * Databases that sources are queried from, by name in small letters. `MILLRACE_DATABASE_<NAME>`, the URL, and
   * `MILLRACE_DATABASE_<NAME>_PASSWORD_FILE`.
   */
  databases: Record<string, { url: string; passwordFile: string | undefined }>;
  /** Object store: a folder, or `s3://bucket/prefix`. `MILLRACE_STORE`, default `<home>/store`. */
  store: string;
  /** How to reach a store on S3. Credentials are found by the AWS SDK, in the places it always looks. */
  s3: { endpoint: string | undefined; region: string | undefined; pathStyle: boolean; caFile: string | undefined };
  /** Folder for temporary files and local copies of objects on S3. `MILLRACE_SCRATCH`, default `<home>/scratch`. */
  scratch: string;
  /** Where this process answers for its health and metrics, or undefined: not at all. `MILLRACE_METRICS`. */
  metrics: Listen | undefined;
  /** Where the REST server listens. `MILLRACE_HOST`, `MILLRACE_PORT`. */
  rest: Listen;
  /** Where people reach the page, for links in alerts. `MILLRACE_URL`; unset: the address on this machine. */
  url: string | undefined;
  /** What calls of webhooks are signed with. `MILLRACE_WEBHOOK_SECRET`, or `MILLRACE_WEBHOOK_SECRET_FILE`. */
  webhookSecret: string | undefined;
  webhookSecretFile: string | undefined;
  /**
   * The server that e-mail goes out by, the file of its password, and the sender. `MILLRACE_SMTP_URL`,
   * `MILLRACE_SMTP_PASSWORD_FILE`, `MILLRACE_SMTP_FROM`.
   */
  smtp: { url: string | undefined; passwordFile: string | undefined; from: string | undefined };
  /** How long running activities may go on after a worker was asked to stop, in seconds. `MILLRACE_GRACE_SECONDS`. */
  graceSeconds: number;
  /** Build of this worker in a deployment, or undefined: not versioned. `MILLRACE_BUILD_ID`. */
  buildId: string | undefined;
  /** Folder of `millrace.yaml`, and of what the command line names relatively. */
  cwd: string;
  /** Another configuration file. `MILLRACE_CONFIG`. */
  config: string | undefined;
  /** File of a project, before that in `millrace.yaml`. `MILLRACE_PROJECT`. */
  project: string | undefined;
  /** Where to look for programs. */
  path: string;
  pip: { indexUrl: string | undefined; configFile: string | undefined };
  color: boolean;
}

export interface Listen {
  host: string;
  port: number;
}

/** What `Connection.connect` and `NativeConnection.connect` take beside the address. */
export type TemporalConnection = Pick<ClientConnectConfig['connectionOptions'], 'tls' | 'apiKey' | 'metadata'>;

/** Postgres gives up to a hundred by default, and each worker kind is a process of its own. */
const DATABASE_POOL = 8;
/** Short, for a stop by hand; containers give a batch the time to end. */
const GRACE_SECONDS = 10;
const REST: Listen = { host: '127.0.0.1', port: 8780 };

export function readEnv(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): Env {
  const get = (name: string) => env[name]?.trim() || undefined;
  const home = resolve(cwd, get('MILLRACE_HOME') ?? '.millrace');
  const store = get('MILLRACE_STORE');
  const endpoint = get('AWS_ENDPOINT_URL_S3') ?? get('AWS_ENDPOINT_URL');
  return {
    home,
    cache: resolve(cwd, get('MILLRACE_CACHE') ?? join(get('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'millrace')),
    temporalAddress: get('TEMPORAL_ADDRESS'),
    temporalNamespace: get('TEMPORAL_NAMESPACE') ?? 'default',
    temporalConnection: temporalConnection(env),
    databaseUrl: get('DATABASE_URL'),
    databasePasswordFile: get('DATABASE_PASSWORD_FILE'),
    databasePool: wholeNumber('DATABASE_POOL', get('DATABASE_POOL'), 1, 1000) ?? DATABASE_POOL,
    databases: namedDatabases(env),
    store: store?.startsWith('s3://') ? store : resolve(cwd, store ?? join(home, 'store')),
    s3: {
      endpoint,
      region: get('AWS_REGION') ?? get('AWS_DEFAULT_REGION') ?? (endpoint === undefined ? undefined : 'us-east-1'),
      // Servers other than AWS's seldom have a host name per bucket.
      pathStyle: flag('MILLRACE_S3_PATH_STYLE', get('MILLRACE_S3_PATH_STYLE')) ?? endpoint !== undefined,
      caFile: get('MILLRACE_S3_CA') && resolve(cwd, get('MILLRACE_S3_CA')!),
    },
    scratch: resolve(cwd, get('MILLRACE_SCRATCH') ?? join(home, 'scratch')),
    metrics: listen('MILLRACE_METRICS', get('MILLRACE_METRICS')),
    rest: {
      host: get('MILLRACE_HOST') ?? REST.host,
      port: wholeNumber('MILLRACE_PORT', get('MILLRACE_PORT'), 0, 65_535) ?? REST.port,
    },
    url: get('MILLRACE_URL')?.replace(/\/+$/, ''),
    webhookSecret: get('MILLRACE_WEBHOOK_SECRET'),
    webhookSecretFile: get('MILLRACE_WEBHOOK_SECRET_FILE'),
    smtp: {
      url: get('MILLRACE_SMTP_URL'),
      passwordFile: get('MILLRACE_SMTP_PASSWORD_FILE'),
      from: get('MILLRACE_SMTP_FROM'),
    },
    graceSeconds: wholeNumber('MILLRACE_GRACE_SECONDS', get('MILLRACE_GRACE_SECONDS'), 0, 3600) ?? GRACE_SECONDS,
    buildId: get('MILLRACE_BUILD_ID'),
    cwd,
    config: get('MILLRACE_CONFIG') && resolve(cwd, get('MILLRACE_CONFIG')!),
    project: get('MILLRACE_PROJECT') && resolve(cwd, get('MILLRACE_PROJECT')!),
    path: get('PATH') ?? '',
    pip: { indexUrl: get('PIP_INDEX_URL'), configFile: get('PIP_CONFIG_FILE') },
    color: get('FORCE_COLOR') !== undefined || (get('NO_COLOR') === undefined && process.stdout.isTTY === true),
  };
}

/** Whether only this machine can reach what listens on a host. */
export function isLoopback(host: string): boolean {
  // A name may begin with 127 too, and lead anywhere.
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function temporalConnection(env: NodeJS.ProcessEnv): TemporalConnection {
  const set = Object.entries(env).filter((pair): pair is [string, string] => Boolean(pair[1]?.trim()));
  const encrypted = env.TEMPORAL_TLS?.trim();
  // What Temporal's package does not understand it would take for no.
  if (encrypted && !['true', 'false', '1', '0'].includes(encrypted))
    throw new MillraceError('MR_CONFIG', `TEMPORAL_TLS is "${encrypted}"`, { allowed: 'true or false' });
  try {
    // The file that Temporal's own tools share is left out: without an address of its own, Millrace is embedded.
    const { connectionOptions } = loadClientConnectConfig({
      disableFile: true,
      overrideEnvVars: Object.fromEntries(set),
    });
    const { tls, apiKey, metadata } = connectionOptions;
    return { ...(tls !== undefined && { tls }), ...(apiKey && { apiKey }), ...(metadata && { metadata }) };
  } catch (cause) {
    throw new MillraceError('MR_CONFIG', `TEMPORAL_…: ${(cause as Error).message}`, {}, { cause });
  }
}

function namedDatabases(env: NodeJS.ProcessEnv): Env['databases'] {
  const named: Env['databases'] = {};
  for (const [variable, value] of Object.entries(env)) {
    const name = /^MILLRACE_DATABASE_([A-Z0-9_]+)$/.exec(variable)?.[1];
    if (name === undefined || !value?.trim() || name.endsWith('_PASSWORD_FILE')) continue;
    named[name.toLowerCase()] = {
      url: value.trim(),
      passwordFile: env[`${variable}_PASSWORD_FILE`]?.trim() || undefined,
    };
  }
  return named;
}

function wholeNumber(name: string, text: string | undefined, from: number, to: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw new MillraceError('MR_CONFIG', `${name} is "${text}"`, { allowed: `a whole number from ${from} to ${to}` });
}

function flag(name: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new MillraceError('MR_CONFIG', `${name} is "${text}"`, { allowed: 'true or false' });
}

function listen(name: string, text: string | undefined): Listen | undefined {
  if (text === undefined) return undefined;
  const match = /^(?:(.*):)?(\d+)$/.exec(text);
  if (match === null) throw new MillraceError('MR_CONFIG', `${name} is "${text}"`, { allowed: 'host:port, or a port' });
  return { host: match[1]?.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1', port: wholeNumber(name, match[2], 0, 65_535)! };
}

/** The environment of a process that we start: ours, with some variables set. */
export function childEnv(changes: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}

/** The SDK is pinned to the last line that runs on Node 20; its note about later ones helps no user. Before it is used. */
export function quietAwsSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
}

/** Cuts TensorFlow's own log on stderr to errors, unless TF_CPP_MIN_LOG_LEVEL says otherwise; before it is loaded. */
export function quietTensorflow(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
}

/** Keeps the loader inside of node-pg-migrate, which our SQL files do not need, from writing to the temporary folder. */
export function keepMigrationsOffDisk(): void {
  process.env.JITI_FS_CACHE = 'false';
}
