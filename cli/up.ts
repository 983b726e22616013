import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { loadSettings } from '../config/settings.js';
import { down, type Message, running, type ServiceRecord } from '../embedded/services.js';
import { supervise } from '../embedded/supervisor.js';
import { loadProject, projectHash } from '../project/load.js';
import { prepareStore, prepareTables } from '../workers/prepare.js';
import type { Output } from './output.js';
import { progressLine, withProject } from './session.js';

/** Starts the services and stays with them. In the background it tells the process that started it how it goes. */
export async function upCommand(out: Output, background: boolean): Promise<void> {
  const env = readEnv();
  const there = await running(env);
  if (there !== null && !background) {
    const record = await withProject(out, env, there, await loadProject(env));
    out.print('Everything is up already:');
    show(out, record);
    return;
  }
  const tell = (message: Message) => {
    if (process.connected) process.send?.(message);
  };
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const line = progressLine(out);
  let ready = false;
  try {
    await supervise({
      env,
      stop: stop.signal,
      say: (...words) => {
        line(...words);
        tell({ say: words });
      },
      prepare: async () => {
        const settings = await loadSettings(env);
        await prepareTables(settings);
        await loadProject(env);
        // Here, where a person sees it, and not in the log of a worker that cannot start.
        await prepareStore(settings, false);
      },
      project: () => projectHash(env),
      onReady: (record) => {
        if (ready) return;
        ready = true;
        tell({ ready: record });
        if (process.connected) process.disconnect();
        if (background) return;
        out.print('Everything is up. Ctrl-C stops it.');
        show(out, record);
      },
    });
  } catch (error) {
    if (error instanceof MillraceError) tell({ error: { code: error.code, message: error.message } });
    throw error;
  }
}

export async function downCommand(out: Output): Promise<void> {
  out.print((await down(readEnv())) ? 'Stopped.' : 'Nothing was running.');
}

function show(out: Output, { temporal, postgres, rest }: ServiceRecord): void {
  const rows: string[][] = [];
  if (temporal !== null) rows.push(['Temporal', temporal.address], ['Temporal UI', temporal.ui]);
  if (postgres !== null) rows.push(['Postgres', `127.0.0.1:${postgres.port}, database ${postgres.database}`]);
  if (rest !== null)
    rows.push(['Page', rest.url], ['REST', `${rest.url}/api/v1, described at ${rest.url}/api/openapi.json`]);
  rows.push(['Work folder', readEnv().home]);
  out.print(out.table(['', ''], rows).split('\n').slice(1).join('\n'));
}
