import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { createLogger } from '../config/logger.js';
import { WORKER_KINDS, type WorkerKind } from '../config/queues.js';
import { loadSettings } from '../config/settings.js';
import { loadProject } from '../project/load.js';
import { runWorkers } from './worker.js';

/** Entry of a worker process: `main.js <kind>`, or `all` for every queue in one process. */
const wanted = process.argv[2] ?? 'all';
const names = Object.keys(WORKER_KINDS) as WorkerKind[];
const kinds = wanted === 'all' ? names : names.filter((name) => name === wanted);
const log = createLogger({ level: 'info', pretty: process.stderr.isTTY === true }).child({ worker: wanted });
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
// A worker without the process that started it would be an orphan that nobody stops.
process.on('disconnect', () => stop.abort());

try {
  if (kinds.length === 0)
    throw new MillraceError('MR_CALL', `there is no kind of worker "${wanted}"`, {
      allowed: `all, ${names.join(', ')}`,
    });
  const env = readEnv();
  await runWorkers({
    kinds,
    settings: await loadSettings(env),
    place: env,
    project: await loadProject(env),
    log,
    stop: stop.signal,
    graceSeconds: env.graceSeconds,
    metrics: env.metrics,
    buildId: env.buildId,
    onReady: () => {
      log.info('ready');
      process.send?.('ready');
    },
  });
  process.exit(0);
} catch (error) {
  if (error instanceof MillraceError) log.fatal({ code: error.code }, error.message);
  else log.fatal({ err: error }, 'the worker stopped');
  process.exit(error instanceof MillraceError ? error.exitCode : 1);
}
