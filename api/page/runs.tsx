import { useMemo, useState } from 'preact/hooks';
import { path } from './api.js';
import { ago, count, interval, span, when } from './format.js';
import { List } from './list.js';
import { Act, Empty, Failure, Loading, State, stateOf, Title } from './parts.js';
import { Link, setQuery, usePlace } from './router.js';
import { RunGrid } from './run-grid.js';
import type { RunSummary } from './types.js';
import { useRuns } from './use-runs.js';

const STATES = ['running', 'asks', 'paused', 'done', 'failed', 'cancelled', 'lost'] as const;
const PAGE = 100;

/** All runs: as a grid of pipelines and intervals, and as a list. */
export function RunsPage() {
  const { runs, error, more, older, reload } = useRuns();
  const { query } = usePlace();
  const [wanted, text, state] = [query.get('pipeline'), query.get('q'), query.get('state')];
  const shown = useMemo(() => filtered(runs ?? [], { pipeline: wanted, text, state }), [runs, wanted, text, state]);
  const pipelines = useMemo(() => [...new Set((runs ?? []).map(({ pipeline }) => pipeline))].sort(), [runs]);
  if (runs === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  if (runs.length === 0)
    return (
      <Empty title="No runs yet.">
        <p>
          <Link to="/start" class="button primary">
            Start one
          </Link>{' '}
          or call <code>millrace demo</code> to see one with sample data.
        </p>
      </Empty>
    );
  const going = runs.filter((run) => run.state === 'running').length;
  return (
    <>
      <Title
        aside={
          <Link to="/start" class="button primary">
            Start a run
          </Link>
        }
      >
        Runs{' '}
        <small>
          {count(runs.length)}
          {more ? ' newest' : ''}
          {going > 0 ? `, ${going} going on` : ''}
        </small>
      </Title>
      {error !== null && <Failure error={error} />}
      <RunGrid runs={runs} pipelines={wanted === null ? pipelines : [wanted]} />
      <search class="filters">
        <input
          type="search"
          placeholder="Filter by id, schedule or backfill  ( / )"
          aria-label="Filter by id, schedule or backfill"
          data-filter
          value={text ?? ''}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
        />
        <select
          aria-label="Pipeline"
          value={wanted ?? ''}
          onChange={(event) => setQuery({ pipeline: event.currentTarget.value })}
        >
          <option value="">all pipelines</option>
          {pipelines.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <select
          aria-label="State"
          value={state ?? ''}
          onChange={(event) => setQuery({ state: event.currentTarget.value })}
        >
          <option value="">all states</option>
          {STATES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </search>
      <RunList runs={shown} />
      {more && (
        <p>
          <Act act={older}>Load older runs</Act>
        </p>
      )}
    </>
  );
}

function filtered(
  runs: readonly RunSummary[],
  { pipeline, text, state }: Record<'pipeline' | 'text' | 'state', string | null>,
): RunSummary[] {
  const words = text?.toLowerCase() ?? '';
  return runs.filter(
    (run) =>
      (pipeline === null || run.pipeline === pipeline) &&
      (state === null || stateOf(run) === state) &&
      (words === '' ||
        `${run.id} ${run.schedule ?? ''} ${run.backfill ?? ''} ${run.trigger ?? ''}`.toLowerCase().includes(words)),
  );
}

/** Runs as a table; as many as fit, and more when they are wanted. */
function RunList({ runs }: { runs: readonly RunSummary[] }) {
  const [most, setMost] = useState(PAGE);
  if (runs.length === 0)
    return (
      <Empty title="No run is like that.">
        <button type="button" onClick={() => setQuery({ q: null, pipeline: null, state: null })}>
          Show all
        </button>
      </Empty>
    );
  return (
    <>
      <List columns={['Run', 'State', 'For', 'By', 'Started', { number: 'Time' }]}>
        {runs.slice(0, most).map((run) => (
          <tr key={run.id}>
            <td class="id">
              <Link to={path('runs', run.id)}>{run.id}</Link>
            </td>
            <td>
              <State state={stateOf(run)} />
              {run.failed > 0 && <span class="left-out"> {run.failed} left out</span>}
            </td>
            <td>{run.interval === null ? '' : interval(run.interval)}</td>
            <td>
              <StartedBy run={run} />
            </td>
            <td title={when(run.startedAt, true)}>{ago(run.startedAt)}</td>
            <td class="number">{span(run.seconds)}</td>
          </tr>
        ))}
      </List>
      {runs.length > most && (
        <button type="button" onClick={() => setMost((n) => n + 5 * PAGE)}>
          Show more of {count(runs.length)}
        </button>
      )}
    </>
  );
}

export function StartedBy({ run }: { run: Pick<RunSummary, 'schedule' | 'backfill' | 'trigger' | 'rerunOf'> }) {
  if (run.backfill !== null) return <Link to={path('backfills', run.backfill)}>backfill {run.backfill}</Link>;
  if (run.schedule !== null) return <Link to="/schedules">schedule {run.schedule}</Link>;
  if (run.trigger !== null) return <Link to="/schedules">trigger {run.trigger}</Link>;
  if (run.rerunOf !== null) return <Link to={path('runs', run.rerunOf)}>rerun</Link>;
  return <>a person</>;
}
