/** A table of named numeric columns, one row per chunk, with its key columns beside it. NaN is missing. */
export interface Frame {
  sensors: string[];
  days: string[];
  columns: string[];
  /** Row-major, `rows × columns`. */
  data: Float64Array;
}

/** The rows of a frame that `keep` names, in that order. */
export function takeRows(frame: Frame, keep: readonly number[]): Frame {
  const width = frame.columns.length;
  const data = new Float64Array(keep.length * width);
  keep.forEach((row, i) => {
    data.set(frame.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return {
    sensors: keep.map((row) => frame.sensors[row]!),
    days: keep.map((row) => frame.days[row]!),
    columns: frame.columns,
    data,
  };
}

/** Copies one column out, by position. */
export function columnOf(frame: Pick<Frame, 'columns' | 'data'>, column: number): Float64Array {
  const width = frame.columns.length;
  const rows = width === 0 ? 0 : frame.data.length / width;
  const out = new Float64Array(rows);
  for (let row = 0; row < rows; row++) out[row] = frame.data[row * width + column]!;
  return out;
}
