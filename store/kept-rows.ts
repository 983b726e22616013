import { eachOf } from './each-of.js';
import { type Columns, decodeColumns, encodeColumns } from './frames.js';
import { hashJson } from './hash.js';
import type { ObjectStore } from './objects/object-store.js';

/** Parts read at once: enough to hide the way to S3, few enough to be held in memory. */
const PARTS_AT_ONCE = 4;

/** Days, YYYY-MM-DD, both included. */
export interface Span {
  from: string;
  to: string;
}

/** `<first day>_<last day>_<hash>.parquet` */
const PART = /(\d{4}-\d{2}-\d{2})_(\d{4}-\d{2}-\d{2})_[0-9a-f]+\.parquet$/;

/**
 * Rows of numbers kept under the hash of what they were made from: many rows to an object, so that a million chunks
 * are not a million files. All rows under one prefix were made by the same code with the same params. The days of its
 * rows stand in the name of each object, so that of a store of years only those are read that are asked for.
 */
export class KeptRows {
  constructor(
    private readonly objects: ObjectStore,
    private readonly prefix: string,
    private readonly columns: readonly string[],
  ) {}

  /** Which keys of some days are there, and perhaps others. */
  async present(days: Span): Promise<Set<string>> {
    const parts = await this.#parts(days);
    const keys = await eachOf(parts, PARTS_AT_ONCE, async (part) => {
      return ((await this.#read(part, ['key'])).key ?? []) as string[];
    });
    return new Set(keys.flat());
  }

  /** Keeps rows; the same keys make the same object, so doing it twice does no harm. */
  async put(keys: readonly string[], data: Float64Array, { from, to }: Span): Promise<void> {
    const width = this.columns.length;
    const columns: Columns = { key: keys };
    this.columns.forEach((name, at) => {
      columns[name] = Float64Array.from(keys, (_, row) => data[row * width + at]!);
    });
    const name = `${from}_${to}_${hashJson(keys).slice(0, 32)}`;
    await this.objects.write(`${this.prefix}/${name}.parquet`, encodeColumns(columns));
  }

  /** Fills `data` (row-major) with the rows of `keys`, which are of some days, in that order. Returns the keys that are not there. */
  async fill(keys: readonly string[], data: Float64Array, days: Span): Promise<string[]> {
    const width = this.columns.length;
    const rowsOf = new Map<string, number[]>();
    keys.forEach((key, row) => {
      const rows = rowsOf.get(key);
      if (rows === undefined) rowsOf.set(key, [row]);
      else rows.push(row);
    });
    await eachOf(await this.#parts(days), PARTS_AT_ONCE, async (part) => {
      if (rowsOf.size === 0) return;
      const { key = [], ...rest } = await this.#read(part);
      const values = this.columns.map((name) => rest[name] as Float64Array);
      (key as string[]).forEach((each, from) => {
        for (const row of rowsOf.get(each) ?? []) {
          for (let at = 0; at < width; at++) data[row * width + at] = values[at]![from]!;
        }
        rowsOf.delete(each);
      });
    });
    return [...rowsOf.keys()];
  }

  /** A part that was cut short is removed: its rows are not there, and are made again. */
  async #read(part: string, wanted?: string[]): Promise<Columns> {
    const bytes = await this.objects.read(part);
    try {
      return await decodeColumns(bytes, wanted);
    } catch {
      await this.objects.remove(part);
      return {};
    }
  }

  async #parts({ from, to }: Span): Promise<string[]> {
    const parts = await this.objects.list(`${this.prefix}/`);
    return parts.filter((part) => {
      const [, first, last] = PART.exec(part) ?? [];
      return first === undefined || (first <= to && last! >= from);
    });
  }
}
