import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError } from '../../config/errors.js';
import type { Stored } from './object-store.js';

interface Entry {
  path: string;
  bytes: number;
  /** How many are working with it. */
  users: number;
  ready: Promise<void>;
}

/**
 * A bounded folder of local copies of objects. A copy that is in use stays; of the others, those that were used longest
 * ago make room for new ones.
 */
export class LocalSpace {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  /** Of all files there are, those that are on their way out among them. */
  #usedBytes = 0;
  #leavingBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(
    private readonly folder: string,
    private readonly limitBytes: number,
  ) {}

  /** Runs `work` with paths of copies; `fetch` makes those that are not there. Waits while there is no room for all. */
  async use<T>(
    objects: readonly Stored[],
    fetch: (object: Stored, path: string) => Promise<void>,
    work: (paths: string[]) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await mkdir(this.folder, { recursive: true });
    const wanted = [...new Map(objects.map((each) => [each.uri, each])).values()];
    const entries = await this.#reserve(wanted, fetch, signal);
    try {
      await unlessAborted(Promise.all([...entries.values()].map(({ ready }) => ready)), signal);
      return await work(objects.map(({ uri }) => entries.get(uri)!.path));
    } finally {
      for (const entry of entries.values()) entry.users--;
      this.#wake();
    }
  }

  /** Keeps a finished file as the copy of an object, where there is room; the file is gone afterwards either way. */
  async keep(object: Stored, file: string): Promise<void> {
    while (!this.#entries.has(object.uri) && this.#couldFit(object.bytes)) {
      if (!this.#makeRoom(object.bytes)) {
        await this.#change();
        continue;
      }
      const path = this.#pathOf(object.uri);
      const ready = mkdir(this.folder, { recursive: true }).then(() => rename(file, path));
      this.#add(object, { path, bytes: object.bytes, users: 0, ready });
      return ready;
    }
    await rm(file, { force: true });
  }

  async #reserve(
    wanted: readonly Stored[],
    fetch: (object: Stored, path: string) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<Map<string, Entry>> {
    const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total > this.limitBytes) {
      throw new MillraceError(
        'MR_SPACE',
        `a batch needs ${mib(total)} MiB of objects at once, and local space is bounded to ${mib(this.limitBytes)} MiB`,
        { next: 'raise localMiB in millrace.yaml, or cut the source into more files' },
      );
    }
    for (;;) {
      signal?.throwIfAborted();
      const entries = new Map<string, Entry>();
      for (const { uri } of wanted) {
        const there = this.#entries.get(uri);
        if (there === undefined) continue;
        // In use from here on, so that making room for the others leaves them.
        there.users++;
        entries.set(uri, there);
      }
      const missing = wanted.filter(({ uri }) => !entries.has(uri));
      if (this.#makeRoom(missing.reduce((sum, { bytes }) => sum + bytes, 0))) {
        for (const object of missing) {
          const path = this.#pathOf(object.uri);
          const entry: Entry = { path, bytes: object.bytes, users: 1, ready: fetch(object, path) };
          this.#add(object, entry);
          entries.set(object.uri, entry);
        }
        for (const { uri } of wanted) this.#touch(uri);
        return entries;
      }
      for (const entry of entries.values()) entry.users--;
      await unlessAborted(this.#change(), signal);
    }
  }

  #add(object: Stored, entry: Entry): void {
    this.#entries.set(object.uri, entry);
    this.#usedBytes += entry.bytes;
    entry.ready.catch(() => this.#drop(object.uri, entry));
  }

  /** Whether `bytes` more fit now; if not, what nobody uses begins to leave, as far as that will help. */
  #makeRoom(bytes: number): boolean {
    if (this.#usedBytes + bytes <= this.limitBytes) return true;
    if (!this.#couldFit(bytes)) return false;
    for (const [uri, entry] of this.#entries) {
      if (this.#usedBytes - this.#leavingBytes + bytes <= this.limitBytes) break;
      if (entry.users === 0) this.#drop(uri, entry);
    }
    return false;
  }

  /** Whether `bytes` more fit when all that nobody uses has left. */
  #couldFit(bytes: number): boolean {
    let inUse = 0;
    for (const entry of this.#entries.values()) if (entry.users > 0) inUse += entry.bytes;
    return inUse + bytes <= this.limitBytes;
  }

  /** Removes a copy. Its bytes count until the file is gone; one that is still being fetched is awaited first. */
  #drop(uri: string, entry: Entry): void {
    if (this.#entries.get(uri) !== entry) return;
    this.#entries.delete(uri);
    this.#leavingBytes += entry.bytes;
    const gone = () => {
      this.#leavingBytes -= entry.bytes;
      this.#usedBytes -= entry.bytes;
      this.#wake();
    };
    entry.ready
      .catch(() => undefined)
      .then(() => rm(entry.path, { force: true }))
      .then(gone, gone);
  }

  #touch(uri: string): void {
    const entry = this.#entries.get(uri);
    if (entry === undefined) return;
    this.#entries.delete(uri);
    this.#entries.set(uri, entry);
  }

  /** Until something was given back or has left. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #number = 0;

  /** A new name every time: the copy of before may still be on its way out. */
  #pathOf(uri: string): string {
    return join(this.folder, `${createHash('sha256').update(uri).digest('hex').slice(0, 24)}-${this.#number++}`);
  }
}

/** A download goes on when nobody waits for it any more, and is there for the next. */
async function unlessAborted<T>(done: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return done;
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([done, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const mib = (bytes: number) => Math.ceil(bytes / 2 ** 20).toLocaleString('en-US');
