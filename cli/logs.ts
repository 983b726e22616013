import { followLogs, type RunLogLine, readLogs } from '../client/logs.js';
import type { Millrace } from '../client/millrace.js';
import type { Output } from './output.js';

export interface LogOptions {
  follow?: boolean;
  step?: string;
  batch?: number;
}

const PAGE = 10_000;
const COLORS = { info: 'reset', warn: 'yellow', error: 'red' } as const;

/** Shows the log of a run. */
export async function logsCommand(
  out: Output,
  millrace: Millrace,
  id: string,
  { follow = false, step, batch }: LogOptions,
): Promise<void> {
  const lines: RunLogLine[] = [];
  const show = (line: RunLogLine) => {
    if (out.json) lines.push(line);
    else out.print(textOf(out, line));
  };
  if (follow) {
    for await (const line of followLogs(millrace, id, { step, batch })) show(line);
    return out.document(lines);
  }
  for (let after = 0, page: RunLogLine[] = []; ; after = page.at(-1)!.id) {
    page = await readLogs(millrace, id, { step, batch, after, limit: PAGE });
    for (const line of page) show(line);
    if (page.length < PAGE) break;
  }
  out.document(lines);
}

function textOf(out: Output, { at, level, step, phase, batch, attempt, message, fields }: RunLogLine): string {
  const where = [
    step,
    ...(phase === 'batch' ? [`batch ${batch}`] : phase === 'once' ? [] : [phase]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
  ].join(' ');
  const more = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${out.style('dim', at.slice(0, 23).replace('T', ' '))}  ${out.style('cyan', where.padEnd(20))}  ${out.style(COLORS[level], message)}  ${out.style('dim', more.join(' '))}`.trimEnd();
}
