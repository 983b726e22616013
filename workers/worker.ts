import { join } from 'node:path';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { ACTIVITIES } from '../activities/index.js';
import { STEP_QUEUES, type StepQueue, WORKER_KINDS, WORKFLOW_QUEUE, type WorkerKind } from '../config/queues.js';
import type { Settings } from '../config/settings.js';
import { DIST } from './code-hashes.js';
import { composeStores } from './compose.js';
import { temporalLogger } from './logging.js';

/** How long running activities may go on after a worker was asked to stop. */
const GRACE = '10 s';

/**
 * Serves the queues of some kinds of worker until `stop` is aborted.
 * @param onReady called when all queues are polled
 */
export async function runWorkers(
  kinds: readonly WorkerKind[],
  settings: Settings,
  log: Logger,
  stop: AbortSignal,
  onReady: () => void,
): Promise<void> {
  Runtime.install({ logger: temporalLogger(log), shutdownSignals: [] });
  const connection = await NativeConnection.connect({ address: settings.temporal.address });
  const { stores, close } = await composeStores(settings, log);
  const common = { connection, namespace: settings.temporal.namespace, shutdownGraceTime: GRACE };
  const queues = kinds.flatMap((kind): StepQueue[] => [...WORKER_KINDS[kind]]);
  const workers = await Promise.all([
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
    await close();
    await connection.close();
  }
}
