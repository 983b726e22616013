/**
 * Optimal assignment: pairs rows with columns so that the sum of the chosen scores is greatest. Shortest augmenting
 * paths (Jonker and Volgenant 1987), O(n³).
 * @param scores `rows × columns`
 * @returns for each row its column, or -1 where there are more rows than columns
 */
export function bestAssignment(scores: readonly (readonly number[])[]): number[] {
  const rows = scores.length;
  const columns = scores[0]?.length ?? 0;
  if (rows === 0 || columns === 0) return new Array<number>(rows).fill(-1);
  if (rows > columns) {
    const flipped = bestAssignment(Array.from({ length: columns }, (_, c) => scores.map((row) => row[c]!)));
    const result = new Array<number>(rows).fill(-1);
    flipped.forEach((row, column) => {
      result[row] = column;
    });
    return result;
  }
  // Potentials u, v; rows and columns are counted from 1 and 0 means none, as the method is usually written.
  const u = new Float64Array(rows + 1);
  const v = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    const least = new Float64Array(columns + 1).fill(Infinity);
    const came = new Int32Array(columns + 1);
    const used = new Uint8Array(columns + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      used[column] = 1;
      const at = rowOf[column]!;
      let delta = Infinity;
      let next = 0;
      for (let c = 1; c <= columns; c++) {
        if (used[c]) continue;
        const cost = -scores[at - 1]![c - 1]! - u[at]! - v[c]!;
        if (cost < least[c]!) {
          least[c] = cost;
          came[c] = column;
        }
        if (least[c]! < delta) {
          delta = least[c]!;
          next = c;
        }
      }
      for (let c = 0; c <= columns; c++) {
        if (used[c]) {
          u[rowOf[c]!]! += delta;
          v[c]! -= delta;
        } else least[c]! -= delta;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const previous = came[column]!;
      rowOf[column] = rowOf[previous]!;
      column = previous;
    }
  }
  const result = new Array<number>(rows).fill(-1);
  for (let c = 1; c <= columns; c++) {
    if (rowOf[c] !== 0) result[rowOf[c]! - 1] = c - 1;
  }
  return result;
}
