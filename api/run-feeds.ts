import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { Millrace, RunProgress } from '../client/millrace.js';
import type { RunDetails } from '../client/runs.js';
import { MillraceError } from '../config/errors.js';

/** Keeps what stands between from closing a quiet connection. */
const PING_MS = 15_000;

/** Which execution of which workflow. */
type Execution = Pick<RunDetails, 'workflowId' | 'temporalRunId' | 'state'>;

interface Feed {
  emitter: EventEmitter<{ progress: [RunProgress | null] }>;
  last: RunProgress | undefined;
  listeners: number;
  stop: AbortController;
}

/** Runs as streams of server-sent events: however many watch a run, it is followed once. */
export class RunFeeds {
  readonly #feeds = new Map<string, Feed>();

  constructor(private readonly millrace: Millrace) {}

  /** The progress of a run until it ends, or until the signal is aborted. */
  events(run: Execution, signal: AbortSignal): Readable {
    const feed = this.#join(run);
    const out = new Readable({ read() {} });
    const show = (progress: RunProgress | null) => {
      if (progress === null) {
        clearInterval(ping);
        return out.push(null);
      }
      return out.push(`event: progress\ndata: ${JSON.stringify(progress)}\n\n`);
    };
    const ping = setInterval(() => out.push(': still here\n\n'), PING_MS);
    const leave = () => {
      clearInterval(ping);
      feed.emitter.off('progress', show);
      if (--feed.listeners === 0) this.#end(run, feed);
      out.push(null);
    };
    feed.emitter.on('progress', show);
    if (feed.last !== undefined) show(feed.last);
    out.once('close', leave);
    signal.addEventListener('abort', () => out.destroy(), { once: true });
    if (signal.aborted) out.destroy();
    return out;
  }

  #join(run: Execution): Feed {
    const there = this.#feeds.get(run.temporalRunId);
    if (there !== undefined) {
      there.listeners++;
      return there;
    }
    const feed: Feed = { emitter: new EventEmitter(), last: undefined, listeners: 1, stop: new AbortController() };
    feed.emitter.setMaxListeners(0);
    this.#feeds.set(run.temporalRunId, feed);
    void this.#follow(run, feed);
    return feed;
  }

  async #follow(run: Execution, feed: Feed): Promise<void> {
    try {
      for await (const progress of this.millrace.follow(run.workflowId, feed.stop.signal, run.temporalRunId)) {
        feed.last = progress;
        feed.emitter.emit('progress', progress);
      }
    } catch (error) {
      // Of a run that Temporal has forgotten, our tables still know how it ended. Otherwise the service is away:
      // watchers see the stream end, and come again.
      if (error instanceof MillraceError && error.code === 'MR_RUN_UNKNOWN')
        feed.emitter.emit('progress', {
          state: run.state === 'lost' ? 'failed' : run.state,
          steps: [],
          paused: false,
          questions: [],
          trouble: null,
          doing: [],
        });
    }
    this.#end(run, feed);
    feed.emitter.emit('progress', null);
  }

  #end({ temporalRunId }: Execution, feed: Feed): void {
    feed.stop.abort();
    if (this.#feeds.get(temporalRunId) === feed) this.#feeds.delete(temporalRunId);
  }
}
