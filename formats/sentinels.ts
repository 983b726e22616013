/** Numbers that loggers write where they have no reading. */
const NUMBERS = [
  ...[-99, -99.9, -99.99, -999, -999.9, -999.99, -6999, -7999, -9999, -9999.9, -9999.99, -99999, -999999],
  ...[999, 999.9, 999.99, 9999, 9999.9, 9999.99, 99999, 999999, 32767, 65535, 1e20, 1e30],
];
/** Those that may come later in a file, though its first lines have none. */
const LATER = [-999, -9999, -99999];
/** So many readings have to say that such a number is far from all others. */
const LEAST_READINGS = 100;
/** Once may be chance. */
const LEAST_TIMES = 2;

export interface Sentinels {
  /** How often each was seen, the commonest first. */
  seen: { number: number; times: number }[];
  /** Those that were not seen but would be so far from all readings that they could be nothing else. */
  later: number[];
}

/**
 * Numbers that stand for a missing reading: of those that loggers use, the ones that come again and again while no
 * other number of their column comes near.
 */
export function findSentinels(columns: readonly (readonly number[])[]): Sentinels {
  const seen = new Map<number, number>();
  for (const numbers of columns) {
    for (const number of NUMBERS) {
      const times = numbers.filter((each) => each === number).length;
      if (times < LEAST_TIMES) continue;
      const others = numbers.filter((each) => !NUMBERS.includes(each));
      if (others.length > 0 && others.every((each) => isFar(number, each, 2)))
        seen.set(number, (seen.get(number) ?? 0) + times);
    }
  }
  const all = columns.flat().filter((each) => !seen.has(each));
  const later =
    all.length < LEAST_READINGS
      ? []
      : LATER.filter((number) => !seen.has(number) && all.every((each) => isFar(number, each, 10)));
  return {
    seen: [...seen].sort(([, a], [, b]) => b - a).map(([number, times]) => ({ number, times })),
    later,
  };
}

/** Sensors that count up or have large readings come near the large numbers. */
const isFar = (sentinel: number, reading: number, by: number) =>
  sentinel < 0 ? reading > sentinel / by : reading < sentinel / (5 * by);
