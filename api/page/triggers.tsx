import { useState } from 'preact/hooks';
import { type ApiError, asApiError, call, path, post, useResource } from './api.js';
import { ago, count, when } from './format.js';
import { Act, Failure, Loading } from './parts.js';
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
      <dl class="facts">
        <div>
          <dt>runs</dt>
          <dd>{String(declaration.pipeline)}</dd>
        </div>
        <div>
          <dt>when</dt>
          <dd>{after === null ? `files arrive in ${sourceOf(declaration)}` : `${after} is done`}</dd>
        </div>
        {after === null && (
          <div>
            <dt>files</dt>
            <dd>
              {count(files.handedOver)}
              {files.waiting > 0 ? `, ${count(files.waiting)} waiting` : ''}
              {files.watermark === null ? '' : `, up to ${when(files.watermark)}`}
            </dd>
          </div>
        )}
        {lookedAt !== null && (
          <div>
            <dt>looked</dt>
            <dd>{ago(lookedAt)}</dd>
          </div>
        )}
      </dl>
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

function NewTrigger({ done }: { done: () => void }) {
  const { data: pipelines } = useResource<PipelineSummary[]>('/pipelines');
  const [values, setValues] = useState({ name: '', pipeline: '', after: '', settle: '1 min', source: '' });
  const [error, setError] = useState<ApiError | null>(null);
  const set = (name: keyof typeof values) => (event: { currentTarget: { value: string } }) =>
    setValues({ ...values, [name]: event.currentTarget.value });
  const make = async () => {
    setError(null);
    const { name, after, settle, source } = values;
    try {
      await post('/triggers', {
        name,
        pipeline: values.pipeline || pipelines?.[0]?.name,
        after: after === '' ? null : after,
        settle,
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
          <label for="trigger-name">name</label>
          <input id="trigger-name" required value={values.name} onInput={set('name')} />
        </div>
        <div class="field">
          <label for="trigger-pipeline">pipeline</label>
          <select id="trigger-pipeline" value={values.pipeline} onChange={set('pipeline')}>
            {pipelines?.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="trigger-after">when</label>
          <select id="trigger-after" value={values.after} onChange={set('after')}>
            <option value="">files arrive in the source</option>
            {pipelines?.map(({ name }) => (
              <option key={name} value={name}>
                {name} is done
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="trigger-source">source</label>
          <input id="trigger-source" required value={values.source} onInput={set('source')} />
          <p class="doc">A folder as the workers see it, a glob, or s3://bucket/prefix/.</p>
        </div>
        <div class="field">
          <label for="trigger-settle">settle</label>
          <input id="trigger-settle" required value={values.settle} onInput={set('settle')} />
          <p class="doc">Files that changed within this time are still being written.</p>
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
