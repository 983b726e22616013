import type { ReadParams } from '../../activities/choice.js';
import type { TestStores } from '../support/stores.js';
import { type Binaries, binaries } from './binaries.js';
import { type Dice, dice } from './dice.js';
import { asJson, JSONS } from './json.js';
import { BYTES, CELLS, encoded, joined, LINES, type Lines, type Mutation, mutated } from './mutate.js';
import { GZIP, gzip, strangeZip, ZIP, ZSTD, zip, zstd } from './pack.js';
import { type Seed, seeds } from './seeds.js';
import { XMLS } from './xml.js';

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

const KINDS = ['text', 'text', 'text', 'json', 'gzip', 'zip', 'zstd', 'parquet', 'sqlite', 'xlsx'] as const;
type Kind = (typeof KINDS)[number];

interface Made {
  bytes: Buffer;
  ending: string;
  records: number | null;
  twin: { how: string; ending: string; bytes: Buffer } | null;
}

const MOST_TWIN_BYTES = 120_000;

const ALONE = { records: null, twin: null };

const asText = ({ name, make }: Mutation<Buffer>): Mutation<string> => ({
  name,
  make: (text, chance, other) => make(Buffer.from(text, 'latin1'), chance, Buffer.from(other)).toString('latin1'),
});

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
  private constructor(
    private readonly seeds: Seed[],
    private readonly binaries: Binaries,
  ) {}

  static async open(stores: TestStores): Promise<Cases> {
    const tables = await seeds();
    return new Cases(tables, await binaries(stores, tables));
  }

  make(seed: number): Case {
    const chance = dice(seed);
    const log: string[] = [];
    const table = this.table(chance);
    const kind = chance.pick(KINDS);
    log.push(table.name, kind);
    const made = this.made(kind, table, chance, log);
    const name = nameOf(table.name, made.ending, chance);
    const files: Case['files'] = { [name]: made.bytes };
    const beside = chance.chance(0.12);
    if (beside) files['good/wide.csv'] = `${this.seeds.find((each) => each.name === 'wide')!.lines.join('\n')}\n`;
    const options = this.options(table, chance, log);
    const plain = Object.keys(options).length === 3;
    // Of longer ones, how much is looked at to see what they are depends on how they are packed.
    const twin =
      made.bytes.length > MOST_TWIN_BYTES || (made.twin?.bytes.length ?? 0) > MOST_TWIN_BYTES ? null : made.twin;
    return {
      kind,
      log,
      files,
      options,
      abortMs: chance.chance(0.03) ? chance.below(80) : null,
      records: beside || !plain ? null : made.records,
      twin:
        twin === null || beside || !plain || name !== table.name + made.ending
          ? null
          : { how: twin.how, files: { [table.name + twin.ending]: twin.bytes } },
    };
  }

  /** Long ones are what takes the time: they come less often. */
  private table(chance: Dice): Seed {
    const table = chance.pick(this.seeds);
    return table.lines.length > 1000 && chance.chance(0.6) ? this.table(chance) : table;
  }

  private made(kind: Kind, table: Seed, chance: Dice, log: string[]): Made {
    if (kind === 'text') return this.text(table, chance, log);
    if (kind === 'json') return this.json(table, chance, log);
    if (kind === 'parquet' || kind === 'sqlite') {
      const of = this.binaries[kind];
      const one = chance.pick(of);
      log.push(one.name);
      const bytes = chance.chance(0.06) ? one.bytes : mutated(one.bytes, BYTES, 4, chance, chance.pick(of).bytes, log);
      return {
        ...ALONE,
        bytes,
        ending: chance.pick(kind === 'parquet' ? ['.parquet', '.parquet', '.pq'] : ['.sqlite', '.db']),
      };
    }
    if (kind === 'xlsx') return this.workbook(chance, log);
    const inner = this.text(table, chance, log);
    const other = Buffer.from(chance.pick(this.seeds).lines.join('\n'));
    const bytes = inner.bytes;
    if (kind === 'gzip' || kind === 'zstd') {
      const packed =
        kind === 'gzip'
          ? gzip(bytes)
          : zstd(bytes, { block: chance.pick(bytes.length < 500_000 ? [100, 1000, 100_000] : [100_000]) });
      const ending = inner.ending + (kind === 'gzip' ? '.gz' : '.zst');
      const twin = { how: `from ${kind}`, ending: inner.ending, bytes };
      if (chance.chance(0.3)) return { bytes: packed, ending, records: inner.records, twin };
      const list = kind === 'gzip' ? GZIP : ZSTD;
      return { ...ALONE, bytes: mutated(packed, chance.chance(0.5) ? list : BYTES, 3, chance, other, log), ending };
    }
    const inside = `${table.name}${inner.ending}`;
    if (chance.chance(0.4)) {
      const { how, bytes: strange } = strangeZip(inside, bytes, chance, other);
      log.push(how);
      return { ...ALONE, bytes: strange, ending: '.zip' };
    }
    const packed = zip([{ name: inside, bytes }]);
    if (chance.chance(0.3)) {
      return {
        bytes: packed,
        ending: '.zip',
        records: inner.records,
        twin: { how: 'from zip', ending: inner.ending, bytes },
      };
    }
    return {
      ...ALONE,
      bytes: mutated(packed, chance.chance(0.5) ? ZIP : BYTES, 3, chance, other, log),
      ending: '.zip',
    };
  }

  private json(table: Seed, chance: Dice, log: string[]): Made {
    const { text, form } = asJson(
      chance.chance(0.4) ? mutated<Lines>(table, CELLS, 4, chance, table, log) : table,
      chance,
    );
    log.push(form);
    const changed = chance.chance(0.7) ? mutated(text, JSONS, 4, chance, text, log) : text;
    const { bytes, how } = encoded(changed, chance);
    log.push(how);
    const out = chance.chance(0.3) ? mutated(bytes, BYTES, 3, chance, Buffer.from(table.lines.join('\n')), log) : bytes;
    return {
      ...ALONE,
      bytes: out,
      ending: chance.pick(['.json', '.jsonl', '.ndjson']),
      twin: { how: 'when packed', ending: '.json.gz', bytes: gzip(out) },
    };
  }

  /** Parts of it are damaged and packed again, so that the damage is not found by a sum. */
  private workbook(chance: Dice, log: string[]): Made {
    const { name, members } = chance.pick(this.binaries.xlsx);
    log.push(name);
    const all = { ...members };
    const names = Object.keys(all);
    if (chance.chance(0.75)) {
      for (let n = chance.between(1, 3); n > 0; n--) {
        const sheets = names.filter((each) => /sheet\d|workbook\.xml$|sharedStrings|styles/.test(each));
        const part = chance.pick(chance.chance(0.8) ? sheets : names);
        log.push(part);
        if (chance.chance(0.08)) delete all[part];
        else if (all[part] !== undefined) {
          const list = chance.chance(0.7) ? XMLS : BYTES.map(asText);
          all[part] = Buffer.from(mutated(all[part].toString('latin1'), list, 3, chance, '<x/>', log), 'latin1');
        }
      }
    }
    const bytes = zip(Object.entries(all).map(([part, content]) => ({ name: part, bytes: content })));
    return {
      ...ALONE,
      bytes: chance.chance(0.2) ? mutated(bytes, BYTES, 3, chance, bytes, log) : bytes,
      ending: chance.pick(['.xlsx', '.xlsm']),
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
    return { bytes, ending, records: null, twin: this.twinOf(text, encoding, bytes, ending, chance) };
  }

  /** The same text, encoded or packed in another way. */
  private twinOf(text: string, encoding: string, bytes: Buffer, ending: string, chance: Dice): Made['twin'] {
    if (!chance.chance(0.5)) return null;
    const utf =
      encoding.startsWith('utf') &&
      Buffer.from(text).toString() === text &&
      !/[\0\ufeff]/.test(text) &&
      text.length < 60_000;
    if (!utf || chance.chance(0.3)) return { how: 'when packed', ending: `${ending}.gz`, bytes: gzip(bytes) };
    const how = encoding.startsWith('utf-8') ? 'in UTF-16' : 'in UTF-8';
    return { how, ending, bytes: Buffer.from(`\ufeff${text}`, how === 'in UTF-16' ? 'utf16le' : 'utf8') };
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
      { utcOffset: chance.pick(['UTC', '+05:30', '-14:00']) },
      { sensorPath: chance.pick(['{file}', '**/{file}', '{file}.*', '{folder}/**']) },
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
