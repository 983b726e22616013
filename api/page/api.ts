import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from './types.js';

const API = '/api/v1';
const TOKEN = 'millrace.token';

/** What the server refused, with its code. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: Problem['errors'],
  ) {
    super(message);
  }
}

export const setToken = (token: string) => sessionStorage.setItem(TOKEN, token);

/** Calls the server. @throws ApiError with what it answered, also when it cannot be reached */
export async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN);
  const response = await fetch(API + path, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'MR_SERVICE', 'The server does not answer. Is it up? millrace up starts it.', undefined);
  });
  if (response.ok) return response;
  const problem = (await response.json().catch(() => null)) as Problem | null;
  throw new ApiError(
    response.status,
    problem?.code ?? '',
    problem?.detail ?? `the server answered ${response.status}`,
    problem?.errors,
  );
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await call('GET', path, undefined, signal)).json()) as T;
}

export async function post<T>(path: string, body?: unknown): Promise<T> {
  return (await (await call('POST', path, body)).json()) as T;
}

export interface Resource<T> {
  data: T | null;
  error: ApiError | null;
  reload: () => void;
}

/**
 * What the server has under a path, asked again every so many milliseconds while the page is seen.
 * @param path null: nothing is asked
 */
export function useResource<T>(path: string | null, everyMs?: number): Resource<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: ApiError | null }>({
    path: null,
    data: null,
    error: null,
  });
  const [turn, setTurn] = useState(0);
  const before = useRef('');
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      if (document.visibilityState === 'visible') {
        try {
          const text = await (await call('GET', path, undefined, stop.signal)).text();
          // What is the same is not drawn again.
          if (text !== before.current) setState({ path, data: JSON.parse(text) as T, error: null });
          else setState((now) => (now.error === null && now.path === path ? now : { ...now, path, error: null }));
          before.current = text;
        } catch (error) {
          if (stop.signal.aborted) return;
          setState((now) => ({ path, data: now.path === path ? now.data : null, error: asApiError(error) }));
        }
      }
      if (everyMs !== undefined && !stop.signal.aborted) timer = setTimeout(ask, everyMs);
    };
    before.current = '';
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, turn]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  // Of another path, the old answer is none.
  return state.path === path ? { data: state.data, error: state.error, reload } : { data: null, error: null, reload };
}

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(0, '', error instanceof Error ? error.message : String(error), undefined);

/** Server-sent events of a path, each as it comes, until the signal is aborted or the server ends them. */
export async function* events<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
  const response = await call('GET', path, undefined, signal);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const data = text
        .slice(0, end)
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5))
        .join('\n');
      text = text.slice(end + 2);
      if (data !== '') yield JSON.parse(data) as T;
    }
  }
}

export const path = (...parts: (string | number)[]) => `/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
