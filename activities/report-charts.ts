import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { CoverageDay, StepTime } from './report-base.js';

/** Most rows of the coverage map: the sensors with the least coverage are shown. */
const MAX_SENSORS = 60;
const MAX_DAYS = 120;

const { document } = parseHTML('<!doctype html><html><body></body></html>');
const FONT = { fontFamily: 'inherit', fontSize: '12px', background: 'transparent' };

/** Share of each day that was recorded, sensors down and days across; and what of it is not shown. */
export function coverageChart(coverage: readonly CoverageDay[]): { svg: string; note: string } {
  const days = coverage.slice(-MAX_DAYS);
  const shares = new Map<string, number>();
  for (const { sensors } of days)
    for (const { sensor, share } of sensors) shares.set(sensor, (shares.get(sensor) ?? 0) + share);
  const all = [...shares].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).map(([sensor]) => sensor);
  const shown = new Set(all.slice(0, MAX_SENSORS));
  const cells = days.flatMap(({ day, sensors }) =>
    sensors.filter(({ sensor }) => shown.has(sensor)).map((each) => ({ day, ...each })),
  );
  const labels = [...shown].sort();
  const svg = Plot.plot({
    document,
    style: FONT,
    width: Math.min(1080, 190 + days.length * 34),
    height: 60 + labels.length * 16,
    marginLeft: 150,
    marginBottom: 44,
    padding: 0.06,
    x: {
      domain: days.map(({ day }) => day),
      label: null,
      tickFormat: (day: string) => day.slice(5),
      tickRotate: -45,
      tickSize: 0,
      ticks: thin(
        days.map(({ day }) => day),
        30,
      ),
    },
    y: { domain: labels, label: null, tickSize: 0, tickFormat: (sensor: string) => cut(sensor, 24) },
    color: {
      type: 'linear',
      domain: [0, 1],
      interpolate: (t: number) => `color-mix(in oklab, var(--full) ${Math.round(t * 100)}%, var(--low))`,
    },
    marks: [
      Plot.cell(cells, {
        x: 'day',
        y: 'sensor',
        fill: 'share',
        title: (d: (typeof cells)[number]) =>
          `${d.sensor}, ${d.day}\n${d.readings} readings, ${(d.share * 100).toFixed(1)} % of the day\nlongest gap ${(d.largestGap / 60).toFixed(0)} min`,
      }),
    ],
  }).outerHTML;
  const hidden = [
    ...(all.length > MAX_SENSORS ? [`the ${MAX_SENSORS} of ${all.length} sensors with the least coverage`] : []),
    ...(coverage.length > MAX_DAYS ? [`the newest ${MAX_DAYS} of ${coverage.length} days`] : []),
  ];
  return { svg, note: hidden.length > 0 ? `Shown: ${hidden.join(', ')}.` : '' };
}

/** Share of chunks by cluster, beside the version before where there is one. */
export function clusterChart(
  sizes: readonly { id: number; chunks: number }[],
  before: readonly { id: number; chunks: number }[] | null,
): string {
  const rows = (all: typeof sizes, version: string) => {
    const total = all.reduce((sum, { chunks }) => sum + chunks, 0);
    return all.map(({ id, chunks }) => ({ cluster: `cluster ${id}`, version, share: chunks / total, chunks }));
  };
  const data = [...(before === null ? [] : rows(before, 'before')), ...rows(sizes, 'now')];
  const clusters = [...new Set(data.map(({ cluster }) => cluster))].sort(
    (a, b) => Number(a.slice(8)) - Number(b.slice(8)),
  );
  return Plot.plot({
    document,
    style: FONT,
    width: 640,
    height: 40 + clusters.length * (before === null ? 26 : 40),
    marginLeft: 80,
    x: { label: null, percent: true, grid: true, tickFormat: (x: number) => `${x} %` },
    y: { axis: null },
    fy: { domain: clusters, label: null, padding: 0.25 },
    color: { domain: ['before', 'now'], range: ['var(--faint)', 'var(--accent)'] },
    marks: [
      Plot.axisFy({ anchor: 'left', label: null }),
      Plot.barX(data, {
        x: 'share',
        y: 'version',
        fy: 'cluster',
        fill: 'version',
        title: (d: (typeof data)[number]) => `${d.cluster}, ${d.version}: ${d.chunks} chunks`,
      }),
    ],
  }).outerHTML;
}

/** When each step ran. */
export function stepChart(steps: readonly StepTime[]): string {
  const zero = Math.min(...steps.map(({ startedAt }) => Date.parse(startedAt)));
  const rows = steps.map(({ step, startedAt, seconds }) => {
    const from = (Date.parse(startedAt) - zero) / 1000;
    return { step, from, to: from + seconds, seconds };
  });
  return Plot.plot({
    document,
    style: FONT,
    width: 640,
    height: 40 + rows.length * 22,
    marginLeft: 80,
    x: { label: null, grid: true, tickFormat: (x: number) => `${x} s` },
    y: { domain: rows.map(({ step }) => step), label: null, tickSize: 0 },
    marks: [
      Plot.barX(rows, {
        x1: 'from',
        x2: 'to',
        y: 'step',
        fill: 'var(--accent)',
        insetTop: 3,
        insetBottom: 3,
        title: (d: (typeof rows)[number]) => `${d.step}: ${d.seconds.toFixed(2)} s`,
      }),
    ],
  }).outerHTML;
}

function thin(all: readonly string[], most: number): string[] {
  const every = Math.ceil(all.length / most);
  return all.filter((_, at) => at % every === 0);
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
