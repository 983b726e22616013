import { MillraceError } from '../config/errors.js';
import { hashJson } from '../store/hash.js';
import { arrivalOf, type ListedFile } from './arrival.js';
import type { Attempt, Stores } from './context.js';
import type { RunRequest } from './resolve.js';
import { findFiles } from './source.js';
import { isBucketUrl, listBucket } from './source-bucket.js';

/** A run that is to be begun; another of that id is the same. */
export interface Start {
  pipeline: string;
  workflowId: string;
  request: RunRequest;
}

export interface LookCall {
  name: string;
}

/** What has arrived, and the run that is to be begun for it. */
export type Looked = { arrival: string; start: Start } | null;

/** Looks at the source of a trigger. What is wrong with it stands with the trigger; it is looked at again. */
export function createLook(stores: Stores) {
  return async ({ name }: LookCall, attempt: Attempt): Promise<Looked> => {
    const row = await stores.triggers.find(name);
    if (row === null || row.paused) return null;
    const { pipeline, params, settle } = row.declaration;
    let listed: ListedFile[];
    try {
      listed = await filesOf(stores, params, attempt);
    } catch (error) {
      attempt.signal.throwIfAborted();
      await stores.triggers.looked(name, error instanceof Error ? error.message : String(error));
      return null;
    }
    const scope = `${name} ${row.createdAt.toISOString()}`;
    const { seen, arrival } = arrivalOf(await stores.triggers.files(name), listed, settle, Date.now(), scope);
    await stores.triggers.saw(name, seen);
    await stores.triggers.looked(name, null);
    if (arrival === null) return null;
    const start = { pipeline, workflowId: `${pipeline}.${name}.${arrival}`, request: { params, trigger: name } };
    return { arrival, start };
  };
}

/** The files of a source, without their content. One that is not there yet has none. */
async function filesOf(stores: Stores, params: Record<string, unknown>, { signal }: Attempt): Promise<ListedFile[]> {
  const source = String(params.source);
  const only = Array.isArray(params.files) ? params.files.map(String) : [];
  try {
    const files = isBucketUrl(source)
      ? await listBucket(await stores.buckets(), source, only)
      : await findFiles(source, only, signal);
    return files.map(({ path, bytes, modifiedMs, tag }) => ({
      path,
      modifiedMs,
      print: hashJson([bytes, modifiedMs, tag ?? null]).slice(0, 32),
    }));
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'MR_SOURCE_MISSING') return [];
    throw error;
  }
}

export interface HandOverCall {
  name: string;
  arrival: string;
}

/** Records that a run was begun for what had arrived. */
export function createHandOver({ triggers }: Pick<Stores, 'triggers'>) {
  return async ({ name, arrival }: HandOverCall): Promise<null> => {
    await triggers.handOver(name, arrival);
    return null;
  };
}

/** The runs that are to follow when one is done. */
export async function startsAfter(
  { triggers }: Pick<Stores, 'triggers'>,
  run: { pipeline: string; temporalRunId: string; interval: string | null },
): Promise<Start[]> {
  const rows = (await triggers.list(run.pipeline)).filter(({ paused }) => !paused);
  const [start, end] = run.interval?.split('/') ?? [];
  return rows.map(({ name, declaration: { pipeline, params } }) => ({
    pipeline,
    workflowId: `${pipeline}.${name}.${run.temporalRunId}`,
    request: {
      params,
      trigger: name,
      ...(start !== undefined && end !== undefined && { interval: { start, end } }),
    },
  }));
}
