import type { RunResult } from '../activities/report.js';
import { count, type Output } from './output.js';

/** What came of a run, for people and as JSON. */
export function printResult(out: Output, runId: string, result: RunResult): void {
  out.document({ runId, state: 'done', ...result });
  out.print();
  out.print(readingsTable(out, result));
  out.print();
  out.print(clustersTable(out, result));
  out.print();
  out.print(`  report  ${result.report.html}`);
}

export function readingsTable(out: Output, { account }: RunResult): string {
  const rows = (['used', 'quarantined', 'duplicate', 'missing', 'outside'] as const).map((fate) => [
    fate,
    count(account[fate]),
    `${((100 * account[fate]) / account.read).toFixed(2)} %`,
  ]);
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
