import type { Dice } from './dice.js';

// What can go wrong with files, by chance with a seed: bytes that turned, texts that were cut, pasted or edited by hand.

export interface Mutation<T> {
  name: string;
  make(input: T, dice: Dice, other: T): T;
}

/** A table as text, with what is known of it. */
export interface Lines {
  lines: string[];
  delimiter: string;
  /** Columns whose cells are readings. */
  values: readonly number[];
  /** Column of the time; -1: there is none. */
  time: number;
}

const INTERESTING = [0, 1, 2, 4, 7, 8, 16, 32, 64, 100, 127, 128, 255, 256, 512, 1000, 1024, 4096, 32767, 32768, 65535];
const LARGE = [65536, 1e6, 2 ** 24, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];

/** A stretch of `length`, of some bytes more often than of many. */
function stretch(length: number, dice: Dice): { from: number; to: number } {
  const from = dice.below(length + 1);
  const size = dice.chance(0.6) ? dice.between(1, 16) : dice.between(1, Math.max(1, Math.floor(length / 4)));
  return { from, to: Math.min(length, from + size) };
}

/** Places in files where what matters stands: at the beginning and at the end. */
function place(length: number, dice: Dice): number {
  if (length === 0) return 0;
  const near = Math.min(length, 120);
  if (dice.chance(0.3)) return dice.below(near);
  if (dice.chance(0.4)) return length - 1 - dice.below(near);
  return dice.below(length);
}

const over = (bytes: Buffer, at: number, what: Buffer) => {
  const copy = Buffer.from(bytes);
  what.copy(copy, at);
  return copy;
};

export const BYTES: Mutation<Buffer>[] = [
  {
    name: 'flip bits',
    make(bytes, dice) {
      const copy = Buffer.from(bytes);
      for (let n = dice.between(1, 8); n > 0 && copy.length > 0; n--) {
        const at = place(copy.length, dice);
        copy[at] = copy[at]! ^ (1 << dice.below(8));
      }
      return copy;
    },
  },
  {
    name: 'set bytes',
    make(bytes, dice) {
      const copy = Buffer.from(bytes);
      for (let n = dice.between(1, 6); n > 0 && copy.length > 0; n--)
        copy[place(copy.length, dice)] = dice.pick([0, 1, 0x7f, 0x80, 0xff, dice.below(256)]);
      return copy;
    },
  },
  {
    name: 'set a number of 2 or 4 bytes',
    make(bytes, dice) {
      if (bytes.length < 4) return bytes;
      const at = Math.min(place(bytes.length, dice), bytes.length - 4);
      const value = dice.chance(0.5) ? dice.pick(INTERESTING) : dice.pick(LARGE);
      const number = Buffer.alloc(4);
      if (value < 65536 && dice.chance(0.5)) {
        if (dice.chance(0.5)) number.writeUInt16LE(value);
        else number.writeUInt16BE(value);
        return over(bytes, at, number.subarray(0, 2));
      }
      if (dice.chance(0.7)) number.writeUInt32LE(value);
      else number.writeUInt32BE(value);
      return over(bytes, at, number);
    },
  },
  {
    name: 'delete a block',
    make(bytes, dice) {
      const { from, to } = stretch(bytes.length, dice);
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    },
  },
  {
    name: 'double a block',
    make(bytes, dice) {
      const { from, to } = stretch(bytes.length, dice);
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
    },
  },
  {
    name: 'insert a block',
    make(bytes, dice) {
      const at = place(bytes.length, dice);
      return Buffer.concat([bytes.subarray(0, at), dice.bytes(dice.between(1, 64)), bytes.subarray(at)]);
    },
  },
  {
    name: 'insert NULs',
    make(bytes, dice) {
      const at = place(bytes.length, dice);
      const zeros = Buffer.alloc(dice.chance(0.7) ? dice.between(1, 8) : dice.between(100, 5000));
      return Buffer.concat([bytes.subarray(0, at), zeros, bytes.subarray(at)]);
    },
  },
  {
    name: 'overwrite with NULs',
    make(bytes, dice) {
      const { from, to } = stretch(bytes.length, dice);
      return over(bytes, from, Buffer.alloc(to - from));
    },
  },
  {
    name: 'swap blocks',
    make(bytes, dice) {
      const [a, b, c] = [0, 0, 0].map(() => dice.below(bytes.length + 1)).sort((x, y) => x - y) as [
        number,
        number,
        number,
      ];
      return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, c), bytes.subarray(a, b), bytes.subarray(c)]);
    },
  },
  {
    name: 'truncate',
    make: (bytes, dice) =>
      bytes.subarray(0, dice.chance(0.4) ? bytes.length - dice.between(1, 24) : dice.below(bytes.length + 1)),
  },
  {
    name: 'cut off the beginning',
    make: (bytes, dice) => bytes.subarray(dice.chance(0.5) ? dice.between(1, 8) : dice.below(bytes.length + 1)),
  },
  { name: 'append rubbish', make: (bytes, dice) => Buffer.concat([bytes, dice.bytes(dice.between(1, 200))]) },
  { name: 'twice', make: (bytes) => Buffer.concat([bytes, bytes]) },
  {
    name: 'splice with another file',
    make: (bytes, dice, other) =>
      Buffer.concat([bytes.subarray(0, dice.below(bytes.length + 1)), other.subarray(dice.below(other.length + 1))]),
  },
  {
    name: 'bytes that are no UTF-8',
    make(bytes, dice) {
      const at = place(bytes.length, dice);
      const what = dice.pick(['ff', 'c3', 'e282', 'f09f98', 'eda080', 'c080', 'f8888080', 'efbfbf', 'b0', '80']);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(what, 'hex'), bytes.subarray(at)]);
    },
  },
  {
    name: 'a mark of an encoding',
    make(bytes, dice) {
      const at = dice.chance(0.6) ? 0 : place(bytes.length, dice);
      const what = dice.pick(['efbbbf', 'fffe', 'feff', 'fffe0000', '0000feff', '2b2f76']);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(what, 'hex'), bytes.subarray(at)]);
    },
  },
  {
    name: 'part in UTF-16',
    make(bytes, dice) {
      const from = dice.below(bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, from), Buffer.from(bytes.subarray(from).toString('latin1'), 'utf16le')]);
    },
  },
];

/** Cells that are strange, with nothing in them that ends a cell or a line. */
export const STRANGE_CELLS = [
  ...[
    '',
    ' ',
    '-',
    '?',
    'NA',
    'NaN',
    'nan',
    'null',
    'NULL',
    'inf',
    '-inf',
    'Infinity',
    'true',
    'off',
    '0',
    '-0',
    '+1',
    '-999',
    '-9999',
  ],
  ...[
    '1e308',
    '1e309',
    '-1e400',
    '1e-400',
    '1E5',
    '1e',
    'e5',
    '0x1F',
    '0b1',
    '1_000',
    '1__0',
    '.5',
    '5.',
    '.',
    '..',
    '+',
    '--1',
    '1.2.3',
  ],
  ...[
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775809',
    '18446744073709551616',
    '9'.repeat(40),
    '9'.repeat(400),
  ],
  ...[
    '170141183460469231731687303715884105728',
    `0.${'3'.repeat(300)}`,
    `1e${'9'.repeat(20)}`,
    '٣',
    '１２',
    '½',
    '²',
    '1\u00a0000',
    '1 000',
    "1'000",
  ],
  ...[
    '23.5°C',
    '23.5 °C',
    '80%',
    '$5',
    '5 kWh',
    '−5',
    '\u22125',
    '1:30',
    '12:00:00',
    '2013-08-24',
    '2013-08-24 01:00:00',
    '1377298800',
    '03/04/2013',
  ],
  ...[
    '#N/A',
    '#REF!',
    '#',
    '%',
    '//',
    '!',
    '*',
    '=1+1',
    '@x',
    "'",
    "''",
    '`',
    '\\',
    '\\N',
    '\\n',
    '{',
    '}',
    '[1]',
    '{"a":1}',
    '<a>',
    '&amp;',
    '$$',
    '$x',
    '$1',
  ],
  ...[
    'ä',
    'ß',
    '°',
    'µ',
    '€',
    '温度',
    '😀',
    '\u200b',
    '\u200f',
    '\ufeff',
    '\u00ad',
    '\u0301',
    '\ud800',
    '\udfff',
    '\ufffe',
    '\uffff',
    '\u0085',
    '\u2028',
    '\u2029',
  ],
  ...[
    '\u0001',
    '\u0007',
    '\u0008',
    '\u000b',
    '\u000c',
    '\u001a',
    '\u001b[31m',
    '\u007f',
    'constructor',
    '__proto__',
    'toString',
    "x'; DROP TABLE a; --",
  ],
];

export const STRANGE_TIMES = [
  ...[
    '',
    ' ',
    'now',
    'today',
    'epoch',
    'infinity',
    '-infinity',
    '0000-00-00',
    '0000-01-01 00:00:00',
    '0001-01-01',
    '9999-12-31 23:59:59',
    '10000-01-01',
  ],
  ...[
    '2013-02-30 00:00:00',
    '2013-13-01',
    '2013-00-10',
    '2013-08-24 24:00:00',
    '2013-08-24 24:00',
    '2013-08-24 25:00:00',
    '2013-08-24 12:60:00',
    '2013-08-24 23:59:60',
  ],
  ...[
    '290000-01-01',
    '294247-01-10 04:00:54.775806',
    '294247-01-10 04:00:54.775807',
    '290309-12-22 (BC) 00:00:00',
    '5881580-07-11',
    '-1',
    '0',
    '1',
    '99999999999999999999',
  ],
  ...[
    '9223372036854775807',
    '-9223372036854775808',
    '9223372036854775808',
    '1e18',
    '1e19',
    '1377298800',
    '1377298800.5',
    '1377298800000',
    '1377298800000000',
    '1377298800000000000',
  ],
  ...[
    '41510',
    '41510.99999999',
    '2958465.5',
    '1e300',
    'NaN',
    'inf',
    '2013-08-24T00:00:00Z',
    '2013-08-24T00:00:00+14:00',
    '2013-08-24T00:00:00+99:99',
    '2013-08-24 00:00:00 Europe/Berlin',
  ],
  ...[
    '2013-08-24 00:00:00 Mars/Olympus',
    '2013-08-24 00:00:00.123456789',
    '2013-08-24 00:00:00,5',
    '24.08.2013 00:00',
    '08/24/2013 12:00 AM',
    '08/24/2013 13:00 PM',
    '3/4/13',
    '2013-8-4',
  ],
  ...[
    'Sat Aug 24 2013',
    '24 Aug 2013',
    'Aug 24, 2013',
    'Saturday, 24 August 2013',
    '20130824',
    '20130824T000000',
    '20130824000000',
    '2013-W34',
    '2013-236',
    '٢٠١٣-٠٨-٢٤',
    '2013-10-27 02:30:00',
  ],
];

const DELIMITERS = [',', ';', '\t', '|', ' ', '  ', ', ', ':', '\u0001', '¦', ',,'];
const LINE_ENDS = ['\n', '\r\n', '\r', '\n\r', '\r\r\n', '\n\n', '\u2028', '\u0085', '\u000b', '\u000c', ''];

const cellsOf = (line: string, { delimiter }: Lines) => line.split(delimiter);

/** Changes some lines of the table, below its first. */
function someLines(input: Lines, dice: Dice, change: (line: string) => string, from = 1): Lines {
  const lines = [...input.lines];
  if (lines.length <= from) return input;
  if (dice.chance(0.5)) {
    for (let n = dice.between(1, 5); n > 0; n--) {
      const at = dice.between(from, lines.length - 1);
      lines[at] = change(lines[at]!);
    }
  } else {
    const start = dice.between(from, lines.length - 1);
    const end = dice.chance(0.3) ? lines.length : Math.min(lines.length, start + dice.between(1, 40));
    for (let at = start; at < end; at++) lines[at] = change(lines[at]!);
  }
  return { ...input, lines };
}

function someCells(
  input: Lines,
  dice: Dice,
  columns: readonly number[] | null,
  change: (cell: string) => string,
): Lines {
  const column = columns === null ? null : columns.length === 0 ? 0 : dice.pick(columns);
  return someLines(input, dice, (line) => {
    const cells = cellsOf(line, input);
    const at = column ?? dice.below(cells.length);
    if (at >= cells.length) return line;
    cells[at] = change(cells[at]!);
    return cells.join(input.delimiter);
  });
}

/** Changes that leave every line a record of as many cells, and the first lines as they are. */
export const CELLS: Mutation<Lines>[] = [
  {
    name: 'strange readings',
    make: (input, dice) =>
      someCells(input, dice, input.values, () =>
        dice.pick(STRANGE_CELLS.filter((cell) => !cell.includes(input.delimiter))),
      ),
  },
  {
    name: 'one strange reading over and over',
    make(input, dice) {
      const cell = dice.pick(STRANGE_CELLS.filter((each) => !each.includes(input.delimiter)));
      return someCells(input, dice, input.values, () => cell);
    },
  },
  { name: 'strange numbers', make: (input, dice) => someCells(input, dice, input.values, () => strangeNumber(dice)) },
  {
    name: 'long readings',
    make: (input, dice) =>
      someCells(input, dice, input.values, () =>
        dice.pick(['9', 'x', '0.', 'ä', '-', 'e', ' ']).repeat(dice.pick([100, 1000, 5000, 40_000])),
      ),
  },
  {
    name: 'blanks around readings',
    make: (input, dice) =>
      someCells(input, dice, input.values, (cell) => `${' '.repeat(dice.below(3))}${cell}${' '.repeat(dice.below(3))}`),
  },
  {
    name: 'units behind readings',
    make: (input, dice) => {
      const unit = dice.pick(['°C', ' °C', '%', ' ppm', 'kWh', 'µg/m³', '\u00a0hPa', 'e', 'E5', 'x']);
      return someCells(input, dice, input.values, (cell) => cell + unit);
    },
  },
  {
    name: 'swap readings',
    make: (input, dice) => {
      const other = dice.pick(input.values.length === 0 ? [0] : input.values);
      return someLines(input, dice, (line) => {
        const cells = cellsOf(line, input);
        const at = dice.pick(input.values.length === 0 ? [0] : input.values);
        if (Math.max(at, other) >= cells.length) return line;
        [cells[at], cells[other]] = [cells[other]!, cells[at]!];
        return cells.join(input.delimiter);
      });
    },
  },
];

function strangeNumber(dice: Dice): string {
  const sign = dice.pick(['', '', '-', '+', '\u2212', ' ']);
  const digits = (n: number) => Array.from({ length: n }, () => dice.below(10)).join('');
  const whole = digits(dice.pick([0, 1, 2, 3, 5, 10, 18, 19, 20, 38, 39, 310]));
  const fraction = dice.chance(0.5) ? `.${digits(dice.pick([0, 1, 3, 10, 40, 400]))}` : '';
  const power = dice.chance(0.3)
    ? `${dice.pick(['e', 'E'])}${dice.pick(['', '+', '-'])}${digits(dice.between(0, 4))}`
    : '';
  return sign + whole + fraction + power;
}

/** Moments in another way of writing; null: it is none as `2013-08-24 01:02:03`. */
function rewritten(stamp: string, style: number): string | null {
  const match = /^"?(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(stamp);
  if (match === null) return null;
  const [, y, m, d, h, i, s] = match as unknown as string[];
  const ms = Date.UTC(Number(y), Number(m) - 1, Number(d), Number(h), Number(i), Number(s));
  const hour = Number(h) % 12 === 0 ? 12 : Number(h) % 12;
  const half = Number(h) < 12 ? 'AM' : 'PM';
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][Number(m) - 1];
  const styles = [
    `${d}.${m}.${y} ${h}:${i}:${s}`,
    `${d}/${m}/${y} ${h}:${i}`,
    `${m}/${d}/${y} ${hour}:${i}:${s} ${half}`,
    `${m}/${d}/${y!.slice(2)} ${h}:${i}`,
    `${y}${m}${d}T${h}${i}${s}`,
    `${y}${m}${d}${h}${i}${s}`,
    `${d}-${month}-${y} ${h}:${i}:${s}`,
    `${month} ${Number(d)}, ${y} ${h}:${i}`,
    `${y}-${m}-${d}T${h}:${i}:${s}Z`,
    `${y}-${m}-${d}T${h}:${i}:${s}.000+02:00`,
    `${y}-${m}-${d} ${h}:${i}:${s} UTC`,
    `${y}/${m}/${d} ${h}:${i}`,
    String(ms / 1000),
    String(ms),
    `${ms}000`,
    `${ms}000000`,
    String(ms / 86_400_000 + 25_569),
    `${y}-${m}-${d} ${h}:${i}:${s}.123456789`,
    `${y}-${m}-${d}`,
  ];
  return styles[style % styles.length]!;
}

const STYLES = 19;

export const LINES: Mutation<Lines>[] = [
  {
    name: 'delete lines',
    make: (input, dice) => {
      const { from, to } = stretch(input.lines.length, dice);
      return { ...input, lines: [...input.lines.slice(0, from), ...input.lines.slice(to)] };
    },
  },
  {
    name: 'double lines',
    make: (input, dice) => {
      const { from, to } = stretch(input.lines.length, dice);
      return { ...input, lines: [...input.lines.slice(0, to), ...input.lines.slice(from)] };
    },
  },
  {
    name: 'swap lines',
    make: (input, dice) => {
      const lines = [...input.lines];
      const [a, b] = [dice.below(lines.length), dice.below(lines.length)];
      if (lines.length > 0) [lines[a], lines[b]] = [lines[b]!, lines[a]!];
      return { ...input, lines };
    },
  },
  {
    name: 'shuffle lines',
    make: (input, dice) => ({ ...input, lines: [input.lines[0] ?? '', ...dice.shuffled(input.lines.slice(1))] }),
  },
  {
    name: 'turn lines round',
    make: (input) => ({ ...input, lines: [input.lines[0] ?? '', ...input.lines.slice(1).reverse()] }),
  },
  {
    name: 'join lines',
    make: (input, dice) => {
      const at = dice.below(input.lines.length);
      return {
        ...input,
        lines: [
          ...input.lines.slice(0, at),
          input.lines.slice(at, at + 2).join(dice.pick(['', input.delimiter, ' '])),
          ...input.lines.slice(at + 2),
        ],
      };
    },
  },
  {
    name: 'cut lines',
    make: (input, dice) => someLines(input, dice, (line) => line.slice(0, dice.below(line.length + 1)), 0),
  },
  {
    name: 'blank lines',
    make: (input, dice) =>
      someLines(
        input,
        dice,
        (line) =>
          dice.pick([
            `\n${line}`,
            `\n\n\n${line}`,
            `  \n${line}`,
            `${input.delimiter}\n${line}`,
            `\r\n${line}`,
            `\t\n${line}`,
          ]),
        0,
      ),
  },
  {
    name: 'remarks',
    make: (input, dice) => {
      const sign = dice.pick(['#', '# ', '%', '//', '!', '*', '##', '--', ';', '"#']);
      return someLines(input, dice, (line) => `${sign}${dice.pick(['a remark', 'a,b,c', line, '', '"'])}\n${line}`, 0);
    },
  },
  {
    name: 'lines above',
    make: (input, dice) => ({
      ...input,
      lines: [
        ...Array.from({ length: dice.between(1, 40) }, () =>
          dice.pick([
            'Station: 5',
            'created,2024-01-01',
            '',
            '"Report"',
            'a;b',
            '=====',
            'Firmware 1.2',
            ',,,',
            '1,2,3',
            'sep=;',
            '[data]',
          ]),
        ),
        ...input.lines,
      ],
    }),
  },
  {
    name: 'lines below',
    make: (input, dice) => ({
      ...input,
      lines: [
        ...input.lines,
        ...Array.from({ length: dice.between(1, 40) }, () =>
          dice.pick(['Total,5', '', 'END', '"', ',,,,,', '---', '(100 rows)', '\u001a', 'EOF,,,,,', '{}', '\u0000']),
        ),
      ],
    }),
  },
  {
    name: 'another delimiter in part',
    make: (input, dice) => {
      const mark = dice.pick(DELIMITERS);
      return someLines(input, dice, (line) => line.replaceAll(input.delimiter, mark), dice.below(2));
    },
  },
  {
    name: 'another delimiter',
    make: (input, dice) => {
      const delimiter = dice.pick(DELIMITERS);
      return { ...input, delimiter, lines: input.lines.map((line) => line.replaceAll(input.delimiter, delimiter)) };
    },
  },
  {
    name: 'decimal commas',
    make: (input, dice) => {
      const change = (line: string) => line.replaceAll(/(\d)\.(\d)/g, '$1,$2');
      return dice.chance(0.5)
        ? someLines(input, dice, change)
        : { ...input, delimiter: ';', lines: input.lines.map((line) => change(line.replaceAll(input.delimiter, ';'))) };
    },
  },
  {
    name: 'thousands',
    make: (input, dice) => {
      const mark = dice.pick([',', '.', ' ', "'", '\u00a0', '\u202f']);
      return someLines(input, dice, (line) => line.replaceAll(/(?<=\d)(?=(\d{3})+(?!\d))/g, mark));
    },
  },
  {
    name: 'quotes around cells',
    make: (input, dice) => {
      const q = dice.pick(['"', '"', "'", '“']);
      return someLines(
        input,
        dice,
        (line) =>
          cellsOf(line, input)
            .map((cell) => q + cell + q)
            .join(input.delimiter),
        dice.below(2),
      );
    },
  },
  {
    name: 'stray quotes',
    make: (input, dice) =>
      someLines(
        input,
        dice,
        (line) => {
          const at = dice.below(line.length + 1);
          return line.slice(0, at) + dice.pick(['"', '""', '"""', "'", '"\n', '\\"', '" "']) + line.slice(at);
        },
        dice.below(2),
      ),
  },
  { name: 'a quote that begins a cell', make: (input, dice) => someCells(input, dice, null, (cell) => `"${cell}`) },
  { name: 'a quote that ends a cell', make: (input, dice) => someCells(input, dice, null, (cell) => `${cell}"`) },
  {
    name: 'cells of several lines',
    make: (input, dice) =>
      someCells(
        input,
        dice,
        null,
        (cell) => `"${cell}${dice.pick(['\n', '\r\n', '\r', '\n\n', `\n${input.delimiter}`, '""\n', '\n#'])}x"`,
      ),
  },
  {
    name: 'more or fewer cells',
    make: (input, dice) =>
      someLines(
        input,
        dice,
        (line) => {
          const cells = cellsOf(line, input);
          cells.splice(
            dice.below(cells.length + 1),
            dice.below(3),
            ...Array.from({ length: dice.below(4) }, () => dice.pick(STRANGE_CELLS)),
          );
          return cells.join(input.delimiter);
        },
        dice.below(2),
      ),
  },
  { name: 'strange cells', make: (input, dice) => someCells(input, dice, null, () => dice.pick(STRANGE_CELLS)) },
  {
    name: 'strange times',
    make: (input, dice) => someCells(input, dice, [Math.max(0, input.time)], () => dice.pick(STRANGE_TIMES)),
  },
  {
    name: 'only strange times',
    make: (input, dice) => {
      const some = [dice.pick(STRANGE_TIMES), dice.pick(STRANGE_TIMES)];
      return {
        ...input,
        lines: input.lines.map((line, at) =>
          at === 0 ? line : withCell(line, input, Math.max(0, input.time), () => dice.pick(some)),
        ),
      };
    },
  },
  {
    name: 'times written in another way',
    make: (input, dice) => {
      const style = dice.below(STYLES);
      const change = (line: string) =>
        withCell(line, input, Math.max(0, input.time), (cell) => rewritten(cell, style) ?? cell);
      return dice.chance(0.4) ? someLines(input, dice, change) : { ...input, lines: input.lines.map(change) };
    },
  },
  {
    name: 'a column taken away',
    make: (input, dice) => {
      const which = dice.below(6);
      return columns(input, (cells) => cells.toSpliced(which, 1));
    },
  },
  {
    name: 'a column twice',
    make: (input, dice) => {
      const at = dice.below(6);
      return columns(input, (cells) => [...cells, cells[at] ?? '']);
    },
  },
  {
    name: 'a column without cells',
    make: (input, dice) => {
      const at = dice.below(6);
      return columns(input, (cells) => cells.toSpliced(at, 0, ''));
    },
  },
  {
    name: 'a strange column',
    make: (input, dice) => {
      const cell = dice.pick(STRANGE_CELLS);
      const at = dice.below(6);
      return columns(input, (cells) => cells.toSpliced(at, 1, cell));
    },
  },
  {
    name: 'many columns',
    make: (input, dice) => {
      const n = dice.pick([50, 300, 1500]);
      const cell = dice.pick(['1', '', 'x', '1.5']);
      const some = { ...input, lines: input.lines.slice(0, Math.ceil(100_000 / n)) };
      return columns(some, (cells) => [...cells, ...new Array<string>(n).fill(cell)]);
    },
  },
  {
    name: 'a line of very many cells',
    make: (input, dice) =>
      someLines(
        { ...input },
        dice,
        (line) => (line.length > 1e5 ? line : line + input.delimiter.repeat(dice.pick([1000, 20_000]))),
        dice.below(2),
      ),
  },
  {
    name: 'a very long cell',
    make: (input, dice) => {
      const lines = [...input.lines];
      const at = dice.below(lines.length);
      const long = dice
        .pick(['9', 'x', ' ', '"', '""', 'a b ', 'ä', '1 ', "1'", '1.', '-', ',', '(', 'a('])
        .repeat(dice.pick([3000, 100_000, 1_000_000, 2_500_000]));
      if (lines.length > 0)
        lines[at] = withCell(lines[at]!, input, dice.below(6), () => (dice.chance(0.3) ? `"${long}"` : long));
      return { ...input, lines };
    },
  },
  {
    name: 'strange names',
    make: (input, dice) =>
      names(input, (cells) => cells.map((cell) => (dice.chance(0.3) ? dice.pick([...STRANGE_CELLS, ...NAMES]) : cell))),
  },
  {
    name: 'names that are alike',
    make: (input, dice) =>
      names(input, (cells) =>
        cells.map((cell) => (dice.chance(0.5) ? dice.pick([cells[0]!, cells[1] ?? '', 'x', 'X', 'x_2']) : cell)),
      ),
  },
  {
    name: 'a row of units',
    make: (input) => ({
      ...input,
      lines: [
        input.lines[0] ?? '',
        cellsOf(input.lines[0] ?? '', input)
          .map((_, at) => (at === 0 ? '' : '°C'))
          .join(input.delimiter),
        ...input.lines.slice(1),
      ],
    }),
  },
  { name: 'names once more', make: (input, dice) => someLines(input, dice, (line) => `${input.lines[0]}\n${line}`) },
  { name: 'no names', make: (input) => ({ ...input, lines: input.lines.slice(1) }) },
  { name: 'names only', make: (input) => ({ ...input, lines: input.lines.slice(0, 1) }) },
  { name: 'few lines', make: (input, dice) => ({ ...input, lines: input.lines.slice(0, dice.between(1, 4)) }) },
  {
    name: 'splice with another table',
    make: (input, dice, other) => ({
      ...input,
      lines: [
        ...input.lines.slice(0, dice.below(input.lines.length + 1)),
        ...other.lines.slice(dice.below(other.lines.length + 1)),
      ],
    }),
  },
  {
    name: 'lines of another table between',
    make: (input, dice, other) => ({
      ...input,
      lines: input.lines
        .flatMap((line, at) => (at % 3 === 0 && other.lines[at] !== undefined ? [line, other.lines[at]] : [line]))
        .slice(0, dice.between(20, 2000)),
    }),
  },
];

const NAMES = [
  'time',
  'timestamp',
  'date',
  'sensor',
  'value',
  'id',
  'year',
  'month',
  'day',
  'hour',
  'c0',
  'row',
  'reason',
  'raw',
  'stamp',
  't',
  'cell',
  'zoneless',
  'number',
  'unit',
  'a"b',
  "a'b",
  'a/b',
  'T [°C]',
  'P (kW)',
  'x'.repeat(5000),
  'select',
  '1',
  '2013-08-24',
  'a\u0000b',
];

function withCell(line: string, input: Lines, at: number, change: (cell: string) => string): string {
  const cells = cellsOf(line, input);
  if (at >= cells.length) return line;
  cells[at] = change(cells[at]!);
  return cells.join(input.delimiter);
}

const columns = (input: Lines, change: (cells: string[]) => string[]): Lines => ({
  ...input,
  lines: input.lines.map((line) => change(cellsOf(line, input)).join(input.delimiter)),
});

const names = (input: Lines, change: (cells: string[]) => string[]): Lines => ({
  ...input,
  lines: input.lines.map((line, at) => (at === 0 ? change(cellsOf(line, input)).join(input.delimiter) : line)),
});

/** Puts lines together, with ends that may be mixed. */
export function joined({ lines }: Lines, dice: Dice): { text: string; how: string } {
  if (dice.chance(0.55)) return { text: lines.map((line) => `${line}\n`).join(''), how: 'ends \\n' };
  if (dice.chance(0.4)) return { text: lines.map((line) => `${line}\r\n`).join(''), how: 'ends \\r\\n' };
  if (dice.chance(0.3)) return { text: lines.map((line) => `${line}\r`).join(''), how: 'ends \\r' };
  if (dice.chance(0.4)) return { text: lines.join('\n'), how: 'no last end' };
  const ends = [dice.pick(LINE_ENDS), dice.pick(LINE_ENDS), '\n', '\n', '\r\n'];
  return { text: lines.map((line) => line + dice.pick(ends)).join(''), how: `ends ${JSON.stringify(ends)}` };
}

/** One text in bytes. */
export function encoded(text: string, dice: Dice): { bytes: Buffer; how: string } {
  if (dice.chance(0.75)) return { bytes: Buffer.from(text), how: 'utf-8' };
  const how = dice.pick([
    'utf-8 with mark',
    'utf-16le',
    'utf-16le with mark',
    'utf-16be',
    'utf-16be with mark',
    'latin1',
  ]);
  const mark = how.endsWith('mark') ? '\ufeff' : '';
  if (how === 'latin1') return { bytes: Buffer.from(text, 'latin1'), how };
  if (how.startsWith('utf-8')) return { bytes: Buffer.from(mark + text), how };
  const bytes = Buffer.from(mark + text, 'utf16le');
  return { bytes: how.startsWith('utf-16be') ? bytes.swap16() : bytes, how };
}

/** One to `most` mutations of a list, one after another. */
export function mutated<T>(
  input: T,
  list: readonly Mutation<T>[],
  most: number,
  dice: Dice,
  other: T,
  log: string[],
): T {
  let out = input;
  let n = 1;
  while (n < most && dice.chance(0.45)) n++;
  for (; n > 0; n--) {
    const mutation = dice.pick(list);
    log.push(mutation.name);
    out = mutation.make(out, dice, other);
  }
  return out;
}
