import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { path, useResource } from './api.js';
import { count, percent, span } from './format.js';
import { ChunkPanel } from './lineage.js';
import { Empty, Failure, Loading } from './parts.js';
import { setQuery, usePlace } from './router.js';
import type { Coverage } from './types.js';

const ROW = 16;
const HEAD = 22;
const LEAST_COLUMN = 5;
const MOST_COLUMN = 36;
const VIEW = 480;

/** How much of each day each sensor recorded, as a map of sensors and days. */
export function RunCoverage({ id }: { id: string }) {
  const { data, error, reload } = useResource<Coverage>(`${path('runs', id)}/coverage`);
  const { query } = usePlace();
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  if (data.cells.day.length === 0)
    return <Empty title="There are no chunks." children="They are published at the end of a run that went well." />;
  const worst = query.get('sort') === 'least';
  const shown = data.cells.day.length < data.chunks ? `${count(data.cells.day.length)} of ` : '';
  const [sensor, day] = [query.get('sensor'), query.get('day')];
  return (
    <>
      <section class="panel" aria-label="Coverage">
        <div class="panel-head">
          <span>
            {shown}
            {count(data.chunks)} chunks of {count(data.sensors.length)} sensors on {count(data.days.length)} days
          </span>
          <label>
            <input
              type="checkbox"
              checked={worst}
              onChange={(event) => setQuery({ sort: event.currentTarget.checked ? 'least' : null })}
            />{' '}
            least coverage first
          </label>
          <span class="legend">
            <i class="ramp" /> 0 to 100 % of the day
          </span>
        </div>
        <HeatMap coverage={data} worst={worst} />
      </section>
      {sensor !== null && day !== null && <ChunkPanel id={id} sensor={sensor} day={day} />}
    </>
  );
}

/** Drawn on a canvas, and of it only what is seen, so that any number of sensors can be scrolled through. */
function HeatMap({ coverage, worst }: { coverage: Coverage; worst: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [tip, setTip] = useState<string | null>(null);
  const rows = useMemo(() => rowsOf(coverage, worst), [coverage, worst]);
  const { days, sensors } = coverage;
  const [size, setSize] = useState({ width: 0, names: 0 });
  const column = Math.max(LEAST_COLUMN, Math.min(MOST_COLUMN, (size.width - size.names) / days.length));
  const height = Math.min(VIEW, HEAD + rows.length * ROW + 4);
  useEffect(() => {
    const element = place.current!;
    const measure = () => setSize({ width: element.clientWidth, names: element.clientWidth < 500 ? 90 : 180 });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const paint = () => {
    const [element, scroll] = [canvas.current!, place.current!];
    const context = element.getContext('2d')!;
    const scale = devicePixelRatio;
    element.width = size.width * scale;
    element.height = height * scale;
    const style = getComputedStyle(element);
    const [low, full] = [colorOf(element, '--low'), colorOf(element, '--full')];
    context.scale(scale, scale);
    context.font = `12px ${style.fontFamily}`;
    const [left, top] = [scroll.scrollLeft, scroll.scrollTop];
    const first = Math.floor(top / ROW);
    const last = Math.min(rows.length, first + Math.ceil(height / ROW) + 1);
    const ramp = (share: number) => mixed(low, full, share);
    for (let row = first; row < last; row++) {
      const y = HEAD + row * ROW - top;
      for (const [day, , share] of rows[row]!.cells) {
        const x = size.names + day * column - left;
        if (x + column < size.names || x > size.width) continue;
        context.fillStyle = ramp(share);
        context.fillRect(x, y, Math.max(1, column - 1), ROW - 1);
      }
    }
    context.fillStyle = colorOf(element, '--surface');
    context.fillRect(0, 0, size.names, height);
    context.fillRect(0, 0, size.width, HEAD);
    context.fillStyle = colorOf(element, '--text');
    for (let row = first; row < last; row++) {
      const y = HEAD + row * ROW - top;
      if (y > HEAD - 4) context.fillText(cut(context, sensors[rows[row]!.sensor]!, size.names - 8), 0, y + 12);
    }
    const every = Math.max(1, Math.ceil(76 / column));
    for (let day = 0; day < days.length; day += every) {
      const x = size.names + day * column - left;
      if (x >= size.names - 2) context.fillText(days[day]!, x, 14);
    }
  };
  useEffect(() => {
    if (size.width > 0) paint();
  });
  useEffect(() => {
    // The colours of the page may change with those of the machine.
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const watch = new MutationObserver(() => paint());
    watch.observe(document.documentElement, { attributes: true });
    dark.addEventListener('change', paint);
    return () => {
      watch.disconnect();
      dark.removeEventListener('change', paint);
    };
  });
  const cellAt = (event: MouseEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const scroll = place.current!;
    const day = Math.floor((event.clientX - box.left - size.names + scroll.scrollLeft) / column);
    const row = rows[Math.floor((event.clientY - box.top - HEAD + scroll.scrollTop) / ROW)];
    const cell = row?.cells.find(([at]) => at === day);
    if (row === undefined || days[day] === undefined || event.clientX - box.left < size.names) return null;
    return { sensor: sensors[row.sensor]!, day: days[day], cell };
  };
  const point = (event: MouseEvent) => {
    const at = cellAt(event);
    if (at === null) return setTip(null);
    const { cell } = at;
    const what =
      cell === undefined
        ? 'no readings'
        : `${count(cell[1])} readings, ${percent(cell[2])} of the day, longest gap ${span(cell[3])}`;
    setTip(`${at.sensor}, ${at.day}: ${what}`);
  };
  return (
    <>
      <div
        class="heat"
        ref={place}
        style={{ height: `${height}px` }}
        tabIndex={0}
        role="img"
        aria-label={`Coverage of ${sensors.length} sensors on ${days.length} days`}
        onScroll={paint}
      >
        <canvas
          ref={canvas}
          style={{ width: `${size.width}px`, height: `${height}px` }}
          onMouseMove={point}
          onMouseLeave={() => setTip(null)}
          onClick={(event) => {
            const at = cellAt(event);
            if (at?.cell !== undefined) setQuery({ sensor: at.sensor, day: at.day });
          }}
        />
        <div
          style={{
            width: `${size.names + days.length * column}px`,
            height: `${HEAD + rows.length * ROW + 2 - height}px`,
          }}
        />
      </div>
      <p class="tip" aria-live="polite">
        {tip ?? 'Point at a day to see its figures; click to see what it was made of.'}
      </p>
    </>
  );
}

interface Row {
  sensor: number;
  cells: [day: number, readings: number, share: number, gap: number][];
}

function rowsOf({ sensors, days, cells }: Coverage, worst: boolean): Row[] {
  const rows = sensors.map((_, sensor): Row => ({ sensor, cells: [] }));
  for (const [at, sensor] of cells.sensor.entries())
    rows[sensor]!.cells.push([cells.day[at]!, cells.readings[at]!, cells.share[at]!, cells.largestGap[at]!]);
  if (!worst) return rows;
  const share = new Map(rows.map((row) => [row, row.cells.reduce((sum, cell) => sum + cell[2], 0) / days.length]));
  return rows.sort((a, b) => share.get(a)! - share.get(b)!);
}

function cut(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let short = text;
  while (short.length > 1 && context.measureText(`${short}…`).width > width) short = short.slice(0, -1);
  return `${short}…`;
}

/** A colour of the page as it is here, in light or dark: `rgb(r, g, b)`. Of its name alone, both would be told. */
function colorOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = '';
  return color;
}

const channels = (color: string) => (color.match(/\d+/g) ?? []).map(Number);

/** Between two colours written as `rgb(r, g, b)`. */
function mixed(low: string, full: string, share: number): string {
  const [from, to] = [channels(low), channels(full)];
  return `rgb(${from.map((value, at) => Math.round(value + (to[at]! - value) * share)).join(' ')})`;
}
