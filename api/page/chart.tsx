import type * as PlotModule from '@observablehq/plot';
import { useEffect, useRef, useState } from 'preact/hooks';

type Plot = typeof PlotModule;
export type ChartOptions = PlotModule.PlotOptions;

declare global {
  interface Window {
    Plot?: Plot;
  }
}

let loading: Promise<Plot> | undefined;

/** The chart library, loaded when the first chart is seen. */
function loadPlot(): Promise<Plot> {
  loading ??= (async () => {
    for (const file of ['d3', 'plot']) {
      await new Promise<void>((resolve, reject) => {
        const script = document.createElement('script');
        script.src = `/page/vendor/${file}.js`;
        script.onload = () => resolve();
        script.onerror = () => reject(new Error('the charts could not be loaded'));
        document.head.append(script);
      });
    }
    return window.Plot!;
  })();
  return loading;
}

/** Colours of clusters, the same everywhere; of more clusters they come again. */
export const CLUSTER_COLORS = Array.from({ length: 10 }, (_, at) => `var(--cluster-${at})`);
export const clusterColor = (id: number) => CLUSTER_COLORS[id % CLUSTER_COLORS.length]!;

interface ChartProps {
  /** Drawn anew when these change. */
  of: readonly unknown[];
  draw: (plot: Plot, width: number) => ChartOptions;
  /** What it shows, for those who do not see it. */
  label: string;
  height?: number;
}

/** A chart that is as wide as there is room. */
export function Chart({ of, draw, label, height = 240 }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    const element = place.current!;
    let gone = false;
    let drawn = 0;
    const paint = async () => {
      try {
        const plot = await loadPlot();
        const width = element.clientWidth;
        if (gone || width === 0 || width === drawn) return;
        drawn = width;
        const options = draw(plot, width);
        const chart = plot.plot({
          width,
          height,
          ...options,
          style: { background: 'transparent', fontSize: '12px', overflow: 'visible' },
        });
        // What it shows is said by its label; the parts of it have names that say nothing.
        chart.setAttribute('aria-hidden', 'true');
        element.replaceChildren(chart);
      } catch (thrown) {
        setError(String(thrown));
      }
    };
    void paint();
    const watch = new ResizeObserver(() => void paint());
    watch.observe(element);
    return () => {
      gone = true;
      watch.disconnect();
    };
  }, of);
  return (
    <figure class="chart">
      <div ref={place} role="img" aria-label={label} style={{ minHeight: `${height}px` }} />
      {error !== null && <figcaption class="failure">{error}</figcaption>}
    </figure>
  );
}
