import type { ReportBase } from './report-base.js';
import { coverageChart, stepChart } from './report-charts.js';
import { fact, htmlPage, many, number, section, share, table, text } from './report-html.js';

/**
 * A report as one page.
 * @param facts what stands in its head beside source, days and chunks
 * @param own its own sections, between how the files were read and what the chunks cover
 */
export function reportOf(report: ReportBase, facts: string, own: readonly string[]): string {
  const { chunks } = report.result;
  const sections = [failures(report), readings(report), source(report), ...own, coverage(report), steps(report)];
  return htmlPage(
    report.runId,
    `<header>
<h1>${text(report.pipeline)}</h1>
<p>${text(report.runId)}</p>
<dl>
${fact('source', report.source)}
${fact('days', `${report.days[0]} … ${report.days[1]}`)}
${fact('chunks', `${number(chunks.total)} of ${number(chunks.sensors)} sensors × ${number(chunks.days)} days`)}
${facts}
</dl>
${report.zonelessIn === null ? '' : `<p class="note">Times without a zone were read as ${text(report.zonelessIn)}.</p>`}
</header>
${sections.join('\n')}`,
  );
}

function readings({ result: { account, rules }, quarantined }: ReportBase): string {
  const fates = (['used', 'quarantined', 'duplicate', 'missing', 'outside', 'failed'] as const).filter(
    (fate) => fate !== 'failed' || account.failed > 0,
  );
  const rows = fates.map((fate) => [fate, number(account[fate]), share(account[fate], account.read)]);
  const reasons = Object.entries(quarantined).map(([reason, n]) => [
    reason.replaceAll('_', ' '),
    number(n),
    share(n, account.read),
  ]);
  return section(
    'Readings',
    `<div class="pair">${table(['fate', 'readings', ''], [['read', number(account.read), ''], ...rows])}
${reasons.length > 0 ? table(['in quarantine', 'readings', ''], reasons) : ''}</div>
${
  rules.length > 0
    ? table(
        ['', 'rules', 'set by'],
        rules.map(({ count, what, set }) => [number(count), what, set ?? '']),
        [],
        'words',
      )
    : ''
}`,
  );
}

/** What the run went on without. */
function failures({ failed, result: { failedInAll } }: ReportBase): string {
  if (failed.length === 0) return '';
  const rows = failed.map(({ step, item, code, message }) => [step, item, `${code}: ${message}`]);
  return section(
    'Failed, and left out',
    `<p>${many(failedInAll, 'file or day', 'files and days')} that this run went on without.</p>
${table(['in', '', 'why'], rows, [], 'words')}`,
  );
}

/** How the files were read, and what was not. */
function source({ findings: { files, tables, alike, leftOut, leftOutInAll } }: ReportBase): string {
  const found = alike.map(({ path, tables: n, decisions }) => {
    const rows = decisions.map(({ what, decided, sure, why, fix }) => [what, decided, sure, why, fix]);
    const others = n > 1 ? ` and ${number(n - 1)} alike` : '';
    return `<details><summary>${text(path)}${others}</summary>${table(['decided', '', 'how sure', 'because', 'set by'], rows, [], 'words')}</details>`;
  });
  const left = leftOut.map(({ path, why }) => [path, why]);
  return section(
    'Source',
    `<p>${many(tables, 'table')} in ${many(files, 'file')}.</p>
${found.join('\n')}
${left.length > 0 ? table([`left out (${number(leftOutInAll)})`, 'why'], left, [], 'words') : ''}`,
  );
}

function coverage({ coverage: days }: ReportBase): string {
  const { svg, note } = coverageChart(days);
  return section('Coverage', `<div class="wide">${svg}</div>${note === '' ? '' : `<p class="note">${text(note)}</p>`}`);
}

function steps({ steps: all, shapes }: ReportBase): string {
  const rows = all.map(({ step, seconds, attempts, batches, measures }) => [
    step,
    `${seconds.toFixed(2)} s`,
    batches === 0 ? '' : number(batches),
    number(attempts),
    measures.rssMiB === undefined ? '' : `${number(measures.rssMiB)} MiB`,
  ]);
  const frames = shapes.map(({ name, rows: n, columns }) => [name, number(n), number(columns)]);
  return section(
    'Steps',
    `<div class="pair">${stepChart(all)}<div>${table(['step', 'time', 'batches', 'attempts', 'memory'], rows)}${table(['frame', 'rows', 'columns'], frames)}</div></div>`,
  );
}
