import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** What the environment says, read here and nowhere else. Empty variables count as unset. */
export interface Env {
  /** Work folder: services, store, reports. `MILLRACE_HOME`, default `./.millrace`. */
  home: string;
  /** Downloads shared between projects. `MILLRACE_CACHE`, default `$XDG_CACHE_HOME/millrace` or `~/.cache/millrace`. */
  cache: string;
  /** External Temporal. `TEMPORAL_ADDRESS`; unset: the embedded server. */
  temporalAddress: string | undefined;
  temporalNamespace: string;
  /** External Postgres. `DATABASE_URL`; unset: the embedded server. */
  databaseUrl: string | undefined;
  /** Folder of the object store. `MILLRACE_STORE`, default `<home>/store`. */
  store: string;
  /** Folder of `millrace.yaml`, and of what the command line names relatively. */
  cwd: string;
  /** Another configuration file. `MILLRACE_CONFIG`. */
  config: string | undefined;
  /** Where to look for programs. */
  path: string;
  pip: { indexUrl: string | undefined; configFile: string | undefined };
  color: boolean;
}

export function readEnv(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): Env {
  const get = (name: string) => env[name]?.trim() || undefined;
  const home = resolve(cwd, get('MILLRACE_HOME') ?? '.millrace');
  return {
    home,
    cache: resolve(cwd, get('MILLRACE_CACHE') ?? join(get('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'millrace')),
    temporalAddress: get('TEMPORAL_ADDRESS'),
    temporalNamespace: get('TEMPORAL_NAMESPACE') ?? 'default',
    databaseUrl: get('DATABASE_URL'),
    store: resolve(cwd, get('MILLRACE_STORE') ?? join(home, 'store')),
    cwd,
    config: get('MILLRACE_CONFIG') && resolve(cwd, get('MILLRACE_CONFIG')!),
    path: get('PATH') ?? '',
    pip: { indexUrl: get('PIP_INDEX_URL'), configFile: get('PIP_CONFIG_FILE') },
    color: get('FORCE_COLOR') !== undefined || (get('NO_COLOR') === undefined && process.stdout.isTTY === true),
  };
}

/** Cuts TensorFlow's own log on stderr to errors, unless TF_CPP_MIN_LOG_LEVEL says otherwise; before it is loaded. */
export function quietTensorflow(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
}

/** Keeps the loader inside of node-pg-migrate, which our SQL files do not need, from writing to the temporary folder. */
export function keepMigrationsOffDisk(): void {
  process.env.JITI_FS_CACHE = 'false';
}
