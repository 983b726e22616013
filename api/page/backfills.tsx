import { useState } from 'preact/hooks';
import { type ApiError, asApiError, path, post, useResource } from './api.js';
import { ago, count, span } from './format.js';
import { List } from './list.js';
import { Act, Empty, Failure, Loading, Title } from './parts.js';
import { go, Link } from './router.js';
import type { BackfillPrice, BackfillSummary, PipelineSummary } from './types.js';

export function BackfillsPage() {
  const { data, error, reload } = useResource<BackfillSummary[]>('/backfills', 3000);
  const [making, setMaking] = useState(false);
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  return (
    <>
      <Title
        aside={
          <button type="button" class="primary" aria-expanded={making} onClick={() => setMaking(!making)}>
            New backfill
          </button>
        }
      >
        Backfills
      </Title>
      {error !== null && <Failure error={error} />}
      {making && <NewBackfill />}
      {data.length === 0 && !making && (
        <Empty title="No backfills yet.">A backfill runs a pipeline for every interval of a time that is over.</Empty>
      )}
      {data.length > 0 && (
        <List columns={['Backfill', 'State', 'Pipeline', 'Time', 'Intervals', 'Made']}>
          {data.map(({ id, state, declaration, counts, createdAt }) => (
            <tr key={id}>
              <td class="id">
                <Link to={path('backfills', id)}>{id}</Link>
              </td>
              <td>
                <span class={`state state-${state}`}>{state}</span>
              </td>
              <td>{String(declaration.pipeline)}</td>
              <td>
                {String(declaration.from)} … {String(declaration.to)}
              </td>
              <td>
                <Progress counts={counts} />
              </td>
              <td>{ago(createdAt)}</td>
            </tr>
          ))}
        </List>
      )}
    </>
  );
}

const ORDER = ['done', 'running', 'failed', 'cancelled', 'lost', 'waiting'];

/** How many intervals stand how, as a bar and as words. */
export function Progress({ counts }: { counts: BackfillSummary['counts'] }) {
  const shown = ORDER.filter((state) => (counts[state] ?? 0) > 0);
  const total = shown.reduce((sum, state) => sum + counts[state]!, 0);
  return (
    <span class="progress" title={shown.map((state) => `${counts[state]} ${state}`).join(', ')}>
      <span class="shares">
        {shown.map((state) => (
          <i key={state} class={`fill-${state}`} style={{ width: `${(100 * counts[state]!) / total}%` }} />
        ))}
      </span>
      {count(counts.done ?? 0)} of {count(total)}
      {(counts.failed ?? 0) > 0 ? `, ${counts.failed} failed` : ''}
    </span>
  );
}

/** What is to be filled; priced before it is made. */
function NewBackfill() {
  const { data: pipelines } = useResource<PipelineSummary[]>('/pipelines');
  const [values, setValues] = useState({
    name: '',
    pipeline: '',
    from: '',
    to: '',
    every: 'day',
    only: 'missing',
    source: '',
  });
  const [price, setPrice] = useState<BackfillPrice | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const set = (name: keyof typeof values) => (event: { currentTarget: { value: string } }) => {
    setValues({ ...values, [name]: event.currentTarget.value });
    setPrice(null);
  };
  const { name, source, ...times } = values;
  const declaration = {
    ...times,
    pipeline: values.pipeline || pipelines?.[0]?.name,
    params: source === '' ? {} : { source },
  };
  const attempt = async (work: () => Promise<void>) => {
    setError(null);
    await work().catch((thrown: unknown) => setError(asApiError(thrown)));
  };
  const named = name || `${values.from}_${values.to}`;
  return (
    <form
      class="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(async () => setPrice(await post<BackfillPrice>('/backfills/price', declaration)));
      }}
    >
      <div class="fields">
        <div class="field">
          <label for="backfill-pipeline">pipeline</label>
          <select id="backfill-pipeline" value={values.pipeline} onChange={set('pipeline')}>
            {pipelines?.map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="backfill-from">from</label>
          <input id="backfill-from" type="date" required value={values.from} onInput={set('from')} />
        </div>
        <div class="field">
          <label for="backfill-to">to</label>
          <input id="backfill-to" type="date" required value={values.to} onInput={set('to')} />
          <p class="doc">The last day, which is filled too.</p>
        </div>
        <div class="field">
          <label for="backfill-every">an interval is</label>
          <select id="backfill-every" value={values.every} onChange={set('every')}>
            {['hour', 'day', 'week', 'month'].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="backfill-only">only</label>
          <select id="backfill-only" value={values.only} onChange={set('only')}>
            {['missing', 'failed', 'all'].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="backfill-source">source</label>
          <input id="backfill-source" value={values.source} onInput={set('source')} />
          <p class="doc">Empty: as set in millrace.yaml.</p>
        </div>
        <div class="field">
          <label for="backfill-name">name</label>
          <input id="backfill-name" placeholder={named} value={values.name} onInput={set('name')} />
        </div>
      </div>
      {error !== null && <Failure error={error} />}
      {price !== null && (
        <p>
          <b>{count(price.due)}</b> of {count(price.intervals)} intervals would be run, with{' '}
          {count(price.estimate.chunks)} chunks, {count(price.estimate.keptChunks)} of them kept from before
          {price.estimate.seconds === null
            ? '; how long that takes is not known, as none was run before.'
            : `, in about ${span(price.estimate.seconds)} by ${price.estimate.basis} runs before.`}
        </p>
      )}
      <div class="form-end">
        <button type="submit">What would it be?</button>
        <Act
          kind="primary"
          disabled={price === null || price.due === 0}
          act={async () => {
            await post('/backfills', { ...declaration, name: named });
            go(path('backfills', named));
          }}
        >
          Begin
        </Act>
      </div>
    </form>
  );
}
