import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError, get, path } from './api.js';
import { when } from './format.js';
import { Failure } from './parts.js';
import type { LogLine } from './types.js';

const EVERY_MS = 1500;
const PAGE = 1000;
/** More lines are not shown at once: the newest are. */
const MOST = 3000;
/** Lines are numbered before they can be seen: one with a smaller number may come a moment later. */
const OVERLAP = 50;

/** What the attempts of a run said, as they say it. */
export function RunLogs({ id, step, goesOn }: { id: string; step: string | null; goesOn: boolean }) {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [error, setError] = useState<ApiError | null>(null);
  const [only, setOnly] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const stop = new AbortController();
    const known = new Map<number, LogLine>();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      try {
        for (;;) {
          const after = [...known.keys()].at(-OVERLAP) ?? 0;
          const query = new URLSearchParams({
            after: String(after),
            limit: String(PAGE),
            ...(step !== null && { step }),
          });
          const page = await get<LogLine[]>(`${path('runs', id)}/logs?${query}`, stop.signal);
          const before = known.size;
          for (const line of page) known.set(line.id, line);
          if (known.size !== before) setLines([...known.values()].sort((a, b) => a.id - b.id).slice(-MOST));
          if (page.length < PAGE || known.size === before) break;
        }
        setError(null);
      } catch (thrown) {
        if (stop.signal.aborted) return;
        setError(asApiError(thrown));
      }
      if (goesOn && !stop.signal.aborted) timer = setTimeout(() => void ask(), EVERY_MS);
    };
    setLines([]);
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id, step, goesOn]);
  useEffect(() => {
    const element = list.current;
    // Who has scrolled up reads there.
    if (element !== null && element.scrollHeight - element.scrollTop - element.clientHeight < 200)
      element.scrollTop = element.scrollHeight;
  }, [lines]);
  const shown = only ? lines.filter(({ level }) => level !== 'info') : lines;
  return (
    <section class="panel" aria-label="Log">
      <div class="panel-head">
        <h2>Log{step === null ? '' : ` of ${step}`}</h2>
        <label>
          <input type="checkbox" checked={only} onChange={(event) => setOnly(event.currentTarget.checked)} /> warnings
          and errors only
        </label>
      </div>
      {error !== null && <Failure error={error} />}
      <div class="log" ref={list} tabIndex={0} role="log" aria-label="Lines of the log">
        {shown.length === 0 && <p class="dim">{goesOn ? 'Nothing was said yet.' : 'Nothing was said.'}</p>}
        {shown.map((line) => (
          <p key={line.id} class={`log-line log-${line.level}`}>
            <time title={line.at}>{when(line.at, true).slice(11)}</time>
            <span class="log-place">
              {line.step}
              {line.phase === 'batch' ? ` ${line.batch}` : line.phase === 'once' ? '' : ` ${line.phase}`}
              {line.attempt > 1 ? ` try ${line.attempt}` : ''}
            </span>
            <span class="log-text">
              {line.message}{' '}
              <span class="dim">
                {Object.entries(line.fields)
                  .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
                  .join('  ')}
              </span>
            </span>
          </p>
        ))}
      </div>
    </section>
  );
}
