import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { Millrace, RunProgress } from '../client/millrace.js';

/** Keeps what stands between from closing a quiet connection. */
const PING_MS = 15_000;

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
  events(workflowId: string, signal: AbortSignal): Readable {
    const feed = this.#join(workflowId);
    const out = new Readable({ read() {} });
    const show = (progress: RunProgress | null) => {
      if (progress === null) return out.push(null);
      return out.push(`event: progress\ndata: ${JSON.stringify(progress)}\n\n`);
    };
    const ping = setInterval(() => out.push(': still here\n\n'), PING_MS);
    const leave = () => {
      clearInterval(ping);
      feed.emitter.off('progress', show);
      if (--feed.listeners === 0) this.#end(workflowId, feed);
      out.push(null);
    };
    feed.emitter.on('progress', show);
    if (feed.last !== undefined) show(feed.last);
    out.once('close', leave);
    signal.addEventListener('abort', () => out.destroy(), { once: true });
    if (signal.aborted) out.destroy();
    return out;
  }

  #join(workflowId: string): Feed {
    const there = this.#feeds.get(workflowId);
    if (there !== undefined) {
      there.listeners++;
      return there;
    }
    const feed: Feed = { emitter: new EventEmitter(), last: undefined, listeners: 1, stop: new AbortController() };
    feed.emitter.setMaxListeners(0);
    this.#feeds.set(workflowId, feed);
    void this.#follow(workflowId, feed);
    return feed;
  }

  async #follow(workflowId: string, feed: Feed): Promise<void> {
    try {
      for await (const progress of this.millrace.follow(workflowId, feed.stop.signal)) {
        feed.last = progress;
        feed.emitter.emit('progress', progress);
      }
    } catch {
      // The service is away: watchers see the stream end, and come again.
    }
    this.#end(workflowId, feed);
    feed.emitter.emit('progress', null);
  }

  #end(workflowId: string, feed: Feed): void {
    feed.stop.abort();
    if (this.#feeds.get(workflowId) === feed) this.#feeds.delete(workflowId);
  }
}
