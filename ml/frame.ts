/** A table of named numeric columns, one row per chunk, with its key columns beside it. NaN is missing. */
export interface Frame {
  sensors: string[];
  days: string[];
  columns: string[];
  /** Row-major, `rows × columns`. */
  data: Float64Array;
}

/** Copies one column out, by position. */
export function columnOf(frame: Pick<Frame, 'columns' | 'data'>, column: number): Float64Array {
  const width = frame.columns.length;
  const rows = width === 0 ? 0 : frame.data.length / width;
  const out = new Float64Array(rows);
  for (let row = 0; row < rows; row++) out[row] = frame.data[row * width + column]!;
  return out;
}

/** The rows of a frame for which `keep` holds, in their order. */
export function rowsWhere(frame: Frame, keep: (row: number) => boolean): Frame {
  const width = frame.columns.length;
  const rows = frame.days.flatMap((_, row) => (keep(row) ? [row] : []));
  const data = new Float64Array(rows.length * width);
  rows.forEach((row, at) => {
    data.set(frame.data.subarray(row * width, (row + 1) * width), at * width);
  });
  return {
    sensors: rows.map((row) => frame.sensors[row]!),
    days: rows.map((row) => frame.days[row]!),
    columns: frame.columns,
    data,
  };
}
