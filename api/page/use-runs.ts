import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError, get } from './api.js';
import type { RunSummary } from './types.js';

const FIRST = 5000;
const NEWEST = 100;
const EVERY_MS = 3000;

export interface Runs {
  /** The newest first; null: they are being loaded. */
  runs: RunSummary[] | null;
  error: ApiError | null;
  /** Whether there are older ones. */
  more: boolean;
  older: () => Promise<void>;
  reload: () => void;
}

/** Runs, the newest kept up to date; those that go on are asked for with them. */
export function useRuns(): Runs {
  const [runs, setRuns] = useState<RunSummary[] | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [more, setMore] = useState(false);
  const [turn, setTurn] = useState(0);
  const known = useRef(new Map<string, RunSummary>());
  const take = useCallback((some: readonly RunSummary[]) => {
    let changed = false;
    for (const run of some) {
      const before = known.current.get(run.id);
      if (before !== undefined && JSON.stringify(before) === JSON.stringify(run)) continue;
      known.current.set(run.id, run);
      changed = true;
    }
    if (!changed && known.current.size > 0) return;
    setRuns([...known.current.values()].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1)));
  }, []);
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async (limit: number) => {
      if (document.visibilityState === 'visible') {
        try {
          const some = await get<RunSummary[]>(`/runs?limit=${limit}`, stop.signal);
          take(some);
          if (limit === FIRST) setMore(some.length === FIRST);
          setError(null);
        } catch (thrown) {
          if (stop.signal.aborted) return;
          setError(asApiError(thrown));
        }
      }
      if (!stop.signal.aborted) timer = setTimeout(() => void ask(known.current.size === 0 ? FIRST : NEWEST), EVERY_MS);
    };
    void ask(FIRST);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [turn, take]);
  const older = async () => {
    const last = runs?.at(-1);
    if (last === undefined) return;
    const some = await get<RunSummary[]>(`/runs?limit=${FIRST}&before=${encodeURIComponent(last.startedAt)}`);
    take(some);
    setMore(some.length === FIRST);
  };
  return { runs, error, more, older, reload: () => setTurn((n) => n + 1) };
}
