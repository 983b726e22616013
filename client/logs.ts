import { setTimeout as sleep } from 'node:timers/promises';
import { type LogFilter, LogLines, type RecordedLine } from '../store/tables/log-lines.js';
import type { Millrace } from './millrace.js';
import { showRun } from './runs.js';

/** A line of the log of a run. */
export interface RunLogLine extends Omit<RecordedLine, 'at'> {
  at: string;
}

const POLL_MS = 500;
const PAGE = 1000;
/** Lines are numbered before they can be seen: one with a smaller number may come so much later. */
const LATE_MS = 3000;

/** Lines of the log of a run, in their order. @throws MillraceError MR_RUN_UNKNOWN */
export async function readLogs(
  millrace: Millrace,
  runId: string,
  filter: LogFilter & { limit?: number } = {},
): Promise<RunLogLine[]> {
  await showRun(millrace, runId);
  return read(millrace, runId, filter, filter.limit ?? PAGE);
}

/** All lines, and those that come until the run has ended or the signal is aborted. @throws MillraceError MR_RUN_UNKNOWN */
export async function* followLogs(
  millrace: Millrace,
  runId: string,
  filter: Omit<LogFilter, 'after'> = {},
  signal?: AbortSignal,
): AsyncGenerator<RunLogLine> {
  const seen = new Map<number, number>();
  let after = 0;
  for (;;) {
    const ended = (await showRun(millrace, runId)).state !== 'running';
    let page: RunLogLine[];
    let from = after;
    do {
      page = await read(millrace, runId, { ...filter, after: from }, PAGE);
      for (const line of page) {
        if (!seen.has(line.id)) yield line;
        seen.set(line.id, seen.get(line.id) ?? Date.now());
        from = line.id;
      }
    } while (page.length === PAGE);
    if (ended || signal?.aborted) return;
    for (const [id, at] of seen) {
      if (Date.now() - at < LATE_MS) break;
      after = id;
      seen.delete(id);
    }
    await sleep(POLL_MS, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  }
}

async function read(millrace: Millrace, runId: string, filter: LogFilter, limit: number): Promise<RunLogLine[]> {
  const lines = await new LogLines(millrace.database).list(runId, filter, limit);
  return lines.map((line) => ({ ...line, at: line.at.toISOString() }));
}
