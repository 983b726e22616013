import type { HeldOutFigures } from '../ml/metrics/gate.js';
import type { ClusterFigures } from './evaluate.js';
import type { FeatureShift, Report } from './report.js';
import { clusterChart } from './report-charts.js';
import { fact, figure, number, section, signed, table, text } from './report-html.js';
import { reportOf } from './report-sections.js';

/** The report of a training or a prediction. */
export function reportPage(report: Report): string {
  return reportOf(report, fact('model', modelWords(report)), [
    clusters(report),
    decision(report),
    features(report.features, report.dropped),
  ]);
}

function modelWords({ result: { model } }: Report): string {
  if (model.champion === null) return `predicted by ${model.name} version ${model.version}`;
  return `${model.name} version ${model.version}${model.parent === null ? ', a new lineage' : `, continues version ${model.parent}`}${model.champion ? ', champion' : ''}`;
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
