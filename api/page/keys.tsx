import { useEffect, useRef } from 'preact/hooks';
import { go } from './router.js';

const PLACES: Record<string, [string, string]> = {
  r: ['/', 'runs'],
  n: ['/start', 'start a run'],
  s: ['/schedules', 'schedules'],
  b: ['/backfills', 'backfills'],
  m: ['/models', 'models'],
};

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Keys that work everywhere: `g` and a letter goes to a place, `/` to the filter, `?` shows them all. */
export function useKeys(help: () => void): void {
  const went = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const place = Date.now() - went.current < 1500 ? PLACES[event.key] : undefined;
      went.current = event.key === 'g' ? Date.now() : 0;
      if (place !== undefined) go(place[0]);
      else if (event.key === '?') help();
      else if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('[data-filter]');
        if (filter === null) return;
        event.preventDefault();
        filter.focus();
      }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}

export function KeysHelp({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={close}>
      <h2>Keys</h2>
      <table>
        <tbody>
          {Object.entries(PLACES).map(([key, [, title]]) => (
            <tr key={key}>
              <td>
                <kbd>g</kbd> <kbd>{key}</kbd>
              </td>
              <td>{title}</td>
            </tr>
          ))}
          <tr>
            <td>
              <kbd>/</kbd>
            </td>
            <td>filter</td>
          </tr>
          <tr>
            <td>
              <kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd>
            </td>
            <td>within the grid of runs, and from tab to tab of a run</td>
          </tr>
          <tr>
            <td>
              <kbd>?</kbd>
            </td>
            <td>these keys</td>
          </tr>
        </tbody>
      </table>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
