import { useState } from 'preact/hooks';
import { call, path, post, useResource } from './api.js';
import { ago, span, when } from './format.js';
import { Entry, MakeForm } from './make-form.js';
import { Act, Empty, Facts, Failure, Loading, Title } from './parts.js';
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
      <Facts
        facts={[
          ['runs', String(declaration.pipeline)],
          ['times', timesOf(declaration)],
          [
            'next',
            <span key="next" title={next.map((each) => when(each)).join('\n')}>
              {paused || next[0] === undefined ? '–' : `${when(next[0])}, ${ago(next[0])}`}
            </span>,
          ],
          ['overlap', String(declaration.overlap)],
          ['missed', missed > 0 ? `${missed}, while the server was down` : null],
          ['waiting', buffered > 0 ? buffered : null],
          ['note', note],
        ]}
      />
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
  const entry = (name: keyof typeof values) => ({
    id: `schedule-${name}`,
    label: name,
    value: values[name],
    change: (value: string) => setValues({ ...values, [name]: value }),
  });
  const make = () => {
    const { name, times, tz, source } = values;
    const isSpan = /^\d+(\.\d+)? ?[a-z]+$/i.test(times.trim());
    return post('/schedules', {
      name,
      pipeline: values.pipeline || pipelines?.[0]?.name,
      ...(isSpan ? { every: times.trim() } : { cron: times.trim(), tz }),
      params: source === '' ? {} : { source },
    });
  };
  return (
    <MakeForm make={make} done={done}>
      <Entry {...entry('name')} required />
      <Entry {...entry('pipeline')} options={(pipelines ?? []).map(({ name }) => ({ value: name, text: name }))} />
      <Entry {...entry('times')} required doc="Five fields of cron, as 0 2 * * *; or how often, as 6 h." />
      <Entry {...entry('tz')} doc="Zone of the times." />
      <Entry {...entry('source')} doc="Empty: as set in millrace.yaml." />
    </MakeForm>
  );
}

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
