import { grow, type Wish } from './plant.js';
import { type Oddity, odd, type Text } from './written.js';

interface Notation {
  decimal: '.' | ',';
  group: string;
  digits: number;
}

/** A number as people write it. */
function inWords(value: number, { decimal, group, digits }: Notation): string {
  const [whole, fraction] = Math.abs(value).toFixed(digits).split('.') as [string, string?];
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, group);
  return `${value < 0 ? '-' : ''}${grouped}${fraction === undefined ? '' : decimal + fraction}`;
}

const numbers = (
  name: string,
  notation: Partial<Notation>,
  text: Partial<Text>,
  wish: Partial<Wish> = {},
  found: Record<string, unknown> = {},
): Oddity =>
  odd(name, (random) => {
    const full = { decimal: '.' as const, group: '', digits: 2, ...notation };
    return {
      plant: grow(random, { digits: full.digits, ...wish }),
      style: { number: (value) => inWords(value, full) },
      text,
      found: { 'decimal mark': full.decimal, ...found },
    };
  });

/** Readings of several thousands, so that there is something to group. */
const LARGE = { from: 1500, to: 2_500_000 };

const rewritten = (name: string, number: (value: number) => string, wish: Partial<Wish> = {}): Oddity =>
  odd(name, (random) => ({ plant: grow(random, wish), style: { number }, found: { 'decimal mark': '.' } }));

const told: Oddity = odd('dots between thousands, no fractions: 1.234', (random) => ({
  plant: grow(random, { ...LARGE, to: 9000, digits: 0 }),
  style: { number: (value) => inWords(value, { decimal: ',', group: '.', digits: 0 }) },
  text: { delimiter: ';' },
  found: { 'decimal mark': ',' },
  more: { options: { decimal: ',' } },
}));

export const NUMBERS: Oddity[] = [
  numbers('decimal commas between semicolons', { decimal: ',' }, { delimiter: ';' }, {}, { delimiter: 'semicolon' }),
  numbers('decimal commas between tabs', { decimal: ',' }, { delimiter: '\t' }, {}, { delimiter: 'tab' }),
  numbers('decimal commas in quotes between commas', { decimal: ',' }, {}, {}, { delimiter: 'comma' }),
  numbers('decimal commas, three digits behind all: 1,234', { decimal: ',', digits: 3 }, { delimiter: ';' }),
  numbers('thousands as 1.234,5', { decimal: ',', group: '.', digits: 1 }, { delimiter: ';' }, LARGE),
  numbers('thousands as "1,234.5"', { group: ',', digits: 1 }, {}, LARGE, { delimiter: 'comma' }),
  numbers('thousands as 1 234,5', { decimal: ',', group: ' ', digits: 1 }, { delimiter: ';' }, LARGE),
  numbers(
    'thousands as 1 234,5 with no-break spaces',
    { decimal: ',', group: '\u00a0', digits: 1 },
    { delimiter: ';' },
    LARGE,
  ),
  numbers(
    'thousands as 1 234,5 with narrow spaces',
    { decimal: ',', group: '\u202f', digits: 1 },
    { delimiter: '\t' },
    LARGE,
  ),
  numbers("thousands as 1'234.5", { group: "'", digits: 1 }, { delimiter: ';' }, LARGE),
  told,
  rewritten('the minus sign of printers: −1.5', (value) => String(value).replace('-', '\u2212'), { from: -90, to: 0 }),
  rewritten('exponents: 2.15E+01', (value) => value.toExponential(6).replace('e', 'E')),
  rewritten('a plus before numbers above zero', (value) => (value > 0 ? `+${value}` : String(value))),
  rewritten('no zero before the point: .5', (value) => String(value).replace(/^(-?)0\./, '$1.'), { from: -2, to: 2 }),
  odd('whole numbers', (random) => ({
    plant: grow(random, { digits: 0, from: 0, to: 500 }),
    found: { 'decimal mark': 'none' },
  })),
];
