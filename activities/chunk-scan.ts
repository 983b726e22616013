import { createHash, type Hash } from 'node:crypto';
import { intervalsOf } from '../ml/features/coverage.js';
import { type Signs, signsOf } from './chunk-signs.js';

/** One chunk: where its readings lie in the object of its day, what time it covers, and the hash of its values. */
export interface Chunk {
  sensor: string;
  from: number;
  rows: number;
  /** µs since 1970. */
  first: number;
  last: number;
  /** Longest time without a reading, the ends of the day included, in seconds. */
  largestGap: number;
  /** Readings there are by those there would be at the chunk's median interval; 1 for a full day. */
  share: number;
  valueHash: string;
  signs: Signs;
}

/** Goes once over the sorted readings of a day and finds coverage and hash of each chunk. */
export class ChunkScanner {
  readonly #chunks: Chunk[] = [];
  #at = 0;
  #inChunk = 0;
  #row = 0;
  #sameTimes = 0;
  #hash: Hash = createHash('sha256');
  #times: Float64Array = new Float64Array(0);
  #values: Float64Array = new Float64Array(0);

  constructor(
    private readonly sensors: readonly { sensor: string; n: number }[],
    private readonly start: number,
    private readonly end: number,
    /** Row of the object at which the day begins. */
    private readonly firstRow = 0,
  ) {
    this.#open();
  }

  /** Takes the next block of readings, ordered by sensor and time. */
  add(times: Float64Array, values: Float64Array): void {
    let from = 0;
    while (from < times.length) {
      const take = Math.min(times.length - from, this.sensors[this.#at]!.n - this.#inChunk);
      this.#times.set(times.subarray(from, from + take), this.#inChunk);
      this.#values.set(values.subarray(from, from + take), this.#inChunk);
      this.#inChunk += take;
      from += take;
      if (this.#inChunk === this.sensors[this.#at]!.n) this.#close();
    }
  }

  /** The chunks; and how many readings have the time of the one before, of the same sensor. */
  finish(): { chunks: Chunk[]; rows: number; sameTimes: number } {
    return { chunks: this.#chunks, rows: this.#row, sameTimes: this.#sameTimes };
  }

  #open(): void {
    const next = this.sensors[this.#at];
    if (next === undefined) return;
    this.#inChunk = 0;
    this.#times = new Float64Array(next.n);
    this.#values = new Float64Array(next.n);
    // The bounds of the day count: features know where in the day a reading lies.
    this.#hash = createHash('sha256').update(new Float64Array([this.start, this.end, next.n]));
  }

  #close(): void {
    const times = this.#times;
    for (let i = 1; i < times.length; i++) {
      if (times[i]! === times[i - 1]!) this.#sameTimes++;
      if (times[i]! < times[i - 1]!) throw new Error('readings of a day are not ordered by time');
    }
    const { median, largest } = times.length < 2 ? { median: 0, largest: 0 } : intervalsOf(times);
    const gap = Math.max(times[0]! - this.start, this.end - times.at(-1)!, largest);
    this.#hash.update(this.#values).update(times);
    this.#chunks.push({
      sensor: this.sensors[this.#at]!.sensor,
      from: this.firstRow + this.#row,
      rows: times.length,
      first: times[0]!,
      last: times.at(-1)!,
      largestGap: gap / 1e6,
      share: Math.min(1, (times.length * median) / (this.end - this.start)),
      valueHash: this.#hash.digest('hex'),
      signs: signsOf(this.#values, median / 1e6),
    });
    this.#row += times.length;
    this.#at++;
    this.#open();
  }
}
