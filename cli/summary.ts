import { stringify } from 'yaml';
import type { ResultBase, RunResult, StepStatus, TableResult } from '../client/millrace.js';
import { count, type Output } from './output.js';

/** What came of a run that clusters, for people and as JSON. */
export function printResult(out: Output, runId: string, result: RunResult, steps: StepStatus[]): void {
  const { account: readings, chunks, model, ...rest } = result;
  out.document({
    runId,
    state: 'done',
    readings,
    chunks,
    modelVersion: `${model.name}@${model.version}`,
    model,
    ...rest,
    steps,
  });
  print(out, result, clustersTable(out, result), modelLine(out, result));
}

/** What came of a run that makes a table. */
export function printTable(out: Output, runId: string, result: TableResult, steps: StepStatus[]): void {
  const { account: readings, ...rest } = result;
  out.document({ runId, state: 'done', readings, ...rest, steps });
  const { rows, columns, kept } = result.table;
  const value = (of: { value: number } | null) => (of === null ? '–' : figure(of.value));
  const whose = (of: { sensor: string; day: string } | null) => (of === null ? '' : `${of.sensor}, ${of.day}`);
  const figures = columns.map(({ name, mean, lowest, highest }) => [
    name,
    mean === null ? '–' : figure(mean),
    ...[value(lowest), out.style('dim', whose(lowest)), value(highest), out.style('dim', whose(highest))],
  ]);
  const table = out.table(['', 'mean', 'lowest', '', 'highest', ''], figures, [1, 2, 4]);
  print(out, result, table, `  ${count(rows)} rows${kept > 0 ? `, ${count(kept)} of them kept from before` : ''}`);
}

/** What came of a run whose result is one of its own kind. */
export function printOther(out: Output, runId: string, result: object, steps: StepStatus[]): void {
  out.document({ runId, state: 'done', result, steps });
  out.print();
  out.print(stringify(result).trimEnd().replaceAll(/^/gm, '  '));
}

function print(out: Output, result: ResultBase, table: string, line: string): void {
  const notes = [...failureLines(out, result), ...ruleLines(out, result), ...inspectionLines(out, result)];
  out.print(`\n${readingsTable(out, result)}\n\n${table}\n`);
  for (const note of notes) out.print(note);
  out.print(line);
  out.print(`  report  ${result.report.html}`);
}

const figure = (x: number) => x.toLocaleString('en-US', { maximumSignificantDigits: 5 });

/** What the run went on without. */
function failureLines(out: Output, { failed, failedInAll }: ResultBase): string[] {
  const mark = out.style('red', '✗');
  const lines = failed.map(({ item, code, message }) => {
    const why = firstLine(message);
    return `  ${mark} left out: ${why.startsWith(item) ? '' : `${item}: `}${why} (${code})`;
  });
  if (failedInAll > failed.length) lines.push(`  ${mark} and ${count(failedInAll - failed.length)} more`);
  return lines.length === 0 ? [] : [...lines, ''];
}

export const firstLine = (message: string) => message.split('\n')[0]!;

/** What rules did with readings; those that nobody can change are in the report. */
function ruleLines(out: Output, { rules }: ResultBase): string[] {
  const rows = rules
    .filter(({ set }) => set !== null && !set.startsWith('duplicates'))
    .map(({ count: n, what, set }) => [out.style('yellow', '!'), count(n), what, out.style('dim', set ?? '')]);
  return rows.length === 0 ? [] : [out.table(['', '', 'rules', 'set by'], rows, [1]), ''];
}

/** What a person should know of how the files were read. */
function inspectionLines(out: Output, { inspection }: ResultBase): string[] {
  const { leftOut, leftOutInAll, guesses } = inspection;
  const mark = out.style('yellow', '!');
  const lines = guesses.map(
    ({ what, decided, why, fix }) => `  ${mark} ${what}: ${decided} is a guess: ${why}; set it with ${fix}`,
  );
  for (const { path, why } of leftOut) lines.push(`  ${mark} not read: ${path}: ${why}`);
  if (leftOutInAll > leftOut.length) lines.push(`  ${mark} and ${count(leftOutInAll - leftOut.length)} more`);
  return lines.length === 0 ? [] : [...lines, '  millrace inspect says how each file is read', ''];
}

function modelLine(out: Output, { model, metrics, predictions, chunks, decision }: RunResult): string {
  const name = out.style('bold', `${model.name} version ${model.version}`);
  const kept = chunks.kept > 0 ? `; ${chunks.kept} of ${chunks.days} days kept from before` : '';
  if (predictions !== null) {
    return `  ${count(predictions)} predictions by ${name}, ${((metrics.novelShare ?? 0) * 100).toFixed(1)} % novel${kept}`;
  }
  const lineage = model.parent === null ? 'a new lineage' : `continues version ${model.parent}`;
  const line = `  ${name}, ${lineage}${model.champion ? ', champion' : ''}; silhouette ${metrics.silhouette?.toFixed(3) ?? 'not defined'}${kept}`;
  if (decision === null || decision.figures === null) return line;
  return `${line}\n  ${decision.promote ? 'promoted' : out.style('yellow', 'not promoted')}: ${decision.reason}`;
}

export function readingsTable(out: Output, { account }: ResultBase): string {
  const rows = (['used', 'quarantined', 'duplicate', 'missing', 'outside', 'failed'] as const)
    .filter((fate) => fate !== 'failed' || account.failed > 0)
    .map((fate) => [fate, count(account[fate]), `${((100 * account[fate]) / account.read).toFixed(2)} %`]);
  return out.table(['readings', count(account.read), ''], rows, [1, 2]);
}

export function clustersTable(out: Output, { sizes, chunks }: RunResult): string {
  const most = Math.max(...sizes.map((size) => size.chunks));
  const rows = sizes.map(({ id, chunks: n }) => [
    `cluster ${id}`,
    count(n),
    `${((100 * n) / chunks.total).toFixed(1)} %`,
    out.style('cyan', '█'.repeat(Math.ceil((n / most) * 24))),
  ]);
  return out.table(['', 'chunks', '', ''], rows, [1, 2]);
}
