import { useState } from 'preact/hooks';
import { call, path, post, useResource } from './api.js';
import { ago, count, when } from './format.js';
import { Entry, MakeForm } from './make-form.js';
import { Act, Facts, Failure, Loading } from './parts.js';
import { Link } from './router.js';
import type { PipelineSummary, Trigger } from './types.js';

/** What starts runs beside schedules: files that arrive, and others that are done. */
export function Triggers() {
  const { data, error, reload } = useResource<Trigger[]>('/triggers', 5000);
  const [making, setMaking] = useState(false);
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  const close = () => {
    setMaking(false);
    reload();
  };
  return (
    <section aria-label="Triggers">
      <div class="part-head">
        <h2>When files arrive, or others are done</h2>
        <button type="button" aria-expanded={making} onClick={() => setMaking(!making)}>
          New trigger
        </button>
      </div>
      {error !== null && <Failure error={error} />}
      {making && <NewTrigger done={close} />}
      {data.length === 0 && !making && <p class="dim">No pipeline waits for files or for another yet.</p>}
      {data.map((trigger) => (
        <Card key={trigger.name} trigger={trigger} reload={reload} />
      ))}
    </section>
  );
}

function Card({ trigger, reload }: { trigger: Trigger; reload: () => void }) {
  const { name, declaration, paused, lookedAt, error, files } = trigger;
  const at = path('triggers', name);
  const after = declaration.after === null ? null : String(declaration.after);
  return (
    <section class="panel" aria-label={name}>
      <div class="panel-head">
        <h2>{name}</h2>
        {paused ? <span class="state state-paused">‖ paused</span> : <span class="state state-done">✓ active</span>}
        <span class="end acts">
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
            sure={`Delete the trigger ${name}? Its runs stay.`}
          >
            Delete
          </Act>
        </span>
      </div>
      <Facts
        facts={[
          ['runs', String(declaration.pipeline)],
          ['when', after === null ? `files arrive in ${sourceOf(declaration)}` : `${after} is done`],
          ['files', after === null ? filesOf(files) : null],
          ['looked', lookedAt === null ? null : ago(lookedAt)],
        ]}
      />
      {error !== null && (
        <p class="failure" role="alert">
          {error}
        </p>
      )}
      <p>
        <Link to={`/runs?q=${encodeURIComponent(name)}`}>its runs</Link>
      </p>
    </section>
  );
}

function sourceOf({ params }: Trigger['declaration']): string {
  return typeof params === 'object' && params !== null && 'source' in params ? String(params.source) : 'its source';
}

function filesOf({ handedOver, waiting, watermark }: Trigger['files']): string {
  const more = waiting > 0 ? `, ${count(waiting)} waiting` : '';
  return `${count(handedOver)}${more}${watermark === null ? '' : `, up to ${when(watermark)}`}`;
}

function NewTrigger({ done }: { done: () => void }) {
  const { data: pipelines } = useResource<PipelineSummary[]>('/pipelines');
  const [values, setValues] = useState({ name: '', pipeline: '', after: '', settle: '1 min', source: '' });
  const entry = (name: keyof typeof values, label: string = name) => ({
    id: `trigger-${name}`,
    label,
    value: values[name],
    change: (value: string) => setValues({ ...values, [name]: value }),
  });
  const make = () => {
    const { name, after, settle, source } = values;
    return post('/triggers', {
      name,
      pipeline: values.pipeline || pipelines?.[0]?.name,
      after: after === '' ? null : after,
      settle,
      params: source === '' ? {} : { source },
    });
  };
  const names = (pipelines ?? []).map(({ name }) => name);
  const files = { value: '', text: 'files arrive in the source' };
  return (
    <MakeForm make={make} done={done}>
      <Entry {...entry('name')} required />
      <Entry {...entry('pipeline')} options={names.map((name) => ({ value: name, text: name }))} />
      <Entry
        {...entry('after', 'when')}
        options={[files, ...names.map((name) => ({ value: name, text: `${name} is done` }))]}
      />
      <Entry {...entry('source')} required doc="A folder as the workers see it, a glob, or s3://bucket/prefix/." />
      <Entry {...entry('settle')} required doc="Files that changed within this time are still being written." />
    </MakeForm>
  );
}
