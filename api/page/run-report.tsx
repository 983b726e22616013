import { useEffect, useState } from 'preact/hooks';
import { type ApiError, asApiError, call, path } from './api.js';
import { Empty, Failure, Loading } from './parts.js';
import type { Run } from './types.js';

/** The report of a run: a page of its own, without scripts. */
export function RunReport({ run }: { run: Run }) {
  const [html, setHtml] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    call('GET', `${path('runs', run.id)}/report`, undefined, stop.signal)
      .then((response) => response.text())
      .then(setHtml)
      .catch((thrown: unknown) => stop.signal.aborted || setError(asApiError(thrown)));
    return () => stop.abort();
  }, [run.id, run.state]);
  if (error !== null) {
    if (error.code !== 'MR_OBJECT_MISSING') return <Failure error={error} />;
    return (
      <Empty title="There is no report.">
        A run that ends well writes one; inspections show theirs on the terminal.
      </Empty>
    );
  }
  if (html === null) return <Loading />;
  return (
    <section class="panel report">
      <p>
        <a href={URL.createObjectURL(new Blob([html], { type: 'text/html' }))} download={`${run.id}.html`}>
          Save it as a file
        </a>
      </p>
      <iframe title={`Report of ${run.id}`} sandbox="" srcDoc={html} />
    </section>
  );
}
