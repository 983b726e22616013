import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { Client, Connection } from '@temporalio/client';
import { childEnv, readEnv } from '../config/env.js';
import { loadSettings } from '../config/settings.js';
import { DIST } from '../workers/code-hashes.js';
import { median, type Row, row } from './row.js';

interface Explanation {
  chunks: number;
  keptChunks: number;
  steps: { name: string; batches: number }[];
  activities: number;
  events: number;
  largestPayload: number;
  writes: number;
  memory: Record<string, number>;
  seconds: number;
}

interface Run {
  seconds: number;
  attempts: { step: string; phase: string; measures: Record<string, number> }[];
}

const READINGS = 48;
/** Runs that times are taken from: sensors × days. Each is done twice, of other readings: one of them is chance. */
const BEFORE = [
  [10, 40],
  [50, 100],
  [100, 250],
  [150, 400],
] as const;
/** What is asked for, and how often: times are half of it more or less by chance, and the median is shown. */
const ASKED = [
  [20, 50, 5],
  [200, 500, 3],
] as const;

/** What `pipelines explain` says of a run, beside what then happens: 1,000 and 100,000 chunks. */
export async function benchExplain(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  await chmod(folder, 0o711);
  const home = join(folder, '.millrace');
  const millrace = async (...args: string[]): Promise<string> => {
    const options = { cwd: folder, env: childEnv({ MILLRACE_HOME: home }), maxBuffer: 1 << 28 };
    return (await promisify(execFile)(process.execPath, [join(DIST, 'cli/main.js'), ...args], options)).stdout;
  };
  const call = async <T>(...args: string[]): Promise<T> => JSON.parse(await millrace(...args, '--json')) as T;
  const set = (source: string) => ['--set', `source=${source}`, '--set', 'refit=true', '--set', `model=${source}`];
  let plants = 0;
  const plant = (sensors: number, days: number) => writePlant(folder, `plant-${++plants}`, sensors, days);
  try {
    for (const [sensors, days] of [...BEFORE, ...BEFORE]) {
      await call('run', 'sensor-training', ...set(await plant(sensors, days)));
    }
    const rows: Row[] = [];
    for (const [sensors, days, times] of ASKED) {
      const figures = new Map<string, { unit: string; said: number[]; came: number[] }>();
      const beside = (what: string, unit: string, ours: number, value: number) => {
        const { said, came } = figures.get(what) ?? { said: [], came: [] };
        figures.set(what, { unit, said: [...said, ours], came: [...came, value] });
      };
      for (let nth = 0; nth < times; nth++) await ask(await plant(sensors, days), beside);
      const of = (what: string) => `${what}, ${(sensors * days).toLocaleString('en-US')} chunks`;
      for (const [what, { unit, said, came }] of figures)
        rows.push(row(of(what), unit, median(said), { name: 'what happened', value: median(came) }));
    }
    return rows;
  } finally {
    await millrace('down');
    await rm(folder, { recursive: true, force: true });
  }

  /** Has a run explained, does it, and tells of both. */
  async function ask(
    source: string,
    beside: (what: string, unit: string, said: number, came: number) => void,
  ): Promise<void> {
    const said = await call<Explanation>('pipelines', 'explain', 'sensor-training', ...set(source));
    const before = await written(home);
    const { runId, chunks } = await call<{ runId: string; chunks: { total: number } }>(
      ...(['run', 'sensor-training', ...set(source)] as const),
    );
    const run = await call<Run>('runs', 'show', runId);
    const came = await historyOf(home, runId);
    const batches = said.steps.reduce((sum, step) => sum + step.batches, 0);
    beside('chunks', '', said.chunks, chunks.total);
    beside('batches', '', batches, run.attempts.filter(({ phase }) => phase === 'batch').length);
    beside('activities', '', said.activities, came.activities);
    beside('events of the history', '', said.events, came.events);
    beside('largest payload', 'KiB', said.largestPayload / 1024, came.largest / 1024);
    beside('written to the store', 'MiB', said.writes / 2 ** 20, ((await written(home)) - before) / 2 ** 20);
    beside('memory of the worker', 'MiB', Math.max(...Object.values(said.memory)), memoryOf(run));
    beside('time', 's', said.seconds, run.seconds);
  }
}

async function writePlant(folder: string, name: string, sensors: number, days: number): Promise<string> {
  await mkdir(join(folder, name), { recursive: true });
  const duck = await (await DuckDBInstance.create()).connect();
  // A file for fifty days, as plants write them.
  for (let from = 0; from < days; from += 50) {
    const rows = sensors * READINGS * Math.min(50, days - from);
    await duck.run(`COPY (
      SELECT strftime(TIMESTAMP '2024-01-01' + to_days(${from}) + to_minutes((i // ${sensors}) * ${1440 / READINGS}), '%Y-%m-%d %H:%M:%S') AS time,
             'sensor-' || (i % ${sensors}) AS sensor,
             round(20 + (i % 7) * 10 + 5 * sin(i / ${sensors} / 7.6) + random(), 2) AS value
      FROM range(${rows}) t(i)) TO '${join(folder, name, `${from}.csv`)}' (HEADER)`);
  }
  duck.closeSync();
  return name;
}

/** Bytes of what is large in the store. */
async function written(home: string): Promise<number> {
  let bytes = 0;
  for (const part of ['staged', 'chunks', 'kept/features']) {
    const folder = join(home, 'store', part);
    const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
    for (const each of names) {
      const found = await stat(join(folder, each));
      if (found.isFile()) bytes += found.size;
    }
  }
  return bytes;
}

async function historyOf(home: string, workflowId: string) {
  const { temporal } = await loadSettings({ ...readEnv(), home });
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const { events } = await new Client({ connection }).workflow.getHandle(workflowId).fetchHistory();
    const all = events ?? [];
    const payloads = all.flatMap((event) => [
      ...(event.activityTaskScheduledEventAttributes?.input?.payloads ?? []),
      ...(event.activityTaskCompletedEventAttributes?.result?.payloads ?? []),
    ]);
    return {
      activities: all.filter((event) => event.activityTaskScheduledEventAttributes != null).length,
      events: all.length,
      largest: Math.max(...payloads.map(({ data }) => data?.length ?? 0)),
    };
  } finally {
    await connection.close();
  }
}

/** All kinds of workers are one process here. */
const memoryOf = ({ attempts }: Run) => Math.max(...attempts.map(({ measures }) => measures.rssMiB ?? 0));
