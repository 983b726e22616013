import { useEffect, useState } from 'preact/hooks';
import { type ApiError, asApiError, path, post, useResource } from './api.js';
import { Explained } from './explained.js';
import { Field, type FieldSchema, readParam } from './param-field.js';
import { Empty, Failure, Loading, Title } from './parts.js';
import { go, Link } from './router.js';
import type { Explanation, Pipeline, PipelineSummary } from './types.js';

/** What most runs set; all others are folded away. */
const FIRST = ['source', 'from', 'to', 'tz', 'model', 'k'];

export function StartPage({ pipeline }: { pipeline: string | undefined }) {
  const { data, error, reload } = useResource<PipelineSummary[]>('/pipelines');
  const chosen = pipeline ?? data?.[0]?.name;
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  return (
    <>
      <Title>Start a run</Title>
      <nav class="choices" aria-label="Pipeline">
        {data.map(({ name, title }) => (
          <Link key={name} to={path('start', name)} class="choice" current={name === chosen}>
            <b>{name}</b>
            <span>{title}</span>
          </Link>
        ))}
      </nav>
      {chosen === undefined ? <Empty title="There is no pipeline." /> : <Form key={chosen} name={chosen} />}
    </>
  );
}

interface Started {
  runId: string;
}

/** A form made of the schema of a pipeline's params. */
function Form({ name }: { name: string }) {
  const { data, error, reload } = useResource<Pipeline>(path('pipelines', name));
  const [texts, setTexts] = useState<Record<string, string>>(() => draftOf(name));
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [explained, setExplained] = useState<Explanation | null>(null);
  useEffect(() => sessionStorage.setItem(draftKey(name), JSON.stringify(texts)), [texts]);
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  const { properties = {}, required = [] } = data.params as {
    properties?: Record<string, FieldSchema>;
    required?: string[];
  };
  const names = Object.keys(properties);
  const first = names.filter((each) => required.includes(each) || FIRST.includes(each));
  const rest = names.filter((each) => !first.includes(each));
  const wrong = new Map(
    Object.entries(texts).flatMap(([each, text]) => {
      const problem = text === '' || properties[each] === undefined ? null : readParam(properties[each], text).problem;
      return problem === null ? [] : [[each, problem] as const];
    }),
  );
  const given = Object.entries(texts).filter(([each, text]) => text !== '' && properties[each] !== undefined);
  const params = () =>
    Object.fromEntries(given.map(([each, text]) => [each, readParam(properties[each]!, text).value]));
  const ask = async (what: () => Promise<void>) => {
    setBusy(true);
    setRefused(null);
    setExplained(null);
    await what().catch((thrown: unknown) => setRefused(asApiError(thrown)));
    setBusy(false);
  };
  const start = () =>
    ask(async () => {
      const { runId } = await post<Started>('/runs', { pipeline: name, params: params() });
      go(path('runs', runId));
    });
  const explain = () =>
    ask(async () => setExplained(await post<Explanation>(`${path('pipelines', name)}/explain`, { params: params() })));
  const field = (each: string) => (
    <Field
      key={each}
      name={each}
      schema={properties[each]!}
      required={required.includes(each)}
      text={texts[each] ?? ''}
      problem={wrong.get(each) ?? saidOf(refused, each)}
      change={(text) => setTexts((now) => ({ ...now, [each]: text }))}
    />
  );
  const set = rest.filter((each) => (texts[each] ?? '') !== '').length;
  return (
    <form
      class="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <p class="dim">{data.doc}</p>
      <div class="fields">{first.map(field)}</div>
      <details open={set > 0}>
        <summary>
          {rest.length} more params{set > 0 ? `, ${set} of them set` : ''}
        </summary>
        <div class="fields">{rest.map(field)}</div>
      </details>
      {refused !== null && <Failure error={refused} />}
      {explained !== null && <Explained explanation={explained} />}
      <div class="form-end">
        <button type="submit" class="primary" disabled={busy || wrong.size > 0}>
          Start {name}
          {busy ? ' …' : ''}
        </button>
        <button type="button" disabled={busy || wrong.size > 0} onClick={() => void explain()}>
          Explain
        </button>
        <button
          type="button"
          onClick={() => {
            setTexts({});
            setExplained(null);
            setRefused(null);
          }}
        >
          Clear
        </button>
        <code class="command">{commandOf(name, texts)}</code>
      </div>
    </form>
  );
}

/** The line of a refusal that speaks of a param. */
function saidOf(refused: ApiError | null, name: string): string | null {
  const line = refused?.message.split('\n').find((each) => new RegExp(`(^|[ :])${name} is `).test(each));
  return line === undefined ? null : line.replace(/^.*? is /, 'is ');
}

/** The same call on the command line. */
function commandOf(name: string, texts: Record<string, string>): string {
  const sets = Object.entries(texts).filter(([, text]) => text !== '');
  const quoted = (text: string) => (/^[\w./:@=+-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  return `millrace run ${name}${sets.map(([each, text]) => ` --set ${quoted(`${each}=${text}`)}`).join('')}`;
}

const draftKey = (name: string) => `millrace.start.${name}`;

/** What was typed before in this tab. */
function draftOf(name: string): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(draftKey(name)) ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}
