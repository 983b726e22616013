import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAnswer, createAsk } from '../../activities/ask.js';
import { activity, plainActivity } from '../../activities/attempt.js';
import { createFinish } from '../../activities/finish.js';
import { type MappedStep, mappedActivities } from '../../activities/mapped.js';
import type { ResolveCall } from '../../activities/resolve.js';
import { MillraceError } from '../../config/errors.js';
import { STEP_QUEUES, WORKFLOW_QUEUE } from '../../config/queues.js';
import type { OnFailure } from '../../dag/failure.js';
import type { Plan, PlanStep, RunStanding } from '../../dag/plan.js';
import { type Database, openDatabase } from '../../store/tables/database.js';
import { type ExternalServices, externalServices } from '../support/services.js';
import { type TestStores, testStores } from '../support/stores.js';

/** The real workflow and what records it, with one step whose items do as they are called. */
const QUEUE = 'test.failures';
const BATCH = 8;

let services: ExternalServices;
let database: Database;
let stores: TestStores;
let folder: string;
let client: Client;
let stop: () => Promise<void>;
/** What items are called: good, bad, flaky (the first time), hanging. */
let items: string[] = [];
const over = new AbortController();
const tries = new Map<number, number>();

const step: MappedStep<object, number, { left: number[] }> = {
  limits: { targetWeight: BATCH, maxBatches: 500 },
  plan: async () => ({ make: items.map((_, item) => ({ item, weight: 1 })), kept: [] }),
  about: (item) => ({ item: `item ${item}`, day: null, readings: 10 }),
  async batch(_call, own) {
    for (const item of own) {
      const nth = (tries.get(item) ?? 0) + 1;
      tries.set(item, nth);
      if (items[item] === 'bad') throw new MillraceError('MR_FILE_UNREADABLE', `item ${item} is bad`);
      if (items[item] === 'flaky' && nth === 1) throw new MillraceError('MR_FILE_UNREADABLE', `item ${item} is flaky`);
      if (items[item] === 'gone') throw new MillraceError('MR_OBJECT_MISSING', `item ${item} is gone`);
      if (items[item] === 'hanging') await sleep(3_600_000, undefined, { signal: over.signal });
    }
  },
  gather: async (_call, left) => ({ left }),
};

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  folder = await mkdtemp(join(tmpdir(), 'millrace-failures-'));
  services = await externalServices();
  database = openDatabase({ connectionString: services.env.DATABASE_URL, max: 8 }, () => undefined);
  stores = await testStores(undefined, database);
  const native = await NativeConnection.connect({ address: services.env.TEMPORAL_ADDRESS });
  const trivial = mappedActivities(stores, step);
  const resolve = async ({ pipeline, workflowId, temporalRunId, request }: ResolveCall): Promise<Plan> => {
    const run = { runId: workflowId, workflowId, temporalRunId, pipeline };
    await stores.registry.beginRun(run, {}, null);
    const { onFailure } = request.params as { onFailure: OnFailure };
    return { run, steps: [STEP], result: 'work', title: 'test', interval: null, onFailure };
  };
  const workers = await Promise.all([
    Worker.create({
      connection: native,
      taskQueue: WORKFLOW_QUEUE,
      workflowBundle: { codePath: 'dist/workflow-bundle.js' },
    }),
    Worker.create({
      connection: native,
      taskQueue: STEP_QUEUES.resolve,
      activities: {
        resolve: plainActivity(stores, resolve),
        ask: plainActivity(stores, createAsk(stores)),
        answer: plainActivity(stores, createAnswer(stores)),
        finish: plainActivity(stores, createFinish(stores)),
      },
    }),
    Worker.create({
      connection: native,
      taskQueue: QUEUE,
      activities: {
        'work.plan': activity(stores, 'plan', trivial.plan),
        work: activity(stores, 'batch', trivial.batch),
        'work.gather': activity(stores, 'gather', trivial.gather),
      },
    }),
  ]);
  const runs = workers.map((worker) => worker.run());
  const connection = await Connection.connect({ address: services.env.TEMPORAL_ADDRESS });
  client = new Client({ connection });
  stop = async () => {
    over.abort();
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
    await connection.close();
    await native.close();
    await database.close();
  };
}, 120_000);
afterAll(async () => {
  await stop();
  await stores.close();
  await services.close();
  await rm(folder, { recursive: true, force: true });
});

const STEP: PlanStep = {
  name: 'work',
  activity: 'work',
  queue: QUEUE,
  mapped: true,
  doc: '',
  inputs: {},
  retry: { maxAttempts: 2, initialSeconds: 0.1, backoff: 1, maxSeconds: 1 },
  timeoutSeconds: 1,
};

/** @param unlike what items are called that are not good, by their place */
async function start(onFailure: OnFailure, n: number, unlike: Record<number, string>) {
  items = Array.from({ length: n }, (_, at) => unlike[at] ?? 'good');
  tries.clear();
  return client.workflow.start('sensor-training', {
    taskQueue: WORKFLOW_QUEUE,
    workflowId: `failures.${randomUUID()}`,
    args: [{ params: { onFailure } }],
  });
}

type Run = Awaited<ReturnType<typeof start>>;
const failedOf = async ({ workflowId }: Run) => stores.failures.list(workflowId, 100);
const left = async (run: Run) => ((await run.result()) as { left: number[] }).left;
const all = (n: number, without: number[] = []) =>
  Array.from({ length: n }, (_, at) => at).filter((at) => !without.includes(at));

async function asked(run: Run, n = 1): Promise<RunStanding> {
  for (;;) {
    const standing = await run.query<RunStanding>('standing').catch(() => null);
    // It is recorded a moment after it is open.
    if (standing?.questions.length === n && (await stores.failures.questions(run.workflowId)).length >= n)
      return standing;
    await sleep(50);
  }
}

const decide = (run: Run, decision: string, batch: number | null = null) =>
  run.executeUpdate<number, [object]>('decide', { args: [{ decision, batch }] });

async function codeOf(run: Run): Promise<unknown> {
  try {
    return await run.result();
  } catch (error) {
    return error instanceof WorkflowFailedError ? (error.cause as { type?: string }).type : error;
  }
}

describe('a run that is to go on without what fails', () => {
  it('leaves out the items that fail, and no other of their batches', async () => {
    const run = await start('skip', 20, { 3: 'bad', 11: 'bad' });
    expect(await left(run)).toEqual(all(20, [3, 11]));
    expect(await failedOf(run)).toEqual([
      {
        step: 'work',
        item: 'item 11',
        day: null,
        readings: 10,
        code: 'MR_FILE_UNREADABLE',
        message: 'item 11 is bad',
      },
      { step: 'work', item: 'item 3', day: null, readings: 10, code: 'MR_FILE_UNREADABLE', message: 'item 3 is bad' },
    ]);
  });

  it('finds the item by halves of which no worker comes back', { timeout: 60_000 }, async () => {
    const run = await start('skip', 8, { 5: 'hanging' });
    expect(await left(run)).toEqual(all(8, [5]));
    expect(await failedOf(run)).toMatchObject([{ item: 'item 5' }]);
  });

  it('fails where nothing is left', async () => {
    const run = await start('skip', 2, { 0: 'bad', 1: 'bad' });
    expect(await codeOf(run)).toBe('MR_ALL_FAILED');
  });

  it('has what is damaged mended first', async () => {
    const run = await start('skip', 2, { 0: 'gone' });
    expect(await left(run)).toEqual([1]);
    expect(await failedOf(run)).toMatchObject([{ item: 'item 0', code: 'MR_OBJECT_MISSING' }]);
    // The plan was run three times: each attempt has a number of its own.
    const attempts = await stores.registry.attempts(run.workflowId);
    const plans = attempts.filter(({ phase }) => phase === 'plan').map(({ attempt }) => attempt);
    expect(plans.sort()).toEqual([1, 2, 3]);
  });
});

describe('a run that asks', () => {
  it('does it again when it is told to, and attempts are numbered on', async () => {
    const run = await start('wait', 8, { 2: 'flaky' });
    const { steps, questions } = await asked(run);
    expect(steps[0]).toMatchObject({ name: 'work', state: 'asks' });
    expect(questions).toEqual([
      {
        step: 'work',
        phase: 'batch',
        batch: 1,
        code: 'MR_FILE_UNREADABLE',
        message: 'item 2 is flaky',
        can: ['retry', 'skip', 'abort'],
      },
    ]);
    expect(await decide(run, 'retry')).toBe(1);
    expect(await left(run)).toEqual(all(8));
    const attempts = (await stores.registry.attempts(run.workflowId)).filter(({ phase }) => phase === 'batch');
    expect(attempts.map(({ attempt, state }) => [attempt, state])).toEqual([
      [1, 'failed'],
      [2, 'done'],
    ]);
    expect(await stores.failures.questions(run.workflowId)).toMatchObject([
      { decision: 'retry', decidedAt: expect.any(Date) },
    ]);
  });

  it('goes on without what fails, or fails, and asks for each batch', async () => {
    const run = await start('wait', 24, { 2: 'bad', 9: 'bad', 17: 'bad' });
    await asked(run, 3);
    expect(await decide(run, 'skip', 2)).toBe(1);
    expect(await decide(run, 'skip', 1)).toBe(1);
    await asked(run, 1);
    await expect.poll(() => failedOf(run)).toHaveLength(2);
    expect(await decide(run, 'abort')).toBe(1);
    expect(await codeOf(run)).toBe('MR_FILE_UNREADABLE');
  });

  it('takes one answer to a question, and none that is not possible', async () => {
    const run = await start('wait', 4, { 0: 'bad', 1: 'bad', 2: 'bad', 3: 'bad' });
    await asked(run);
    const answers = await Promise.allSettled([decide(run, 'skip'), decide(run, 'abort')]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    if (answers[0].status === 'rejected') return;
    // All of them fail: to put nothing together cannot be left out.
    expect((await asked(run)).questions).toMatchObject([{ phase: 'gather', can: ['retry', 'abort'] }]);
    const refused = (await decide(run, 'skip').catch((error: unknown) => error)) as WorkflowUpdateFailedError;
    expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
    expect(refused.cause).toMatchObject({ type: 'MR_RUN_STATE' });
    await decide(run, 'abort');
    expect(await codeOf(run)).toBe('MR_ALL_FAILED');
  });

  it('ends when it is cancelled meanwhile', async () => {
    const run = await start('wait', 4, { 0: 'bad' });
    await asked(run);
    await run.cancel();
    await expect(run.result()).rejects.toThrow();
    expect(
      (await database.db.selectFrom('runs').select('state').where('id', '=', run.workflowId).execute())[0],
    ).toEqual({
      state: 'cancelled',
    });
  });
});
