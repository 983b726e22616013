import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { pino } from 'pino';
import { Millrace, type StepStatus } from '../client/millrace.js';
import { WORKER_KINDS, type WorkerKind } from '../config/queues.js';
import { loadSettings } from '../config/settings.js';
import { Pipelines } from '../pipelines/pipelines.js';
import { defineProject, type Project } from '../project/define.js';
import { runWorkers } from '../workers/worker.js';
import { servicesHome } from './services.js';
import { testEnv } from './test-env.js';

/** What came of a run in a test. */
export interface TestRun<T> {
  runId: string;
  result: T;
  /** The state of every step: how many items there were, and how many were kept from before. */
  steps: StepStatus[];
  /** As the Temporal server has it, in JSON: `replayHistory` takes it. */
  history: object;
}

const KINDS = Object.keys(WORKER_KINDS) as WorkerKind[];
/** Of the code of this process: what it made is used again in it, and nowhere else. */
const CODE = randomUUID();
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a pipeline as it is in production: on a real Temporal server and Postgres, which are started for this process in
 * a temporary folder, with workers in this process. Models, tables and kept outputs are those of earlier calls in the
 * same process. One call runs at a time.
 * @param project as `project.ts` exports it
 * @param params a relative `source` is one from the folder that the process runs in
 * @throws MillraceError with the code that the run failed with
 */
export function testPipeline<T extends object = Record<string, unknown>>(
  project: Project,
  pipeline: string,
  params: Record<string, unknown>,
): Promise<TestRun<T>> {
  const run = last.then(() => runOnce<T>(project, pipeline, params));
  last = run.catch(() => undefined);
  return run;
}

async function runOnce<T extends object>(
  project: Project,
  pipeline: string,
  params: Record<string, unknown>,
): Promise<TestRun<T>> {
  const pipelines = new Pipelines(defineProject(project).pipelines);
  const given = typeof params.source === 'string' ? { ...params, source: absolute(params.source) } : params;
  pipelines.named(pipeline).parse(given);
  const env = testEnv(await servicesHome());
  const stop = new AbortController();
  const settings = await loadSettings(env);
  let working: Promise<void> | undefined;
  try {
    await new Promise<void>((ready, failed) => {
      working = runWorkers({
        kinds: KINDS,
        settings,
        place: env,
        project: { pipelines, hash: CODE },
        log: pino({ level: 'silent' }),
        stop: stop.signal,
        graceSeconds: 1,
        metrics: undefined,
        buildId: undefined,
        onReady: ready,
      });
      working.catch(failed);
    });
    const millrace = await Millrace.connect(env, pipelines);
    try {
      const { workflowId, runId } = await millrace.start(pipeline, { params: given });
      const result = await millrace.result<T>(workflowId);
      const steps = await millrace.steps(workflowId);
      const history = await millrace.client.workflow.getHandle(workflowId).fetchHistory();
      return { runId, result, steps, history: JSON.parse(historyToJSON(history)) as object };
    } finally {
      await millrace.close();
    }
  } finally {
    stop.abort();
    await working;
  }
}

const absolute = (source: string) => (/^[a-z0-9]+:\/\//.test(source) ? source : resolve(source));
