import { grow } from './plant.js';
import { type Oddity, odd } from './written.js';

const WORDS = ['', 'NA', 'NaN', 'null', '-', 'n/a', '?', '#N/A', 'None', '---'];

const word = (missing: string): Oddity =>
  odd(`missing readings as ${missing === '' ? 'nothing' : missing}`, (random) => ({
    plant: grow(random, { missing: 0.15 }),
    style: { missing: () => missing },
    found: { 'decimal mark': '.', leftOut: [] },
  }));

const sentinel = (number: number, from: number, to: number): Oddity =>
  odd(`missing readings as ${number}`, (random) => ({
    plant: grow(random, { missing: 0.15, from, to }),
    style: { missing: () => String(number) },
    found: { 'numbers for missing': String(number) },
    more: ({ missing }) => ({ sentinels: missing }),
  }));

export const GAPS: Oddity[] = [
  ...WORDS.map(word),
  odd('missing readings as many words', (random) => ({
    plant: grow(random, { missing: 0.2 }),
    style: { missing: () => random.pick(WORDS) },
  })),
  sentinel(-9999, -40, 90),
  sentinel(-999, -40, 90),
  sentinel(-99.99, -5, 30),
  sentinel(9999, 0, 90),
  odd('missing readings as -9999 or as -999', (random) => ({
    plant: grow(random, { missing: 0.3 }),
    style: { missing: () => random.pick(['-9999', '-999']) },
    more: ({ missing }) => ({ sentinels: missing }),
  })),
  odd('missing readings as -1, as one has to say', (random) => ({
    plant: grow(random, { missing: 0.15, from: 20, to: 90 }),
    style: { missing: () => '-1' },
    found: { 'numbers for missing': '-1' },
    more: ({ missing }) => ({ sentinels: missing, options: { sentinels: [-1] } }),
  })),
];
