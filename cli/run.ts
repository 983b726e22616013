import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { parse } from 'yaml';
import type { RunResult } from '../activities/report.js';
import { MillraceError } from '../config/errors.js';
import { followRun } from './follow.js';
import type { Output } from './output.js';
import { connect } from './session.js';
import { printResult } from './summary.js';

export interface RunOptions {
  set: string[];
  params?: string;
  key?: string;
  detach?: boolean;
}

/** Starts a pipeline and, unless told to detach, stays until it ends. */
export async function runCommand(out: Output, pipeline: string, options: RunOptions): Promise<void> {
  const params = { ...(options.params && (await readParams(options.params))), ...setParams(options.set) };
  if (typeof params.source === 'string') params.source = absolute(params.source);
  const { millrace } = await connect(out);
  try {
    const { workflowId, joined } = await millrace.start(pipeline, { params, ...(options.key && { key: options.key }) });
    out.note(`${joined ? 'joined' : 'started'} ${workflowId}`);
    if (options.detach) {
      out.document({ runId: workflowId, state: 'running' });
      return;
    }
    await followRun(millrace, workflowId, out);
    const result = await millrace.result<RunResult>(workflowId);
    printResult(out, workflowId, result);
  } finally {
    await millrace.close();
  }
}

async function readParams(file: string): Promise<Record<string, unknown>> {
  return (parse(await readFile(file, 'utf8')) ?? {}) as Record<string, unknown>;
}

/** `k=5`, `files=[a*.csv]`: the value is read as YAML, so numbers, lists and null are what they look like. */
function setParams(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) {
        throw new MillraceError('MR_CALL', `--set ${pair}: there is no "="`, { allowed: '--set name=value, for example --set k=5' });
      }
      const name = pair.slice(0, at);
      const text = pair.slice(at + 1);
      return [name, ['source', 'from', 'to'].includes(name) ? (text === 'null' ? null : text) : parse(text)];
    }),
  );
}

const absolute = (source: string) => (isAbsolute(source) || /^[a-z0-9]+:\/\//.test(source) ? source : resolve(source));
