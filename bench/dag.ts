import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { activity, plainActivity } from '../activities/attempt.js';
import { createFinish } from '../activities/finish.js';
import { type MappedStep, mappedActivities } from '../activities/mapped.js';
import type { ResolveCall } from '../activities/resolve.js';
import { readEnv } from '../config/env.js';
import { STEP_QUEUES, WORKFLOW_QUEUE } from '../config/queues.js';
import { loadSettings } from '../config/settings.js';
import { DEFAULT_RETRY } from '../dag/declare.js';
import type { Plan, PlanStep } from '../dag/plan.js';
import { supervise } from '../embedded/supervisor.js';
import { openDatabase } from '../store/tables/database.js';
import { Registry } from '../store/tables/registry.js';
import { DIST } from '../workers/code-hashes.js';
import { temporalLogger } from '../workers/logging.js';
import { prepareTables } from '../workers/prepare.js';
import { localStores } from './local-stores.js';
import { median, type Row, row } from './row.js';

const QUEUE = 'millrace.bench';
const ROUNDS = 5;

/** What the orchestration itself costs: steps that do nothing, with all that is recorded about them. */
export async function benchDag(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  await chmod(folder, 0o711);
  const stop = new AbortController();
  const env = { ...readEnv(), home: join(folder, '.millrace'), store: join(folder, 'store') };
  try {
    let services: Promise<void> | undefined;
    await new Promise<void>((ready, failed) => {
      services = supervise({
        env,
        stop: stop.signal,
        say() {},
        prepare: async () => void (await prepareTables(await loadSettings(env))),
        worker: false,
        onReady: () => ready(),
      });
      services.catch(failed);
    });
    const settings = await loadSettings(env);
    const database = openDatabase({ ...settings.database }, () => undefined);
    const stores = localStores(folder, new Registry(database));
    Runtime.install({ logger: temporalLogger(pino({ level: 'silent' })) });
    const native = await NativeConnection.connect({ address: settings.temporal.address });
    const trivial = mappedActivities(stores, trivialStep(1000));
    const resolve = async ({ pipeline, workflowId, temporalRunId, request }: ResolveCall): Promise<Plan> => {
      const run = { runId: workflowId, workflowId, temporalRunId, pipeline };
      await stores.registry.beginRun(run, {}, null);
      return { run, ...(request.params?.mapped === true ? mappedPlan() : emptyPlan()), title: 'bench', interval: null };
    };
    const common = { connection: native, shutdownGraceTime: '1 s' };
    const workers = await Promise.all([
      Worker.create({
        ...common,
        taskQueue: WORKFLOW_QUEUE,
        workflowBundle: { codePath: join(DIST, 'workflow-bundle.js') },
      }),
      Worker.create({
        ...common,
        taskQueue: STEP_QUEUES.resolve,
        activities: { resolve: plainActivity(stores, resolve), finish: plainActivity(stores, createFinish(stores)) },
      }),
      Worker.create({
        ...common,
        taskQueue: QUEUE,
        activities: {
          empty: activity(stores, 'once', async () => null),
          'trivial.plan': activity(stores, 'plan', trivial.plan),
          trivial: activity(stores, 'batch', trivial.batch),
          'trivial.gather': activity(stores, 'gather', trivial.gather),
        },
      }),
    ]);
    const runs = workers.map((worker) => worker.run());
    const connection = await Connection.connect({ address: settings.temporal.address });
    const client = new Client({ connection });
    const time = async (workflowId: string, params: object) => {
      const began = performance.now();
      await client.workflow.execute('sensor-training', { taskQueue: WORKFLOW_QUEUE, workflowId, args: [{ params }] });
      return (performance.now() - began) / 1000;
    };
    await time('warm-up', {});
    const empty: number[] = [];
    const mapped: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      empty.push(await time(`empty-${round}`, {}));
      mapped.push(await time(`mapped-${round}`, { mapped: true }));
    }
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
    await connection.close();
    await native.close();
    await database.close();
    stop.abort();
    await services;
    return [
      row('10 empty steps in a row', 's', median(empty), { name: 'at most', value: 1 }),
      row('1,000 chunks through three mapped steps', 's', median(mapped), { name: 'at most', value: 3 }),
    ];
  } finally {
    stop.abort();
    await rm(folder, { recursive: true, force: true });
  }
}

const step = (name: string, activityName: string, mapped: boolean, after: string | null): PlanStep => ({
  name,
  activity: activityName,
  queue: QUEUE,
  mapped,
  doc: '',
  inputs: after === null ? {} : { before: { step: after } },
  retry: DEFAULT_RETRY,
  timeoutSeconds: 60,
});

function emptyPlan(): Pick<Plan, 'steps' | 'result'> {
  const steps = Array.from({ length: 10 }, (_, at) =>
    step(`step-${at}`, 'empty', false, at === 0 ? null : `step-${at - 1}`),
  );
  return { steps, result: 'step-9' };
}

function mappedPlan(): Pick<Plan, 'steps' | 'result'> {
  return {
    steps: [
      step('one', 'trivial', true, null),
      step('two', 'trivial', true, 'one'),
      step('three', 'trivial', true, 'two'),
    ],
    result: 'three',
  };
}

/** A thousand items in fifty batches, with nothing to do. */
function trivialStep(items: number): MappedStep<object, number, number> {
  return {
    limits: { targetWeight: 20, maxBatches: 500 },
    plan: async () => ({ make: Array.from({ length: items }, (_, item) => ({ item, weight: 1 })), kept: [] }),
    about: (item) => ({ item: String(item), day: null, readings: null }),
    batch: async () => undefined,
    gather: async (_call, all) => all.length,
  };
}
