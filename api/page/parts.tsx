import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type ApiError, asApiError, setToken } from './api.js';
import type { RunSummary } from './types.js';

/** Small things that many places show. */

export type AnyState = RunSummary['state'] | 'waiting' | 'paused' | 'asks';

const MARKS: Record<AnyState, string> = {
  waiting: '·',
  running: '▶',
  paused: '‖',
  asks: '?',
  done: '✓',
  failed: '✗',
  cancelled: '⊘',
  lost: '∅',
};

/** A state by colour, sign and word. */
export function State({ state }: { state: AnyState }) {
  return (
    <span class={`state state-${state}`}>
      <span aria-hidden="true">{MARKS[state]}</span> {state}
    </span>
  );
}

export function stateOf(run: { state: RunSummary['state']; pausedAt?: string | null; asks?: number }): AnyState {
  if (run.state !== 'running') return run.state;
  if (run.asks) return 'asks';
  return run.pausedAt == null ? 'running' : 'paused';
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      loading …
    </p>
  );
}

/** What went wrong, with its code and what to do; where a token is wanted, a place to give it. */
export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  if (error.status === 401) return <TokenForm error={error} />;
  return (
    <div class="failure" role="alert">
      <p class="failure-code">{error.code || 'The page could not go on'}</p>
      {error.message.split('\n').map((line) => (
        <p key={line}>{line.trim()}</p>
      ))}
      {error.errors !== undefined && error.errors.length > 0 && (
        <ul>
          {error.errors.map(({ path, message }) => (
            <li key={path}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

function TokenForm({ error }: { error: ApiError }) {
  const [token, give] = useState('');
  return (
    <form
      class="failure"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(token.trim());
        location.reload();
      }}
    >
      <p class="failure-code">{error.code}</p>
      <p>
        This server wants a token. <code>millrace tokens create &lt;name&gt;</code> makes one; it stays in this tab
        alone.
      </p>
      <label>
        Token{' '}
        <input
          type="password"
          value={token}
          autocomplete="off"
          required
          onInput={(event) => give(event.currentTarget.value)}
        />
      </label>{' '}
      <button type="submit" class="primary">
        Use it
      </button>
    </form>
  );
}

interface ActProps {
  /** What is done. */
  act: () => Promise<unknown>;
  /** Asked before, where it cannot be undone. */
  sure?: string;
  then?: (() => void) | undefined;
  kind?: 'primary' | 'danger' | undefined;
  disabled?: boolean;
  title?: string | undefined;
  children: ComponentChildren;
}

/** A button that does something on the server, says that it is at it, and what came of it where that is an error. */
export function Act({ act, sure, then, kind, disabled = false, title, children }: ActProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const run = async () => {
    if (sure !== undefined && !confirm(sure)) return;
    setBusy(true);
    setError(null);
    try {
      await act();
      then?.();
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <span class="act">
      <button type="button" class={kind} disabled={busy || disabled} title={title} onClick={() => void run()}>
        {children}
        {busy ? ' …' : ''}
      </button>
      {error !== null && (
        <span class="act-error" role="alert">
          {error.message.split('\n')[0]}
        </span>
      )}
    </span>
  );
}

/** Names and values beneath each other. */
export function Facts({ facts }: { facts: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function Title({ children, aside }: { children: ComponentChildren; aside?: ComponentChildren }) {
  return (
    <header class="title">
      <h1>{children}</h1>
      <div class="aside">{aside}</div>
    </header>
  );
}
