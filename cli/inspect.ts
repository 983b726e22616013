import type { InspectionResult } from '../client/millrace.js';
import { readEnv } from '../config/env.js';
import { followRun } from './follow.js';
import { bytes, count, many, type Output } from './output.js';
import { gatherParams, type ParamOptions } from './params.js';
import { connect } from './session.js';

const PIPELINE = 'source-inspection';
/** What fits on a line of a terminal. */
const MOST_PREVIEW_COLUMNS = 8;
const MOST_CELL = 24;

/** Says how a run would read a source: what was found, how sure that is, and how to have it otherwise. */
export async function inspectCommand(out: Output, source: string, options: ParamOptions): Promise<void> {
  const given = await gatherParams(readEnv(), PIPELINE, { ...options, set: [`source=${source}`, ...options.set] });
  const params = { ...given, source: given.source as string };
  const { millrace } = await connect(out);
  try {
    const { workflowId, runId } = await millrace.start(PIPELINE, { params });
    await followRun(millrace, { workflowId, runId }, out);
    printInspection(out, runId, await millrace.result<InspectionResult>(workflowId));
  } finally {
    await millrace.close();
  }
}

export function printInspection(out: Output, runId: string, result: InspectionResult): void {
  out.document({ runId, state: 'done', ...result });
  const { files, tables, alike, leftOut, leftOutInAll } = result;
  const title = out.style('bold', result.source);
  out.print(`\n  ${title}  ${many(files, 'file')}, ${bytes(result.bytes)}, ${many(tables, 'table')}`);
  for (const finding of alike) printFinding(out, finding);
  const shown = alike.reduce((sum, { tables: n }) => sum + n, 0);
  if (shown < tables) out.print(`\n  ${many(tables - shown, 'table')} more, written in other ways or without records`);
  if (leftOutInAll > 0) {
    const rows = leftOut.map(({ path, why }) => [short(path, result.source), why]);
    out.print(`\n${out.table([out.style('yellow', `left out (${count(leftOutInAll)})`), 'why'], rows)}`);
  }
  out.print();
}

function printFinding(out: Output, finding: InspectionResult['alike'][number]): void {
  const { path, tables, kind, packing, encoding, form, decisions } = finding;
  const others = tables > 1 ? ` and ${count(tables - 1)} alike` : '';
  const written = [kind, ...(packing === 'none' ? [] : [packing]), ...(kind === 'text' ? [encoding] : [])].join(', ');
  out.print(`\n  ${out.style('cyan', path)}${others}`);
  out.print(`  ${written}; ${FORMS[form]}\n`);
  const rows = decisions.map(({ what, decided, sure, why, fix }) => [
    what,
    out.style('bold', decided),
    out.style(sure === 'certain' ? 'green' : sure === 'likely' ? 'reset' : 'yellow', sure),
    why,
    out.style('dim', fix),
  ]);
  out.print(out.table(['decided', '', 'how sure', 'because', 'set by'], rows));
  out.print();
  out.print(out.table(['column', 'unit', 'is'], [...columnRows(finding)]));
  const shown = finding.columns.slice(0, MOST_PREVIEW_COLUMNS);
  const preview = finding.preview.map((row) => shown.map((_, at) => cut(row[at] ?? '')));
  out.print();
  out.print(
    out.table(
      shown.map(({ name }) => cut(name)),
      preview,
    ),
  );
}

const FORMS = {
  long: 'a row for each reading',
  wide: 'a row for each time, a column for each sensor',
  several: 'a row for each sensor and time, with several readings',
};

/** Columns of one role that follow each other stand on one line. */
function* columnRows({ columns, moreColumns }: InspectionResult['alike'][number]): Generator<string[]> {
  let at = 0;
  while (at < columns.length) {
    const { role, unit } = columns[at]!;
    let end = at + 1;
    while (end < columns.length && columns[end]!.role === role && columns[end]!.unit === unit) end++;
    const names = columns.slice(at, end).map(({ name }) => name);
    const more = names.length > 6 ? ` … ${names.at(-1)} (${names.length})` : '';
    yield [(more === '' ? names : names.slice(0, 4)).join(', ') + more, unit ?? '', role];
    at = end;
  }
  if (moreColumns > 0) yield [`and ${count(moreColumns)} more`, '', ''];
}

const short = (path: string, source: string) => (path.startsWith(`${source}/`) ? path.slice(source.length + 1) : path);
const cut = (cell: string) => {
  const line = cell.replaceAll(/\s+/g, ' ').trim();
  return line.length > MOST_CELL ? `${line.slice(0, MOST_CELL - 1)}…` : line;
};
