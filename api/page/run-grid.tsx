import { useMemo, useRef } from 'preact/hooks';
import { path } from './api.js';
import { count, interval, span, when } from './format.js';
import { stateOf } from './parts.js';
import { Link, setQuery, usePlace } from './router.js';
import type { RunSummary } from './types.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Columns of one view. */
const COLUMNS = 60;
/** Most runs that the tip of a cell names. */
const MOST_NAMED = 5;

interface Cell {
  newest: RunSummary;
  all: RunSummary[];
}

/** Pipelines down, time across: what ran for which day or hour, and how it ended. */
export function RunGrid({ runs, pipelines }: { runs: readonly RunSummary[]; pipelines: readonly string[] }) {
  const { query } = usePlace();
  const grain = query.get('grain') === 'hour' ? HOUR : DAY;
  const cells = useMemo(() => cellsOf(runs, grain), [runs, grain]);
  const place = useRef<HTMLDivElement>(null);
  const last = Math.max(...[...cells.values()].flatMap((row) => [...row.keys()]), 0);
  const given = Number(query.get('to'));
  const to = Number.isInteger(given) && given > 0 ? given : last;
  const columns = Array.from({ length: COLUMNS }, (_, at) => to - COLUMNS + 1 + at);
  const step = (by: number) => setQuery({ to: String(to + by * (COLUMNS - 5)) });
  return (
    <section class="panel" aria-label="Runs by time">
      <div class="panel-head">
        <span class="segments" role="group" aria-label="Columns">
          {(['day', 'hour'] as const).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={(grain === DAY) === (name === 'day')}
              onClick={() => setQuery({ grain: name === 'day' ? null : name, to: null })}
            >
              {name}s
            </button>
          ))}
        </span>
        <span class="segments">
          <button type="button" title="Earlier" aria-label="Earlier" onClick={() => step(-1)}>
            ◀
          </button>
          <button type="button" disabled={to === last} onClick={() => setQuery({ to: null })}>
            Newest
          </button>
          <button type="button" title="Later" aria-label="Later" disabled={to >= last} onClick={() => step(1)}>
            ▶
          </button>
        </span>
        <Legend />
      </div>
      <div class="grid-scroll" tabIndex={0}>
        <div
          class="grid"
          ref={place}
          role="group"
          aria-label="Cells"
          style={{ gridTemplateColumns: `max-content repeat(${COLUMNS}, minmax(14px, 1fr))` }}
          onKeyDown={(event) => moveIn(place.current!, event)}
        >
          {pipelines.map((pipeline) => (
            <Row key={pipeline} pipeline={pipeline} columns={columns} cells={cells.get(pipeline)} grain={grain} />
          ))}
          <span class="grid-corner" />
          {columns.map((column) => (
            <span key={column} class="grid-label">
              {labelOf(column, grain, column === columns[0])}
            </span>
          ))}
        </div>
      </div>
    </section>
  );
}

function Row({
  pipeline,
  columns,
  cells,
  grain,
}: {
  pipeline: string;
  columns: readonly number[];
  cells: ReadonlyMap<number, Cell> | undefined;
  grain: number;
}) {
  return (
    <>
      <span class="grid-name">
        <Link to={`/start/${pipeline}`} title={`Start ${pipeline}`}>
          {pipeline}
        </Link>
      </span>
      {columns.map((column) => {
        const cell = cells?.get(column);
        if (cell === undefined) return <span key={column} class="cell" />;
        const { newest, all } = cell;
        return (
          <Link
            key={column}
            to={path('runs', newest.id)}
            class={`cell state-${stateOf(newest)}`}
            title={tipOf(cell)}
            label={`${pipeline}, ${labelLong(column, grain)}: ${stateOf(newest)}`}
          >
            {all.length > 1 && <span class="cell-count">{all.length > 99 ? '99+' : all.length}</span>}
          </Link>
        );
      })}
    </>
  );
}

function Legend() {
  return (
    <span class="legend" aria-hidden="true">
      {(['done', 'running', 'asks', 'paused', 'failed', 'cancelled'] as const).map((state) => (
        <span key={state}>
          <i class={`cell state-${state}`} /> {state}
        </span>
      ))}
    </span>
  );
}

/** Runs by pipeline and by the day or hour that they are for, or that they began in; in each, the newest first. */
function cellsOf(runs: readonly RunSummary[], grain: number): Map<string, Map<number, Cell>> {
  const rows = new Map<string, Map<number, Cell>>();
  for (const run of runs) {
    const column = Math.floor(Date.parse(run.interval?.start ?? run.startedAt) / grain);
    const row = rows.get(run.pipeline) ?? new Map<number, Cell>();
    rows.set(run.pipeline, row);
    const cell = row.get(column);
    if (cell === undefined) row.set(column, { newest: run, all: [run] });
    else cell.all.push(run);
  }
  return rows;
}

function labelOf(column: number, grain: number, first: boolean): string {
  const at = new Date(column * grain);
  if (grain === HOUR)
    return at.getUTCHours() === 0 || first
      ? at.toISOString().slice(5, 10)
      : at.getUTCHours() % 6 === 0
        ? `${at.getUTCHours()}h`
        : '';
  if (at.getUTCDate() === 1 || first) return at.toISOString().slice(0, 7);
  return at.getUTCDay() === 1 && at.getUTCDate() > 3 && at.getUTCDate() < 29 ? String(at.getUTCDate()) : '';
}

const labelLong = (column: number, grain: number) =>
  new Date(column * grain).toISOString().slice(0, grain === HOUR ? 13 : 10);

function tipOf({ newest, all }: Cell): string {
  const lines = all.slice(0, MOST_NAMED).map((run) => `${run.id}  ${stateOf(run)}  ${span(run.seconds)}`);
  const head = newest.interval === null ? when(newest.startedAt) : interval(newest.interval);
  return [head, ...lines, ...(all.length > MOST_NAMED ? [`and ${count(all.length - MOST_NAMED)} more`] : [])].join(
    '\n',
  );
}

const STEPS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** From cell to cell with the arrows, over empty ones. */
function moveIn(grid: HTMLElement, event: KeyboardEvent): void {
  const step = STEPS[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  event.preventDefault();
  const all = [...grid.children] as HTMLElement[];
  const width = COLUMNS + 1;
  let at = all.indexOf(event.target);
  if (at === -1) return;
  const row = Math.floor(at / width);
  do at += step[0] + step[1] * width;
  while (at >= 0 && at < all.length && !(all[at] instanceof HTMLAnchorElement));
  if (step[1] !== 0 || Math.floor(at / width) === row) all[at]?.focus();
}
