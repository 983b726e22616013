/**
 * Adjusted Rand index (Hubert and Arabie 1985) of two labelings of the same items: 1 the same grouping, about 0 by
 * chance. Fewer than two items have one grouping only.
 */
export function adjustedRand(a: ArrayLike<string | number>, b: ArrayLike<string | number>): number {
  if (a.length < 2) return 1;
  const pairs = (n: number) => (n * (n - 1)) / 2;
  const cells = new Map<string, number>();
  const rows = new Map<string | number, number>();
  const columns = new Map<string | number, number>();
  for (let i = 0; i < a.length; i++) {
    const cell = JSON.stringify([a[i], b[i]]);
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
    rows.set(a[i]!, (rows.get(a[i]!) ?? 0) + 1);
    columns.set(b[i]!, (columns.get(b[i]!) ?? 0) + 1);
  }
  const sum = (counts: Map<unknown, number>) => [...counts.values()].reduce((total, n) => total + pairs(n), 0);
  const together = sum(cells);
  const inRows = sum(rows);
  const inColumns = sum(columns);
  const expected = (inRows * inColumns) / pairs(a.length);
  const most = (inRows + inColumns) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}
