import type { Dice } from './dice.js';
import { type Lines, type Mutation, STRANGE_CELLS, STRANGE_TIMES } from './mutate.js';

/** The records of a table as JSON: an object a line, or an array of them. */
export function asJson({ lines, delimiter }: Lines, dice: Dice): { text: string; form: 'lines' | 'array' } {
  const [head = '', ...rows] = lines;
  const names = head.split(delimiter).map((name) => name.replaceAll('"', ''));
  const nested = dice.chance(0.3);
  const objects = rows.slice(0, 600).map((line) => {
    const cells = line.split(delimiter).map((cell) => cell.replaceAll('"', ''));
    const entries = names.map((name, at) => [
      name,
      /^-?\d+(\.\d+)?$/.test(cells[at] ?? '') ? Number(cells[at]) : (cells[at] ?? null),
    ]);
    const own = Object.fromEntries(nested ? [entries[0]!, ['data', Object.fromEntries(entries.slice(1))]] : entries);
    return JSON.stringify(own, null, dice.chance(0.02) ? 1 : undefined);
  });
  if (dice.chance(0.6)) return { text: objects.map((each) => `${each}\n`).join(''), form: 'lines' };
  return { text: dice.chance(0.5) ? `[${objects.join(',')}]` : `[\n  ${objects.join(',\n  ')}\n]\n`, form: 'array' };
}

/** At some places of what matches. */
function at(text: string, dice: Dice, what: RegExp, put: (found: string) => string): string {
  const found = [...text.matchAll(what)];
  if (found.length === 0) return text;
  const places = Array.from({ length: dice.between(1, 5) }, () => dice.pick(found)).sort((a, b) => b.index - a.index);
  let out = text;
  let before = Number.POSITIVE_INFINITY;
  for (const place of places) {
    if (place.index + place[0].length > before) continue;
    out = out.slice(0, place.index) + put(place[0]) + out.slice(place.index + place[0].length);
    before = place.index;
  }
  return out;
}

const VALUES = [
  'NaN',
  '-Infinity',
  'Infinity',
  'null',
  'true',
  '1e400',
  '-0',
  '0x10',
  '01',
  '1.',
  '.5',
  '+1',
  `${'9'.repeat(400)}`,
  '"\\ud800"',
  '"\\u0000"',
  '"\\x"',
  "'x'",
  '""',
  '[]',
  '{}',
  '[1,2]',
  '{"a":{"b":1}}',
  'undefined',
  'x',
  '',
  '1 2',
  '"a\nb"',
  '"\\n"',
  '{"":1}',
  '{"__proto__":{"x":1}}',
  '9223372036854775808',
];
const KEYS = [
  '""',
  '"__proto__"',
  '"constructor"',
  '"time"',
  '"a.b"',
  '"a\\"b"',
  '"\\u0000"',
  '"ä"',
  'time',
  "'time'",
  '"value"',
  '"a,b"',
  '"a\\nb"',
  `"${'k'.repeat(3000)}"`,
];

export const JSONS: Mutation<string>[] = [
  {
    name: 'json: strange values',
    make: (text, dice) => at(text, dice, /(?<=:\s?)(-?[\d.]+|"[^"\n]*")/g, () => dice.pick(VALUES)),
  },
  {
    name: 'json: strange cells',
    make: (text, dice) =>
      at(text, dice, /(?<=:\s?)(-?[\d.]+|"[^"\n]*")/g, () =>
        JSON.stringify(dice.pick([...STRANGE_CELLS, ...STRANGE_TIMES])),
      ),
  },
  { name: 'json: strange keys', make: (text, dice) => at(text, dice, /"[^"\n]*"(?=:)/g, () => dice.pick(KEYS)) },
  {
    name: 'json: marks',
    make: (text, dice) =>
      at(text, dice, /["[\]{},:]/g, () =>
        dice.pick(['', '', '{', '}', '[', ']', ',', ':', '"', '\\', '""', '\n', ',,']),
      ),
  },
  {
    name: 'json: lines that are no objects',
    make: (text, dice) =>
      at(
        text,
        dice,
        /\n/g,
        () =>
          `\n${dice.pick(['1', '"x"', 'null', '[1,2]', '[{"a":1}]', '{', '}', '{}', 'x,y,z', '', ' ', '{"a":1}{"a":2}', '\u001e', 'true', '{"a":1},', '//x'])}\n`,
      ),
  },
  {
    name: 'json: deep',
    make: (text, dice) =>
      at(text, dice, /(?<=:\s?)(-?[\d.]+|"[^"\n]*")/g, () => {
        const n = dice.pick([31, 32, 33, 100, 3000, 100_000]);
        return dice.chance(0.5)
          ? '['.repeat(n) + ']'.repeat(dice.chance(0.8) ? n : n - 1)
          : `${'{"a":'.repeat(n)}1${'}'.repeat(n)}`;
      }),
  },
  {
    name: 'json: many keys',
    make: (text, dice) =>
      at(
        text,
        dice,
        /\{/g,
        () => `{${Array.from({ length: dice.pick([100, 1000, 21_000]) }, (_, n) => `"k${n}":${n},`).join('')}`,
      ),
  },
  {
    name: 'json: another key in each',
    make: (text, dice) => {
      let n = 0;
      const every = dice.pick([1, 7]);
      return text.replaceAll('{', (found) => (n++ % every === 0 ? `{"k${n}":1,` : found));
    },
  },
  {
    name: 'json: one key twice',
    make: (text, dice) =>
      at(text, dice, /"[^"\n]*":(-?[\d.]+|"[^"\n]*")/g, (found) => `${found},${found.split(':')[0]}:5`),
  },
  {
    name: 'json: blanks',
    make: (text, dice) =>
      at(
        text,
        dice,
        /[,:]/g,
        (found) => found + dice.pick([' ', '\t', '\r', '\n', '\u00a0', '\ufeff', ' '.repeat(5000)]),
      ),
  },
  {
    name: 'json: in another object',
    make: (text, dice) =>
      dice.pick([
        `{"data":${text}}`,
        `{"data":[${text}]}`,
        `[[${text}]]`,
        `[${text}`,
        `${text}]`,
        `\ufeff${text}`,
        `callback(${text})`,
        `[${text.trim().replaceAll('\n', ',')}]`,
        `[]${text}`,
        `[{}]\n${text}`,
      ]),
  },
  { name: 'json: cut', make: (text, dice) => text.slice(0, dice.below(text.length + 1)) },
  {
    name: 'json: a long value',
    make: (text, dice) =>
      at(text, dice, /(?<=:\s?)(-?[\d.]+|"[^"\n]*")/g, () =>
        dice.pick([
          `"${dice.pick(['x', '\\"', '\\\\', 'ä', ',', ' ']).repeat(300_000)}"`,
          '9'.repeat(200_000),
          `[${'1,'.repeat(50_000)}1]`,
        ]),
      ),
  },
];
