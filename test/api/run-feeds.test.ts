import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunFeeds } from '../../api/run-feeds.js';
import type { Millrace, RunProgress } from '../../client/millrace.js';

const running: RunProgress = {
  state: 'running',
  steps: [],
  paused: false,
  questions: [],
  trouble: null,
  doing: [],
};
const done: RunProgress = { ...running, state: 'done' };
const event = (progress: RunProgress) => `event: progress\ndata: ${JSON.stringify(progress)}\n\n`;
const PING_MS = 15_000;
const RUN = { workflowId: 'a', temporalRunId: 'a-1', state: 'running' as const };

/** Runs that go as the test says: real ones are watched in the tests of the server. */
class Script {
  followed = 0;
  #tell: ((progress: RunProgress | Error | null) => void) | undefined;

  async *follow(_id: string, signal?: AbortSignal): AsyncGenerator<RunProgress> {
    this.followed++;
    while (!signal?.aborted) {
      const next = await new Promise<RunProgress | Error | null>((resolve) => {
        this.#tell = resolve;
        signal?.addEventListener('abort', () => resolve(null), { once: true });
      });
      if (next instanceof Error) throw next;
      if (next === null) return;
      yield next;
      if (next.state !== 'running') return;
    }
  }

  async tell(progress: RunProgress | Error): Promise<void> {
    this.#tell!(progress);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  }
}

let script: Script;
let feeds: RunFeeds;
const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  script = new Script();
  feeds = new RunFeeds(script as unknown as Millrace);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a stream of events', () => {
  it('tells what changes, and ends with the run', async () => {
    const heard = text(feeds.events(RUN, never));
    await script.tell(running);
    await script.tell(done);
    expect(await heard).toBe(event(running) + event(done));
  });

  it('tells whoever comes late how it stands, and follows the run once', async () => {
    const first = text(feeds.events(RUN, never));
    await script.tell(running);
    const second = text(feeds.events(RUN, never));
    await script.tell(done);
    expect(await first).toBe(event(running) + event(done));
    expect(await second).toBe(event(running) + event(done));
    expect(script.followed).toBe(1);
    // It has ended for those: the next one looks for itself.
    void text(feeds.events(RUN, never));
    expect(script.followed).toBe(2);
    await script.tell(done);
  });

  it('is kept alive while nothing changes, and not a moment longer', async () => {
    const heard = text(feeds.events(RUN, never));
    await script.tell(running);
    vi.advanceTimersByTime(2 * PING_MS);
    await script.tell(done);
    expect(await heard).toBe(`${event(running)}: still here\n\n: still here\n\n${event(done)}`);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is whole for whoever reads it long after the run has ended', async () => {
    const stream = feeds.events(RUN, never);
    await script.tell(running);
    await script.tell(done);
    vi.advanceTimersByTime(3 * PING_MS);
    expect(await text(stream)).toBe(event(running) + event(done));
  });

  it('ends where the run can no longer be followed, so that the watcher comes again', async () => {
    const heard = text(feeds.events(RUN, never));
    await script.tell(running);
    await script.tell(new Error('Temporal is away'));
    expect(await heard).toBe(event(running));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is left ends for its watcher alone; the last one ends the following', async () => {
    const gone = [new AbortController(), new AbortController()];
    const [one, two] = gone.map(({ signal }) => feeds.events(RUN, signal).resume());
    await script.tell(running);
    gone[0]!.abort();
    await once(one!, 'close');
    expect(two!.destroyed).toBe(false);
    gone[1]!.abort();
    await once(two!, 'close');
    expect(vi.getTimerCount()).toBe(0);
    void text(feeds.events(RUN, never));
    expect(script.followed).toBe(2);
    await script.tell(done);
  });

  it('is not begun for a watcher that is gone already', async () => {
    const stream = feeds.events(RUN, AbortSignal.abort());
    await once(stream, 'close');
    expect(vi.getTimerCount()).toBe(0);
  });
});
