import { useState } from 'preact/hooks';
import { type ApiError, asApiError, call, path, post, useResource } from './api.js';
import { ago, span, when } from './format.js';
import { Act, Empty, Failure, Loading, Title } from './parts.js';
import { Link } from './router.js';
import { Triggers } from './triggers.js';
import type { PipelineSummary, Schedule } from './types.js';

export function SchedulesPage() {
  const { data, error, reload } = useResource<Schedule[]>('/schedules', 5000);
  const [making, setMaking] = useState(false);
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  const close = () => {
    setMaking(false);
    reload();
  };
  return (
    <>
      <Title
        aside={
          <button type="button" class="primary" aria-expanded={making} onClick={() => setMaking(!making)}>
            New schedule
          </button>
        }
      >
        Schedules
      </Title>
      {error !== null && <Failure error={error} />}
      {making && <NewSchedule done={close} />}
      {data.length === 0 && !making && (
        <Empty title="Nothing runs by the clock yet.">
          Make a schedule here, or declare some in <code>millrace.yaml</code> and call{' '}
          <code>millrace schedules apply</code>.
        </Empty>
      )}
      {data.map((schedule) => (
        <Card key={schedule.name} schedule={schedule} reload={reload} />
      ))}
      <Triggers />
    </>
  );
}

function Card({ schedule, reload }: { schedule: Schedule; reload: () => void }) {
  const { name, declaration, declared, paused, note, next, recent, missed, buffered, running } = schedule;
  const at = path('schedules', name);
  return (
    <section class="panel" aria-label={name}>
      <div class="panel-head">
        <h2>{name}</h2>
        {paused ? <span class="state state-paused">‖ paused</span> : <span class="state state-done">✓ active</span>}
        {declared && <span class="dim">declared in millrace.yaml</span>}
        <span class="end acts">
          <Act act={() => post(`${at}/trigger`)} then={reload}>
            Run now
          </Act>
          <Act
            act={() => post(`${at}/${paused ? 'resume' : 'pause'}`)}
            then={reload}
            kind={paused ? 'primary' : undefined}
          >
            {paused ? 'Resume' : 'Pause'}
          </Act>
          <Act
            act={() => call('DELETE', at)}
            then={reload}
            kind="danger"
            sure={`Delete the schedule ${name}? Its runs stay.`}
          >
            Delete
          </Act>
        </span>
      </div>
      <dl class="facts">
        <div>
          <dt>runs</dt>
          <dd>{String(declaration.pipeline)}</dd>
        </div>
        <div>
          <dt>times</dt>
          <dd>{timesOf(declaration)}</dd>
        </div>
        <div>
          <dt>next</dt>
          <dd title={next.map((each) => when(each)).join('\n')}>
            {paused || next[0] === undefined ? '–' : `${when(next[0])}, ${ago(next[0])}`}
          </dd>
        </div>
        <div>
          <dt>overlap</dt>
          <dd>{String(declaration.overlap)}</dd>
        </div>
        {missed > 0 && (
          <div>
            <dt>missed</dt>
            <dd>{missed}, while the server was down</dd>
          </div>
        )}
        {buffered > 0 && (
          <div>
            <dt>waiting</dt>
            <dd>{buffered}</dd>
          </div>
        )}
        {note !== null && (
          <div>
            <dt>note</dt>
            <dd>{note}</dd>
          </div>
        )}
      </dl>
      <p>
        {running.length > 0 && <span class="state state-running">▶ {running.length} going on </span>}
        {recent.length === 0 ? (
          <span class="dim">It has not fired yet.</span>
        ) : (
          <>
            last fired {ago(recent.at(-1)!.taken)}; <Link to={`/runs?q=${encodeURIComponent(name)}`}>its runs</Link>
          </>
        )}
      </p>
    </section>
  );
}

function timesOf({ cron, every, tz, jitter }: Schedule['declaration']): string {
  const times =
    cron === undefined ? `every ${span(Number(every) / 1000).replace('.0', '')}` : [cron].flat().join(' and ');
  return `${times}${cron === undefined ? '' : ` in ${String(tz)}`}${jitter === undefined ? '' : `, up to ${span(Number(jitter) / 1000)} later`}`;
}

function NewSchedule({ done }: { done: () => void }) {
  const { data: pipelines } = useResource<PipelineSummary[]>('/pipelines');
  const [values, setValues] = useState({ name: '', pipeline: '', times: '0 2 * * *', tz: zone(), source: '' });
  const [error, setError] = useState<ApiError | null>(null);
  const set = (name: keyof typeof values) => (event: { currentTarget: { value: string } }) =>
    setValues({ ...values, [name]: event.currentTarget.value });
  const make = async () => {
    setError(null);
    const { name, times, tz, source } = values;
    const pipeline = values.pipeline || pipelines?.[0]?.name;
    const isSpan = /^\d+(\.\d+)? ?[a-z]+$/i.test(times.trim());
    try {
      await post('/schedules', {
        name,
        pipeline,
        ...(isSpan ? { every: times.trim() } : { cron: times.trim(), tz }),
        params: source === '' ? {} : { source },
      });
      done();
    } catch (thrown) {
      setError(asApiError(thrown));
    }
  };
  return (
    <form
      class="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <div class="fields">
        <div class="field">
          <label for="schedule-name">name</label>
          <input id="schedule-name" required value={values.name} onInput={set('name')} />
        </div>
        <div class="field">
          <label for="schedule-pipeline">pipeline</label>
          <select id="schedule-pipeline" value={values.pipeline} onChange={set('pipeline')}>
            {pipelines?.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="schedule-times">times</label>
          <input id="schedule-times" required value={values.times} onInput={set('times')} />
          <p class="doc">Five fields of cron, as 0 2 * * *; or how often, as 6 h.</p>
        </div>
        <div class="field">
          <label for="schedule-tz">tz</label>
          <input id="schedule-tz" value={values.tz} onInput={set('tz')} />
          <p class="doc">Zone of the times.</p>
        </div>
        <div class="field">
          <label for="schedule-source">source</label>
          <input id="schedule-source" value={values.source} onInput={set('source')} />
          <p class="doc">Empty: as set in millrace.yaml.</p>
        </div>
      </div>
      {error !== null && <Failure error={error} />}
      <div class="form-end">
        <button type="submit" class="primary">
          Make it
        </button>
      </div>
    </form>
  );
}

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
