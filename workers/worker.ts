import { join } from 'node:path';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { ACTIVITIES } from '../activities/index.js';
import { CONFIG_FILE } from '../config/config-file.js';
import { DEPLOYMENT } from '../config/deployment.js';
import type { Env, Listen } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { STEP_QUEUES, type StepQueue, WORKER_KINDS, WORKFLOW_QUEUE, type WorkerKind } from '../config/queues.js';
import type { Settings } from '../config/settings.js';
import type { LoadedProject } from '../project/load.js';
import { DIST } from './code-hashes.js';
import { type Composed, composeStores } from './compose.js';
import { freeLoopbackPort, serveHealth } from './health.js';
import { WorkerMetrics } from './metrics.js';
import { connectTemporal, temporalSchedules } from './temporal.js';

export interface WorkerOptions {
  kinds: readonly WorkerKind[];
  settings: Settings;
  /** Where `millrace.yaml` is. */
  place: Pick<Env, 'cwd' | 'config'>;
  project: LoadedProject;
  log: Logger;
  /** Aborted: running activities are given the time of grace, and no new ones are taken. */
  stop: AbortSignal;
  graceSeconds: number;
  /** Where health and metrics are served, if at all. */
  metrics: Listen | undefined;
  /** Build in the deployment; a run that began on one build ends on it. Undefined: no builds are told apart. */
  buildId: string | undefined;
  /** All queues are polled. */
  onReady(): void;
}

/** Serves the queues of some kinds of worker until it is told to stop. */
export async function runWorkers(options: WorkerOptions): Promise<void> {
  const { kinds, settings, log, stop, onReady } = options;
  const sdkMetrics = options.metrics === undefined ? null : await freeLoopbackPort();
  const connection = await connectTemporal(settings, log, sdkMetrics);
  const metrics = new WorkerMetrics(kinds.join('+'));
  const composed = await composeStores(
    settings,
    options.place,
    options.project,
    log,
    metrics,
    temporalSchedules(connection, settings.temporal.namespace),
  );
  let workers: Worker[] = [];
  const closeHealth =
    options.metrics &&
    (await serveHealth(options.metrics, {
      sick: () => sickness(workers),
      metrics: async () => `${await metrics.text()}${await sdkText(sdkMetrics!)}`,
      knowsToken: async (token) => (await composed.tokens.ownerOf(token)) !== null,
    }));
  try {
    await composed.check();
    workers = await createWorkers(options, connection, composed);
    const runs = workers.map((worker) => worker.run());
    const shutdown = () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    stop.addEventListener('abort', shutdown, { once: true });
    if (stop.aborted) shutdown();
    onReady();
    try {
      await Promise.all(runs);
    } finally {
      shutdown();
      await Promise.allSettled(runs);
    }
  } finally {
    await closeHealth?.();
    await composed.close();
    await connection.close();
  }
}

async function createWorkers(
  { kinds, settings, graceSeconds, buildId }: WorkerOptions,
  connection: NativeConnection,
  { stores }: Composed,
): Promise<Worker[]> {
  const common = {
    connection,
    namespace: settings.temporal.namespace,
    shutdownGraceTime: `${graceSeconds} s` as const,
    ...(buildId !== undefined && {
      workerDeploymentOptions: {
        version: { deploymentName: DEPLOYMENT, buildId },
        useWorkerVersioning: true as const,
        defaultVersioningBehavior: 'PINNED' as const,
      },
    }),
  };
  const hasOwn = stores.pipelines.ownSteps.length > 0;
  const queues = kinds
    .flatMap((kind): StepQueue[] => [...WORKER_KINDS[kind]])
    .filter((queue) => queue !== 'own' || hasOwn);
  if (queues.length === 0) {
    throw new MillraceError('MR_PROJECT', `a worker of the kind "${kinds.join(', ')}" has nothing to do`, {
      allowed: `a project in ${CONFIG_FILE} whose pipelines have steps of its own`,
    });
  }
  return Promise.all([
    ...(kinds.includes('workflow')
      ? [
          Worker.create({
            ...common,
            taskQueue: WORKFLOW_QUEUE,
            workflowBundle: { codePath: join(DIST, 'workflow-bundle.js') },
          }),
        ]
      : []),
    ...queues.map((queue) =>
      Worker.create({
        ...common,
        taskQueue: STEP_QUEUES[queue],
        activities: ACTIVITIES[queue](stores),
        maxConcurrentActivityTaskExecutions: queue === 'train' ? 1 : settings.threads,
      }),
    ),
  ]);
}

function sickness(workers: readonly Worker[]): string | null {
  if (workers.length === 0) return 'starting';
  const ended = workers.filter((worker) => worker.getState() !== 'RUNNING');
  return ended.length === 0 ? null : `${ended[0]!.options.taskQueue} is ${ended[0]!.getState().toLowerCase()}`;
}

/** Temporal's own metrics, which it serves itself. */
async function sdkText(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  return answer.ok ? answer.text() : '';
}
