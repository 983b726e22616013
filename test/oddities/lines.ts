import { grow, type Random } from './plant.js';
import { type Oddity, odd, type Table } from './written.js';

const edited = (
  name: string,
  edit: (lines: string[], random: Random, table: Table) => string,
  header = 'line 1',
): Oddity =>
  odd(name, (random) => ({
    plant: grow(random),
    edit: (text, table) => edit(text.trimEnd().split('\n'), random, table),
    found: { header, delimiter: 'comma', 'decimal mark': '.' },
  }));

/** Some lines, each behind another, but not above the names. */
function between(lines: readonly string[], random: Random, extra: () => string[]): string[] {
  return lines.flatMap((line) => (random.chance(0.15) ? [line, ...extra()] : [line]));
}

const text = (lines: readonly string[], end = '\n') => lines.map((line) => line + end).join('');

export const LINES: Oddity[] = [
  edited('lines end with CR LF', (lines) => text(lines, '\r\n')),
  edited('lines end with CR', (lines) => text(lines, '\r')),
  edited('some lines end with LF, some with CR LF', (lines, random) =>
    lines.map((line) => line + random.pick(['\n', '\r\n'])).join(''),
  ),
  edited('no end of line behind the last', (lines) => lines.join('\n')),
  edited('blank lines at the top', (lines) => text(['', '', ...lines]), 'line 3'),
  edited('blank lines between records', (lines, random) => text(between(lines, random, () => ['']))),
  edited('blank lines at the end', (lines) => text([...lines, '', '', ''])),
  edited('blank lines and CR LF', (lines, random) =>
    text(
      between(lines, random, () => ['', '']),
      '\r\n',
    ),
  ),
  edited('remarks above', (lines) => text(['# Logger X-17', '# time in UTC, values raw', ...lines]), 'line 3'),
  edited('remarks between records', (lines, random) => text(between(lines, random, () => ['# calibrated, ok']))),
  edited(
    'remarks that begin with //',
    (lines, random) => text(['// Logger X-17', ...between(lines, random, () => ['// door, open'])]),
    'line 2',
  ),
  edited('the names in a remark', (lines) => text(['# plant nr. 7', `# ${lines[0]}`, ...lines.slice(1)]), 'line 2'),
  edited('the names in a remark without a blank', (lines) => text([`#${lines[0]}`, ...lines.slice(1)]), 'line 1'),
  edited(
    'metadata above',
    (lines) => text(['Logger: X-17', 'Serial number: 4711', 'Operator: M. Meyer', '', ...lines]),
    'line 5',
  ),
  edited(
    'metadata above, with delimiters in them',
    (lines) => text(['Exported by PlantView, version 3.1', 'Site,North', 'From,2024-03-01', ...lines]),
    'line 4',
  ),
  edited(
    'metadata above, with a quote for inches',
    (lines) => text(['Pipe: 5" wide', 'Diameter,"5"x', '', ...lines]),
    'line 4',
  ),
  edited(
    'remarks and blank lines above and between',
    (lines, random) => text(['', '# Logger X-17', '', ...between(lines, random, () => ['', '# ok', ''])]),
    'line 4',
  ),
  edited(
    'a title above, with a delimiter for each column, as spreadsheets save it',
    (lines) => {
      const rest = lines[0]!.replaceAll(/[^,]/g, '');
      return text([`Plant North${rest}`, rest, ...lines]);
    },
    'line 3',
  ),
  edited(
    'names of groups above the names',
    (lines) => text([lines[0]!.replace(/^[^,]*/, '').replaceAll(/[^,]+/g, 'north'), ...lines]),
    'line 2',
  ),
];
