import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import { decodeColumns } from '../store/frames.js';
import { peerPython } from './peer-python.js';
import { median, type Row, row } from './row.js';

const ROUNDS = 3;
const SECONDS = 5;
const CONNECTIONS = 8;
const MAIN = resolve('dist/cli/main.js');
const BATCH = 100;

interface Load {
  perSecond: number;
  p99: number;
}

/** Prediction by a warm model over REST, beside a scikit-learn pipeline behind FastAPI: one instance, and a hundred. */
export async function benchPredict(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  await chmod(folder, 0o711);
  // Both servers are to be as fast as they can.
  await writeFile(join(folder, 'millrace.yaml'), 'rest: { predictsPerMinute: 1000000000 }\n');
  const millrace = (...args: string[]) =>
    promisify(execFile)(process.execPath, [MAIN, ...args], { cwd: folder, maxBuffer: 1 << 26 });
  let peer: { url: string; child: ChildProcess } | null = null;
  try {
    await millrace('demo');
    const services = JSON.parse(await readFile(join(folder, '.millrace/services.json'), 'utf8')) as {
      rest: { url: string };
    };
    const { columns, data } = await featureTable(join(folder, '.millrace/store/features'));
    const instances = Array.from({ length: BATCH }, (_, at) => ({
      features: Object.fromEntries(
        columns.map((name, column) => [name, data[(at % (data.length / columns.length)) * columns.length + column]!]),
      ),
    }));
    const python = await peerPython();
    peer = python === null ? null : await startPeer(python, folder, { columns, data, k: 5 });
    const ours = `${services.rest.url}/api/v1/models/demo/predict`;
    return [
      ...(await compare('one instance', ours, peer?.url ?? null, { instances: instances.slice(0, 1) })),
      ...(await compare(`${BATCH} instances`, ours, peer?.url ?? null, { instances })),
    ];
  } finally {
    peer?.child.kill();
    await millrace('down');
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(name: string, ours: string, theirs: string | null, body: unknown): Promise<Row[]> {
  const text = JSON.stringify(body);
  const own: Load[] = [];
  const other: Load[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    own.push(await load(ours, text));
    if (theirs !== null) other.push(await load(theirs, text));
  }
  const middle = (loads: Load[], of: (load: Load) => number) => (loads.length === 0 ? null : median(loads.map(of)));
  const peer = (of: (load: Load) => number) => ({ name: 'FastAPI + scikit-learn', value: middle(other, of) });
  return [
    row(
      `REST predictions of ${name}`,
      'requests/s',
      middle(own, (l) => l.perSecond)!,
      peer((l) => l.perSecond),
      true,
    ),
    row(
      `p99 of the same, ${CONNECTIONS} connections`,
      'ms',
      middle(own, (l) => l.p99)!,
      peer((l) => l.p99),
    ),
  ];
}

async function load(url: string, body: string): Promise<Load> {
  const result = await autocannon({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were no predictions, ${result.errors} requests failed`);
  return { perSecond: result.requests.average, p99: result.latency.p99 };
}

/** The largest feature table in the store: that of the training. */
async function featureTable(folder: string): Promise<{ columns: string[]; data: (number | null)[] }> {
  const tables = await Promise.all(
    (await readdir(folder)).map(async (name) => decodeColumns(await readFile(join(folder, name)))),
  );
  const { sensor, day: _, ...rest } = tables.sort((a, b) => b.day!.length - a.day!.length)[0]!;
  const columns = Object.keys(rest);
  const data = Array.from({ length: sensor!.length }, (_each, at) => columns.map((name) => Number(rest[name]![at])));
  // JSON has no NaN; to both servers a missing value is null.
  return { columns, data: data.flat().map((value) => (Number.isNaN(value) ? null : value)) };
}

async function startPeer(python: string, folder: string, task: unknown): Promise<{ url: string; child: ChildProcess }> {
  const file = join(folder, 'peer.json');
  await writeFile(file, JSON.stringify(task));
  const port = await freePort();
  const child = spawn(python, [resolve('bench/peers/predict_fastapi.py'), file, String(port)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}/predict`;
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(url).catch(() => null);
    if (answer !== null) return { url, child };
    await sleep(100);
  }
  throw new Error('the peer did not start');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
