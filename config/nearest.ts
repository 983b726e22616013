/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => {
    const row = new Array<number>(b.length + 1).fill(0);
    row[0] = i;
    return row;
  });
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}

/** The names that look like `wanted`, most alike first; empty when none is close enough to be meant. */
export function nearest(wanted: string, names: readonly string[], most = 3): string[] {
  const want = wanted.toLowerCase();
  return names
    .map((name) => ({ name, d: distance(want, name.toLowerCase()) }))
    .filter(({ name, d }) => d <= Math.max(1, Math.floor(Math.max(want.length, name.length) / 3)))
    .sort((a, b) => a.d - b.d || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

/** ` Did you mean "k"?`, or nothing. */
export function didYouMean(wanted: string, names: readonly string[]): string {
  const close = nearest(wanted, names, 1)[0];
  return close === undefined ? '' : ` Did you mean "${close}"?`;
}
