import { open, stat } from 'node:fs/promises';
import { readEnv } from '../config/env.js';
import { readableLog } from '../config/logger.js';
import { Home } from '../embedded/home.js';
import type { Output } from './output.js';

const POLL_MS = 150;

/** Shows what the embedded worker logs while `work` goes on: all of it, or the lines of a run, by its names. */
export async function withLog(
  out: Output,
  verbose: boolean,
  names: readonly unknown[] | null,
  work: () => Promise<void>,
): Promise<void> {
  if (!verbose) return work();
  const tail = new LogTail(new Home(readEnv().home).log('worker'));
  const readable = readableLog(out.color);
  const show = async () => {
    for (const line of await tail.lines()) {
      if (names === null || names.includes(runOf(line))) process.stderr.write(readable(line));
    }
  };
  await tail.skip();
  const timer = setInterval(() => void show(), POLL_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
    await show();
  }
}

function runOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { run?: unknown }).run;
  } catch {
    return undefined;
  }
}

/** Reads what is added to a file, by whole lines. */
class LogTail {
  #at = 0;
  #rest = '';
  #reading: Promise<string[]> = Promise.resolve([]);

  constructor(private readonly path: string) {}

  /** Passes over what is there already. */
  async skip(): Promise<void> {
    this.#at = await stat(this.path).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /** The lines since the last call; one call after the other. */
  lines(): Promise<string[]> {
    this.#reading = this.#reading.catch(() => []).then(() => this.#next());
    return this.#reading;
  }

  async #next(): Promise<string[]> {
    const file = await open(this.path).catch(() => null);
    if (file === null) return [];
    try {
      const { size } = await file.stat();
      if (size <= this.#at) return [];
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - this.#at), 0, size - this.#at, this.#at);
      this.#at += bytesRead;
      const lines = (this.#rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines.filter(Boolean);
    } finally {
      await file.close();
    }
  }
}
