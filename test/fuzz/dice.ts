import { seededRandom } from '../../ml/random.js';

/** Chance with a seed. */
export interface Dice {
  /** 0 … n - 1 */
  below(n: number): number;
  /** Whole numbers, both ends included. */
  between(from: number, to: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
  bytes(n: number): Buffer;
}

export function dice(seed: number): Dice {
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (share) => random() < share,
    pick: (from) => from[below(from.length)]!,
    shuffled(list) {
      const all = [...list];
      for (let at = all.length - 1; at > 0; at--) {
        const other = below(at + 1);
        [all[at], all[other]] = [all[other]!, all[at]!];
      }
      return all;
    },
    bytes: (n) => Buffer.from(Array.from({ length: n }, () => below(256))),
  };
}
