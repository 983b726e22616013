import { Millrace } from '../client/millrace.js';
import { Pipelines } from '../client/pipelines.js';
import { type Env, readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import type { ServiceRecord } from '../embedded/services.js';
import { ensureUp, renew } from '../embedded/services.js';
import { type LoadedProject, loadProject } from '../project/load.js';
import { bytes, type Output } from './output.js';

/** Connects, starting the embedded services in the background when they are needed and not up. */
export async function connect(out: Output): Promise<{ millrace: Millrace; record: ServiceRecord | null; env: Env }> {
  const env = readEnv();
  const project = await projectOf(env, out);
  let record: ServiceRecord | null = null;
  if (env.temporalAddress === undefined || env.databaseUrl === undefined) {
    const up = await ensureUp(env, progressLine(out));
    record = up.record;
    if (up.started) out.note('services are up and stay so; millrace down stops them');
    else record = await withProject(out, env, record, project);
  }
  return { millrace: await Millrace.connect(env, project?.pipelines ?? new Pipelines()), record, env };
}

/** Has the services take the project over as it is now. */
export async function withProject(
  out: Output,
  env: Env,
  record: ServiceRecord,
  project: LoadedProject | null,
): Promise<ServiceRecord> {
  if (project === null || record.project === undefined || record.project === project.hash) return record;
  out.note('the project changed: the worker and the REST server start anew');
  return renew(env, record);
}

/** The project; null where it cannot be loaded: what needs none of its pipelines goes on without. */
async function projectOf(env: Env, out: Output): Promise<LoadedProject | null> {
  try {
    return await loadProject(env);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'MR_PROJECT') throw error;
    out.note(`${error.code}: ${error.message}`);
    return null;
  }
}

/** Runs `work` with a connection, and closes it. */
export async function connected(out: Output, work: (millrace: Millrace) => Promise<void>): Promise<void> {
  const { millrace } = await connect(out);
  try {
    await work(millrace);
  } finally {
    await millrace.close();
  }
}

/** Shows what starts, and what is fetched, how much of it there is and how far it is. */
export function progressLine(out: Output): (message: string, done?: number, total?: number) => void {
  let last = '';
  let step = -1;
  return (message, done, total) => {
    if (done === undefined || total === undefined || total === 0) {
      if (message !== last) out.note(message);
      last = message;
      return;
    }
    const quarter = Math.floor((done / total) * 4);
    if (message === last && quarter === step) return;
    last = message;
    step = quarter;
    out.note(`${message}: ${bytes(done)} of ${bytes(total)}`);
  };
}
