import { styleText } from 'node:util';
import Table from 'cli-table3';

type Style = Parameters<typeof styleText>[0];

/** What the command line writes with: people on stderr and stdout, `--json` one document on stdout and nothing else. */
export class Output {
  constructor(
    readonly json: boolean,
    readonly color: boolean,
  ) {}

  #documented = false;

  style(style: Style, text: string): string {
    return this.color ? styleText(style, text, { validateStream: false }) : text;
  }

  /** A line of the result. */
  print(text = ''): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** A line about what is going on. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${this.style('dim', text)}\n`);
  }

  /** What `--json` prints: one document; of several, the first. */
  document(value: unknown): void {
    if (this.#documented) return;
    this.#documented = true;
    if (this.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** A table without walls: a head, and columns that line up. */
  table(head: string[], rows: (string | number)[][], right: number[] = []): string {
    const table = new Table({
      head: head.map((title) => this.style('dim', title)),
      colAligns: head.map((_, column) => (right.includes(column) ? 'right' : 'left')),
      chars: {
        top: '',
        'top-mid': '',
        'top-left': '',
        'top-right': '',
        bottom: '',
        'bottom-mid': '',
        'bottom-left': '',
        'bottom-right': '',
        left: '',
        'left-mid': '',
        mid: '',
        'mid-mid': '',
        right: '',
        'right-mid': '',
        middle: '  ',
      },
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    });
    for (const row of rows) table.push(row.map(String));
    return table
      .toString()
      .split('\n')
      .map((line) => `  ${line.trimEnd()}`)
      .join('\n');
  }
}

export const count = (n: number) => n.toLocaleString('en-US');
/** `3 files`, `1 file`. */
export const many = (n: number, what: string) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(n) / 10));
  return `${(n / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
