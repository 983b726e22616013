import type { HeldOutFigures } from '../ml/metrics/gate.js';
import type { ClusterFigures } from './evaluate.js';
import type { FeatureShift, Report } from './report.js';
import { clusterChart, coverageChart, stepChart } from './report-charts.js';

/** The report as one page that needs nothing else: no script, no other file. */
export function reportPage(report: Report): string {
  const { result } = report;
  const sections = [
    failures(report),
    readings(report),
    source(report),
    clusters(report),
    decision(report),
    features(report.features, report.dropped),
    coverage(report),
    steps(report),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(report.runId)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${text(report.pipeline)}</h1>
<p>${text(report.runId)}</p>
<dl>
${fact('source', report.source)}
${fact('days', `${report.days[0]} … ${report.days[1]}`)}
${fact('chunks', `${number(result.chunks.total)} of ${number(result.chunks.sensors)} sensors × ${number(result.chunks.days)} days`)}
${fact('model', modelWords(report))}
</dl>
${report.zonelessIn === null ? '' : `<p class="note">Times without a zone were read as ${text(report.zonelessIn)}.</p>`}
</header>
${sections.join('\n')}
</body>
</html>
`;
}

function modelWords({ result: { model } }: Report): string {
  if (model.champion === null) return `predicted by ${model.name} version ${model.version}`;
  return `${model.name} version ${model.version}${model.parent === null ? ', a new lineage' : `, continues version ${model.parent}`}${model.champion ? ', champion' : ''}`;
}

function readings({ result: { account, rules }, quarantined }: Report): string {
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
function failures({ failed, result: { failedInAll } }: Report): string {
  if (failed.length === 0) return '';
  const rows = failed.map(({ step, item, code, message }) => [step, item, `${code}: ${message}`]);
  return section(
    'Failed, and left out',
    `<p>${many(failedInAll, 'file or day', 'files and days')} that this run went on without.</p>
${table(['in', '', 'why'], rows, [], 'words')}`,
  );
}

/** How the files were read, and what was not. */
function source({ findings: { files, tables, alike, leftOut, leftOutInAll } }: Report): string {
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

function clusters({ scores, predictions, result }: Report): string {
  const chart = clusterChart(result.sizes, scores?.before?.sizes ?? null);
  if (scores === null) {
    const novel =
      predictions?.sizes.map(({ id, chunks, novel: n }) => [`cluster ${id}`, number(chunks), number(n)]) ?? [];
    return section('Clusters', `<div class="pair">${chart}${table(['', 'chunks', 'novel'], novel)}</div>`);
  }
  const { model, before } = scores;
  const row = (name: string, of: (figures: ClusterFigures) => number | null) => [
    name,
    figure(of(model)),
    ...(before === null ? [] : [figure(of(before))]),
  ];
  const rows = [
    row('inertia', (f) => f.inertia),
    row('silhouette', (f) => f.silhouette),
    row('Davies–Bouldin', (f) => f.daviesBouldin),
  ];
  const head = ['', `version ${result.model.version}`, ...(before === null ? [] : [`version ${before.version}`])];
  const note =
    before === null
      ? ''
      : `<p class="note">Both versions on the chunks of this run${scores.silhouetteRows < result.chunks.total ? `; silhouette on a sample of ${number(scores.silhouetteRows)}` : ''}.</p>`;
  return section('Clusters', `<div class="pair">${chart}<div>${table(head, rows)}${note}</div></div>`);
}

/** What was decided about the new version, and on which figures. */
function decision({ result: { decision: made, model } }: Report): string {
  if (made === null) return '';
  const verdict = `Version ${model.version} ${made.promote ? 'became' : 'did not become'} champion: ${made.reason}.`;
  if (made.figures === null) return section('Decision', `<p>${text(verdict)}</p>`);
  const { chunks, from, challenger, champion } = made.figures;
  const row = (name: string, of: (figures: HeldOutFigures) => number | null) => [
    name,
    figure(of(challenger)),
    figure(of(champion)),
  ];
  const rows = [
    row('mean distance', (f) => f.meanDistance),
    row('silhouette', (f) => f.silhouette),
    row('Davies–Bouldin', (f) => f.daviesBouldin),
    row('share of novel chunks', (f) => f.novelShare),
  ];
  return section(
    'Decision',
    `<p>${text(verdict)}</p>
${table(['held out', `version ${model.version}`, `champion ${made.champion}`], rows)}
<p class="note">${number(chunks)} chunks from ${text(from)} on were held out: neither version was trained on them. The next training takes them in.</p>`,
  );
}

function features(all: readonly FeatureShift[], dropped: Report['dropped']): string {
  const rows = all.map(({ name, mean, std, missing, referenceMean, referenceStd, shift, marked }) => ({
    marked,
    cells: [
      name,
      figure(mean),
      figure(std),
      figure(referenceMean),
      figure(referenceStd),
      shift === null ? '' : signed(shift),
      missing === 0 ? '' : `${(missing * 100).toFixed(1)} %`,
    ],
  }));
  const marked = rows.filter((row) => row.marked).length;
  const words =
    marked === 0
      ? 'No feature moved by more than half a standard deviation of the reference.'
      : `${marked} features moved by more than half a standard deviation of the reference; they are marked.`;
  const head = ['feature', 'mean', 'std', 'reference mean', 'reference std', 'shift', 'missing'];
  const gone = dropped.map(
    ({ name, reason, of }) => `${text(name)} (${reason}${of === undefined ? '' : ` of ${text(of)}`})`,
  );
  return section(
    'Features',
    `<p class="note">The reference is the training data of the feature creator. ${words}</p>
<div class="wide">${table(
      head,
      rows.map(({ cells }) => cells),
      rows.map((row) => row.marked),
    )}</div>
${gone.length > 0 ? `<p class="note">Not seen by the model: ${gone.join(', ')}.</p>` : ''}`,
  );
}

function coverage({ coverage: days }: Report): string {
  const { svg, note } = coverageChart(days);
  return section('Coverage', `<div class="wide">${svg}</div>${note === '' ? '' : `<p class="note">${text(note)}</p>`}`);
}

function steps({ steps: all, shapes }: Report): string {
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

const section = (title: string, body: string) => `<section><h2>${title}</h2>\n${body}\n</section>`;
const fact = (name: string, value: string) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`;

/** @param kind `words`: of texts, which begin at the left and may break */
function table(head: string[], rows: string[][], marks: boolean[] = [], kind: 'numbers' | 'words' = 'numbers'): string {
  const cells = (tag: string, values: string[]) => values.map((value) => `<${tag}>${text(value)}</${tag}>`).join('');
  const body = rows.map((row, at) => `<tr${marks[at] ? ' class="marked"' : ''}>${cells('td', row)}</tr>`).join('\n');
  return `<table class="${kind}"><thead><tr>${cells('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

const number = (value: number) => value.toLocaleString('en-US');
const many = (n: number, what: string, plural = `${what}s`) => `${number(n)} ${n === 1 ? what : plural}`;
const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;
const figure = (value: number | null) =>
  value === null
    ? '–'
    : Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
      ? value.toExponential(2)
      : value.toLocaleString('en-US', { maximumFractionDigits: 3 });
const signed = (value: number) => `${value > 0 ? '+' : ''}${value.toFixed(2)}`;

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #e4e7ec; --ground: #fff; --accent: #2563eb; --faint: #b9c6dd; --low: #fde0c8; --full: #2b6a4d; --mark: #fff4d6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2c3442; --ground: #12161d; --accent: #7aa2ff; --faint: #46536b; --low: #5a3420; --full: #57b98a; --mark: #3d3216; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 2rem 1.25rem 4rem; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
header p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: .6rem 2.2rem; margin: 1rem 0 0; } dl div { min-width: 0; }
dt { color: var(--soft); font-size: .8rem; } dd { margin: 0; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); margin-top: 1.6rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start; }
.wide { overflow-x: auto; } .note { color: var(--soft); font-size: .9rem; max-width: 75ch; }
table { border-collapse: collapse; margin: .3rem 0 1rem; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 500; font-size: .8rem; color: var(--soft); }
th, td { padding: .16rem .8rem .16rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child, .words th, .words td { text-align: left; }
.words td { white-space: normal; overflow-wrap: anywhere; } summary { cursor: pointer; overflow-wrap: anywhere; }
.marked td { background: var(--mark); } svg { max-width: 100%; height: auto; }
`;
