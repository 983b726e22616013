import { MillraceError } from '../config/errors.js';
import { quote } from '../store/sql.js';
import type { DayChunks } from './chunk.js';
import type { Chunk } from './chunk-scan.js';
import type { Attempt, Stores } from './context.js';

/** Readings of chunks, one behind the other. */
export interface Readings {
  /** µs since 1970. */
  times: Float64Array;
  values: Float64Array;
}

/** A day and some of its chunks, in the order of their rows. */
export interface DayPart {
  day: Omit<DayChunks, 'chunks'>;
  chunks: Chunk[];
}

/** So many readings are read at once, of days that lie in one object. */
const GROUP_ROWS = 500_000;

export const rowsOf = (chunks: readonly Chunk[]) => chunks.reduce((sum, { rows }) => sum + rows, 0);

/** Brings days together that follow each other in one object, so that they are read at once. */
export function groupsOf(parts: readonly DayPart[]): DayPart[][] {
  const groups: DayPart[][] = [];
  let rows = 0;
  for (const part of parts) {
    const group = groups.at(-1);
    const own = rowsOf(part.chunks);
    const before = group?.at(-1);
    // A day may lie before another in the object when it was made again.
    const follows = before?.day.uri === part.day.uri && before.chunks.at(-1)!.from < part.chunks[0]!.from;
    if (group !== undefined && follows && rows + own <= GROUP_ROWS) group.push(part);
    else groups.push([part]);
    rows = groups.at(-1)!.length === 1 ? own : rows + own;
  }
  return groups;
}

/** The readings of some days in one object, for each day. */
export async function readGroup(
  stores: Pick<Stores, 'objects' | 'duck'>,
  group: readonly DayPart[],
  { signal }: Pick<Attempt, 'signal'>,
): Promise<Readings[]> {
  const chunks = group.flatMap((part) => part.chunks);
  const all = await stores.objects.local(
    [group[0]!.day],
    ([path]) => readRanges(stores, path!, chunks, signal),
    signal,
  );
  let from = 0;
  return group.map((part) => {
    const to = from + rowsOf(part.chunks);
    const own = { times: all.times.subarray(from, to), values: all.values.subarray(from, to) };
    from = to;
    return own;
  });
}

/** Times and values of chunks, which stand in the order of their rows. */
async function readRanges(
  stores: Pick<Stores, 'duck'>,
  path: string,
  chunks: readonly Chunk[],
  signal: AbortSignal,
): Promise<Readings> {
  const rows = rowsOf(chunks);
  const times = new Float64Array(rows);
  const values = new Float64Array(rows);
  const first = chunks[0]!.from;
  const end = chunks.at(-1)!.from + chunks.at(-1)!.rows;
  await stores.duck.session({ tz: 'UTC', signal }, async (duck) => {
    const sql = `SELECT time, value FROM read_parquet(${quote(path)}, file_row_number = true)
                 WHERE file_row_number >= ${first} AND file_row_number < ${end}`;
    let row = first;
    let filled = 0;
    let current = 0;
    for await (const [t, v] of duck.blocks(sql)) {
      let at = 0;
      while (at < t!.length && current < chunks.length) {
        const chunk = chunks[current]!;
        if (row < chunk.from) {
          const skip = Math.min(chunk.from - row, t!.length - at);
          at += skip;
          row += skip;
          continue;
        }
        const take = Math.min(chunk.from + chunk.rows - row, t!.length - at);
        times.set(t!.subarray(at, at + take), filled);
        values.set(v!.subarray(at, at + take), filled);
        at += take;
        row += take;
        filled += take;
        if (row === chunk.from + chunk.rows) current++;
      }
      row += t!.length - at;
    }
    if (filled !== rows) throw new MillraceError('MR_OBJECT_CORRUPT', `${path} holds ${filled} of ${rows} readings`);
  });
  return { times, values };
}
