import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, type ProcessId } from '../../embedded/processes.js';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';

interface Services {
  supervisor: ProcessId;
  temporal: ProcessId & { address: string; ui: string };
  postgres: ProcessId & { port: number };
  worker: ProcessId;
}

let work: Workplace;
const taken: Server[] = [];

beforeAll(async () => {
  work = await Workplace.create();
  // The usual ports are taken by others, where they are not already.
  for (const port of [7233, 8233, 5432]) {
    const server = createServer();
    taken.push(server);
    await new Promise<void>((done) => server.once('error', () => done()).listen(port, '127.0.0.1', () => done()));
  }
});
afterAll(async () => {
  await work.close();
  for (const server of taken) server.close();
});

async function startUp(): Promise<{ child: ChildProcess; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [resolve('dist/cli/main.js'), 'up'], {
    cwd: work.folder,
    env: { ...process.env, MILLRACE_HOME: work.home, NO_COLOR: '1' },
  });
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  await new Promise<void>((ready, failed) => {
    let text = '';
    child.stdout!.on('data', (data) => {
      text += data;
      if (text.includes('Work folder')) ready();
    });
    child.once('exit', () => failed(new Error(`up ended: ${text}`)));
  });
  return { child, ended };
}

const services = async () => JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as Services;

describe('millrace up', () => {
  it('takes free ports, on loopback, is found by a second one, and stops everything on Ctrl-C', async () => {
    const { child, ended } = await startUp();
    const { supervisor, temporal, postgres, worker } = await services();
    expect(temporal.address).not.toBe('127.0.0.1:7233');
    expect(postgres.port).not.toBe(5432);
    expect((await fetch(temporal.ui)).status).toBe(200);
    expect(await listeners([temporal.pid, postgres.pid, worker.pid])).toEqual(['127.0.0.1']);

    const second = await work.run('up');
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('Everything is up already') });
    expect((await services()).supervisor).toEqual(supervisor);

    child.kill('SIGINT');
    expect(await ended).toBe(0);
    for (const each of [temporal, postgres, worker]) expect(await isAlive(each)).toBe(false);
  });

  it('keeps what it writes to its owner', async () => {
    expect((await stat(work.home)).mode & 0o077).toBe(process.getuid!() === 0 ? 0o011 : 0);
    for (const file of ['temporal.db', 'postgres-password', 'logs/worker.log']) {
      expect((await stat(join(work.home, file))).mode & 0o077, file).toBe(0);
    }
  });

  it('starts a worker again that was killed', async () => {
    const { child, ended } = await startUp();
    const before = (await services()).worker;
    process.kill(before.pid, 'SIGKILL');
    let after = before;
    while (after.pid === before.pid) {
      await sleep(100);
      after = (await services()).worker;
    }
    expect(await isAlive(after)).toBe(true);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await isAlive(after)).toBe(false);
  });
});

describe('a database of another major version of Postgres', () => {
  it('is left alone, with a clear message and a way out', async () => {
    const location = await readFile(join(work.home, 'postgres-location'), 'utf8').catch(() => null);
    const file = join(location === null ? join(work.home, 'postgres') : join(location.trim(), 'data'), 'PG_VERSION');
    const version = await readFile(file, 'utf8');
    await writeFile(file, '15\n');
    const answer = await work.run('runs', 'list');
    await writeFile(file, version);
    expect(answer.code).toBe(3);
    expect(answer.stderr).toMatch(
      /MR_SERVICE .* was made by Postgres 15; this is Postgres 18, which cannot read it.*move the folder away/s,
    );
  });
});

describe('a work folder that the user of Postgres cannot reach', () => {
  it('has its database in a folder outside, said and remembered, and removed when the work folder is gone', async (ctx) => {
    if (process.getuid!() !== 0) ctx.skip('only root runs Postgres as another user');
    const closed = await Workplace.create({}, 0o700);
    const said = (await closed.run('runs', 'list')).stderr;
    const outside = /is closed to the user \w+, as whom Postgres runs: its files are in (\S+)/.exec(said)![1]!;
    expect((await stat(join(outside, 'data'))).mode & 0o777).toBe(0o700);
    await closed.run('down');
    expect((await closed.run('runs', 'list')).stderr).not.toContain('is closed');
    await closed.run('down');
    await rm(closed.home, { recursive: true });

    const next = await Workplace.create({}, 0o700);
    await next.run('runs', 'list');
    await expect(stat(outside)).rejects.toThrow(/ENOENT/);
    await next.close();
    await closed.close();
  });
});

describe('millrace runs cancel', () => {
  it('stops a run within seconds, and says so', async () => {
    await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 6), sensors: 60, everyMinutes: 1 });
    await work.run('runs', 'list');
    const { runId } = await work.json<{ runId: string }>('run', 'sensor-training', '--set', 'source=plant', '--detach');
    expect((await work.run('runs', 'cancel', runId)).stdout).toContain('was asked to stop');
    let state = 'running';
    while (state === 'running') ({ state } = await work.json<{ state: string }>('runs', 'show', runId));
    expect(state).toBe('cancelled');
    expect((await work.run('runs', 'cancel', runId)).stdout).toContain('is cancelled already');
  });
});

describe('millrace doctor', () => {
  it('says what was found, which version and from where', async () => {
    const { ok, findings } = await work.json<{
      ok: boolean;
      findings: { name: string; state: string; found: string; from: string }[];
    }>('doctor');
    expect(ok).toBe(true);
    expect(findings.map(({ name }) => name)).toEqual([
      'Node.js',
      'work folder',
      'DuckDB',
      'Temporal',
      'Temporal server',
      'Postgres',
      'TensorFlow',
      'object store',
    ]);
    for (const { found, from } of findings) expect(found.length * from.length).toBeGreaterThan(0);
    expect(findings.find(({ name }) => name === 'Temporal server')!.found).toMatch(
      /answers, search attributes registered/,
    );
  });

  it('finds nothing missing where nothing runs', async () => {
    await work.run('down');
    const { ok, findings } = await work.json<{ ok: boolean; findings: { name: string; state: string }[] }>('doctor');
    expect({ ok, missing: findings.filter(({ state }) => state === 'missing') }).toEqual({ ok: true, missing: [] });
  });

  it('says what is wrong with the settings', async () => {
    const file = join(work.folder, 'millrace.yaml');
    await writeFile(file, 'memoryMib: 512\n');
    const [text, json] = [await work.run('doctor'), await work.run('doctor', '--json')];
    await rm(file);
    expect([text.code, json.code]).toEqual([3, 3]);
    expect(text.stdout).toMatch(/✗ configuration +millrace\.yaml:1:1 .*Did you mean "memoryMiB"\?/);
    // One document, though the call failed.
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, findings: expect.any(Array) });
  });
});

/** Addresses on which processes listen, without repetition. */
async function listeners(pids: number[]): Promise<string[]> {
  const found = new Set<string>();
  for (const pid of pids) {
    for (const file of ['tcp', 'tcp6']) {
      const own = await ownSockets(pid);
      for (const line of (await readFile(`/proc/${pid}/net/${file}`, 'utf8')).split('\n').slice(1)) {
        const fields = line.trim().split(/\s+/);
        if (fields[3] === '0A' && own.has(fields[9]!)) found.add(address(fields[1]!.split(':')[0]!));
      }
    }
  }
  return [...found];
}

async function ownSockets(pid: number): Promise<Set<string>> {
  const { readdir, readlink } = await import('node:fs/promises');
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

function address(hex: string): string {
  if (hex.length > 8) return hex === '00000000000000000000000001000000' ? '::1' : `[${hex}]`;
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}
