/** Chance that comes out the same for the same seed. */
export class Random {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed;
  }

  /** At least 0, below 1. After Tommy Ettinger's mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  some<T>(list: readonly T[], n: number): T[] {
    const left = [...list];
    return Array.from({ length: n }, () => left.splice(this.int(0, left.length - 1), 1)[0]!);
  }
}

/** What really was measured: a grid of moments and sensors. */
export interface Plant {
  sensors: string[];
  /** µs since 1970. */
  times: number[];
  /** A row per moment, a number per sensor; null: there is no reading. */
  values: (number | null)[][];
}

export interface Wish {
  sensors: string[];
  /** `2024-03-10T00:00` in UTC. */
  first: string;
  stepMinutes: number;
  moments: number;
  /** Digits behind the decimal mark. */
  digits: number;
  /** Readings lie around some number between these. */
  from: number;
  to: number;
  missing: number;
}

const SENSORS = ['TI-101', 'FT 7', 'pump_3', 'Halle 2', 'kessel.vorlauf', 'level-9', 'P12', 'north'];
const DAY_MINUTES = 1440;
/** Each day costs a session of DuckDB. */
const MOST_DAYS = 4;

export function grow(random: Random, wish: Partial<Wish> = {}): Plant {
  const stepMinutes = wish.stepMinutes ?? random.pick([5, 10, 15, 30, 60, 120, 180]);
  const moments = wish.moments ?? Math.min(random.int(60, 90), Math.floor((MOST_DAYS * DAY_MINUTES) / stepMinutes));
  const sensors = wish.sensors ?? random.some(SENSORS, random.int(2, 4));
  const { digits = 2, from = -40, to = 90, missing = 0.04 } = wish;
  const anyDay = Date.UTC(random.int(2001, 2031), random.int(0, 11), random.int(1, 28), random.int(0, 23));
  const first = wish.first === undefined ? anyDay : Date.parse(`${wish.first}:00Z`);
  const times = Array.from({ length: moments }, (_, at) => (first + at * stepMinutes * 60_000) * 1000);
  const centres = sensors.map(() => from + random.next() * (to - from));
  const values = times.map(() =>
    centres.map((centre) => {
      if (random.chance(missing)) return null;
      return rounded(centre + (random.next() - 0.5) * 0.2 * (to - from), digits);
    }),
  );
  return { sensors, times, values };
}

/** As the text of so many digits is read; never -0. */
export const rounded = (value: number, digits: number) => Number(value.toFixed(digits)) + 0;
