import { useState } from 'preact/hooks';
import { path, post, useResource } from './api.js';
import { Progress } from './backfills.js';
import { count, interval, span, when } from './format.js';
import { List } from './list.js';
import { Act, type AnyState, Facts, Failure, Loading, State, Title } from './parts.js';
import { Link, setQuery, usePlace } from './router.js';
import type { Backfill } from './types.js';

const PAGE = 100;

/** One backfill: every interval of it, and how it stands. */
export function BackfillPage({ id }: { id: string }) {
  const { data, error, reload } = useResource<Backfill>(path('backfills', id), 2000);
  const { query } = usePlace();
  const [most, setMost] = useState(PAGE);
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  const state = query.get('state');
  const { declaration, counts } = data;
  const act = (what: string) => () => post(`${path('backfills', id)}/${what}`);
  const goesOn = data.state === 'running' || data.state === 'paused';
  const shown = data.intervals.filter((each) => state === null || each.state === state);
  return (
    <>
      <Title
        aside={
          <>
            {data.state === 'running' && (
              <Act act={act('pause')} then={reload}>
                Pause
              </Act>
            )}
            {(data.state === 'paused' || (!goesOn && (counts.waiting ?? 0) > 0)) && (
              <Act act={act('resume')} then={reload} kind="primary">
                Resume
              </Act>
            )}
            {(counts.failed ?? 0) > 0 && (
              <Act act={act('retry')} then={reload}>
                Retry what failed
              </Act>
            )}
            {goesOn && (
              <Act act={act('cancel')} then={reload} kind="danger" sure={`Cancel the backfill ${id} and its runs?`}>
                Cancel
              </Act>
            )}
          </>
        }
      >
        <span class="id">{id}</span> <span class={`state state-${data.state}`}>{data.state}</span>
      </Title>
      {error !== null && <Failure error={error} />}
      <Facts
        facts={[
          ['pipeline', String(declaration.pipeline)],
          ['time', `${String(declaration.from)} … ${String(declaration.to)}, each ${String(declaration.every)}`],
          ['at once', String(declaration.maxActive)],
          ['made', when(data.createdAt)],
          ['ended', data.endedAt === null ? '' : when(data.endedAt)],
          ['intervals', <Progress counts={counts} />],
        ]}
      />
      <section class="panel" aria-label="Intervals">
        <div class="tiles">
          {data.intervals.map((each) =>
            each.run === null ? (
              <i key={each.nth} class="cell state-waiting" title={`${interval(each)}: waiting`} />
            ) : (
              <Link
                key={each.nth}
                to={path('runs', each.run)}
                class={`cell state-${each.state}`}
                title={`${interval(each)}: ${each.state}${each.error === null ? '' : `\n${each.error.message}`}`}
                label={`${interval(each)}: ${each.state}`}
              />
            ),
          )}
        </div>
      </section>
      <div class="filters">
        <span class="segments" role="group" aria-label="State">
          <button type="button" aria-pressed={state === null} onClick={() => setQuery({ state: null })}>
            all {count(data.intervals.length)}
          </button>
          {Object.entries(counts).map(([name, n]) => (
            <button key={name} type="button" aria-pressed={state === name} onClick={() => setQuery({ state: name })}>
              {name} {count(n)}
            </button>
          ))}
        </span>
      </div>
      <List columns={['Interval', 'State', 'Run', { number: 'Time' }, 'Error']}>
        {shown.slice(0, most).map((each) => (
          <tr key={each.nth}>
            <td>{interval(each)}</td>
            <td>
              <State state={each.state as AnyState} />
            </td>
            <td class="id">{each.run === null ? '' : <Link to={path('runs', each.run)}>{each.run}</Link>}</td>
            <td class="number">{span(each.seconds)}</td>
            <td>{each.error === null ? '' : `${each.error.code}: ${each.error.message.split('\n')[0]}`}</td>
          </tr>
        ))}
      </List>
      {shown.length > most && (
        <button type="button" onClick={() => setMost((n) => n + 5 * PAGE)}>
          Show more of {count(shown.length)}
        </button>
      )}
    </>
  );
}
