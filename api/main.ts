import { readFile } from 'node:fs/promises';
import { Millrace } from '../client/millrace.js';
import { WarmModels } from '../client/warm-models.js';
import { loadConfig } from '../config/config-file.js';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { createLogger } from '../config/logger.js';
import { buildServer } from './server.js';

/** Entry of the process of the REST server. */
const log = createLogger({ level: 'info', pretty: process.stderr.isTTY === true }).child({ worker: 'api' });
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
process.on('disconnect', () => stop.abort());

try {
  const env = readEnv();
  const { value: config } = await loadConfig(env.cwd, env.config);
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const millrace = await Millrace.connect(env);
  const models = await WarmModels.open(millrace, (error) =>
    log.warn({ error: error.message }, 'watching for champions'),
  );
  const { host, port } = env.rest;
  const server = await buildServer({
    millrace,
    models,
    rest: config.rest,
    host,
    version,
    logger: log,
    stop: stop.signal,
  });
  const url = await server.listen({ host, port }).catch((cause: unknown) => {
    throw new MillraceError(
      'MR_SERVICE',
      `the REST server cannot listen on ${host}:${port}: ${(cause as Error).message}`,
      {
        next: 'choose another port with MILLRACE_PORT',
      },
    );
  });
  log.info({ url }, 'ready');
  process.send?.('ready');
  await new Promise((resolve) => {
    stop.signal.addEventListener('abort', resolve, { once: true });
    if (stop.signal.aborted) resolve(null);
  });
  await server.close();
  await models.close();
  await millrace.close();
  process.exit(0);
} catch (error) {
  if (error instanceof MillraceError) log.fatal({ code: error.code }, error.message);
  else log.fatal({ err: error }, 'the REST server stopped');
  process.exit(error instanceof MillraceError ? error.exitCode : 1);
}
