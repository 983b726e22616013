import type { ReadParams } from '../../activities/choice.js';
import type { TestStores } from '../support/stores.js';
import { type Dice, dice } from './dice.js';
import { BYTES, CELLS, encoded, joined, LINES, type Lines, mutated } from './mutate.js';
import { type Seed, seeds } from './seeds.js';

export interface Case {
  kind: string;
  /** What was done to the file. */
  log: string[];
  files: Record<string, string | Buffer>;
  options: Partial<ReadParams> & { tz: string; from: string | null; to: string | null };
  /** When the steps are aborted; null: they are not. */
  abortMs: number | null;
  /** Records that are there, where that is beyond doubt. */
  records: number | null;
  /** The same content in other files. */
  twin: { how: string; files: Record<string, Buffer> } | null;
}

interface Made {
  bytes: Buffer;
  ending: string;
  records: number | null;
  twin: { how: string; ending: string; bytes: Buffer } | null;
}

const ZONES = [
  'UTC',
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Australia/Lord_Howe',
];

/** Makes cases, each of nothing but its seed. */
export class Cases {
  private constructor(private readonly seeds: Seed[]) {}

  static async open(_stores: TestStores): Promise<Cases> {
    return new Cases(await seeds());
  }

  make(seed: number): Case {
    const chance = dice(seed);
    const log: string[] = [];
    const table = chance.pick(this.seeds);
    const kind = 'text';
    log.push(table.name, kind);
    const made = this.text(table, chance, log);
    const name = nameOf(table.name, made.ending, chance);
    const files: Case['files'] = { [name]: made.bytes };
    const beside = chance.chance(0.12);
    if (beside) files['good/wide.csv'] = `${this.seeds.find((each) => each.name === 'wide')!.lines.join('\n')}\n`;
    const options = this.options(table, chance, log);
    return {
      kind,
      log,
      files,
      options,
      abortMs: chance.chance(0.03) ? chance.below(80) : null,
      records: beside || Object.keys(options).length > 3 ? null : made.records,
      twin:
        made.twin === null || beside || name !== table.name + made.ending
          ? null
          : { how: made.twin.how, files: { [table.name + made.twin.ending]: made.twin.bytes } },
    };
  }

  text(table: Seed, chance: Dice, log: string[]): Made {
    const other = chance.pick(this.seeds);
    const ending = chance.pick(['.csv', '.csv', '.txt', '.tsv', '.dat']);
    if (chance.chance(0.25)) {
      // Only readings are touched: every line stays a record.
      const lines: Lines = mutated<Lines>(table, CELLS, 5, chance, other, log);
      const text = lines.lines.map((line) => `${line}\n`).join('');
      const whole = text.includes('\u0000') || table.name === 'blanks' ? null : table.lines.length - 1;
      return { bytes: Buffer.from(text), ending, records: whole, twin: null };
    }
    if (chance.chance(0.25)) {
      const bytes = Buffer.from(`${table.lines.join('\n')}\n`);
      return {
        bytes: mutated(bytes, BYTES, 5, chance, Buffer.from(other.lines.join('\n')), log),
        ending,
        records: null,
        twin: null,
      };
    }
    const lines: Lines = mutated<Lines>(table, chance.chance(0.2) ? CELLS : LINES, 5, chance, other, log);
    const { text, how } = joined(lines, chance);
    const { bytes, how: encoding } = encoded(text, chance);
    log.push(how, encoding);
    if (chance.chance(0.15))
      return {
        bytes: mutated(bytes, BYTES, 2, chance, Buffer.from(other.lines.join('\n')), log),
        ending,
        records: null,
        twin: null,
      };
    return { bytes, ending, records: null, twin: null };
  }

  private options(table: Seed, chance: Dice, log: string[]): Case['options'] {
    const options: Case['options'] = { tz: chance.pick(ZONES), from: null, to: null };
    if (!chance.chance(0.2)) return options;
    const names = (table.lines[0] ?? '').split(table.delimiter).map((name) => name.replaceAll('"', ''));
    const all: Partial<ReadParams>[] = [
      { timeColumn: chance.pick(names) },
      { timeColumn: [chance.pick(names), chance.pick(names)] },
      { sensorColumn: chance.pick(names) },
      { sensorColumn: [chance.pick(names), chance.pick(names)] },
      { valueColumn: chance.pick(names) },
      { valueColumn: [chance.pick(names), chance.pick(names)] },
      {
        timeFormat: chance.pick([
          'iso',
          'serial',
          'epoch-s',
          'epoch-ns',
          '%Y-%m-%d %H:%M:%S',
          '%d/%m/%y',
          '%',
          '%Q',
          'x',
          '%Y-%m-%d %H:%M:%S%z',
        ]),
      },
      { dayFirst: chance.chance(0.5) },
      { decimal: chance.pick(['.', ',']) },
      { delimiter: chance.pick([',', ';', '\t', '|', 'blank', ' ', ':', 'x']) },
      { header: chance.pick([0, 1, 2, 3, 10, 100, 100_000]) },
      { encoding: chance.pick(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']) },
      { sentinels: chance.pick([[], [0], [-999, 1e300]]) },
    ];
    const chosen = Object.assign(options, ...chance.shuffled(all).slice(0, chance.between(1, 2))) as Case['options'];
    if (chance.chance(0.2)) Object.assign(chosen, { from: '2013-08-25', to: '2024-03-02' });
    log.push(JSON.stringify(chosen));
    return chosen;
  }
}

/** Names of files say nothing, and may be strange. */
function nameOf(name: string, ending: string, chance: Dice): string {
  if (chance.chance(0.85)) return name + ending;
  const strange = chance.pick([
    'a[1]',
    'a*b',
    'a?b',
    '{a,b}',
    "a'b",
    'a"b',
    'a b',
    'ä',
    '%20',
    'a=b/c',
    '2024/03/01/x',
    '#1',
    'a\\b',
    `${'x'.repeat(200)}`,
  ]);
  const wrong = chance.chance(0.3)
    ? chance.pick(['.parquet', '.xlsx', '.zip', '.csv.gz', '.json', '.sqlite', '.csv.zst', '.CSV'])
    : ending;
  return strange + wrong;
}
