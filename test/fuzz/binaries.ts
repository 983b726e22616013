import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { utils, write } from '@e965/xlsx';
import sqlite from 'node-sqlite3-wasm';
import { quote } from '../../store/sql.js';
import type { TestStores } from '../support/stores.js';
import type { Seed } from './seeds.js';

/** Good files that are no text. */
export interface Binary {
  name: string;
  bytes: Buffer;
}

export interface Binaries {
  parquet: Binary[];
  sqlite: Binary[];
  /** Workbooks, by the files in them. */
  xlsx: { name: string; members: Record<string, Buffer> }[];
}

const SMALL = 80;

/** Good files of all kinds, made of good tables. */
export async function binaries(stores: TestStores, seeds: readonly Seed[]): Promise<Binaries> {
  const folder = join(stores.folder, 'seeds');
  await mkdir(folder, { recursive: true });
  try {
    const some = seeds.filter(({ name }) => ['wide', 'long', 'several', 'room-413', 'huairou', 'conn'].includes(name));
    return {
      parquet: await parquets(stores, some, folder),
      sqlite: await databases(some, folder),
      xlsx: workbooks(some),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const cells = ({ lines, delimiter }: Seed, rows = SMALL) => lines.slice(0, rows).map((line) => line.split(delimiter));

async function parquets(stores: TestStores, seeds: readonly Seed[], folder: string): Promise<Binary[]> {
  const made: Binary[] = [];
  await stores.duck.session({ tz: 'UTC', signal: undefined }, async (duck) => {
    const out = join(folder, 'out.parquet');
    const copy = async (name: string, sql: string, options: string) => {
      await duck.run(`COPY (${sql}) TO ${quote(out)} (FORMAT parquet, ${options})`);
      made.push({ name, bytes: await readFile(out) });
    };
    const options = [
      'COMPRESSION snappy',
      'COMPRESSION zstd',
      'COMPRESSION gzip',
      'COMPRESSION uncompressed',
      'COMPRESSION lz4',
      'COMPRESSION brotli, ROW_GROUP_SIZE 2048',
      'PARQUET_VERSION v2',
    ];
    for (const [at, seed] of seeds.entries()) {
      const path = join(folder, `${seed.name}.csv`);
      await writeFile(path, `${seed.lines.slice(0, 1500).join('\n')}\n`);
      const from = `SELECT * FROM read_csv(${quote(path)}, auto_detect = true)`;
      await copy(seed.name, `${from} LIMIT ${SMALL}`, options[at % options.length]!);
      await copy(`${seed.name}-more`, from, options[(at + 3) % options.length]!);
      await copy(
        `${seed.name}-text`,
        `SELECT COLUMNS(*)::VARCHAR FROM (${from} LIMIT ${SMALL})`,
        options[(at + 5) % options.length]!,
      );
    }
    const time = `TIMESTAMP '2024-03-01' + INTERVAL 1 MINUTE * i`;
    const rows = 'FROM range(100) t(i)';
    const typed: [string, string][] = [
      [
        'types',
        `SELECT ${time} AS time, i::FLOAT AS f, i::DECIMAL(18, 3) AS d, i::HUGEINT AS h, i % 2 = 0 AS b, i::UTINYINT AS u, CASE WHEN i % 3 > 0 THEN i END AS n, i::DECIMAL(38, 10) AS dd ${rows}`,
      ],
      [
        'others',
        `SELECT (${time})::TIMESTAMPTZ AS time, i AS v, {'a': i, 'b': 'x'} AS s, [i, 2] AS l, MAP {'k': i} AS m, 'x'::BLOB AS bl, uuid() AS id, TIME '01:02:03' AS clock, NULL AS nothing, INTERVAL 1 DAY AS iv ${rows}`,
      ],
      ['ns', `SELECT (${time})::TIMESTAMP_NS AS time, 'a' || i % 3 AS sensor, i / 7 AS value ${rows}`],
      [
        'ms',
        `SELECT (${time})::TIMESTAMP_MS AS time, i % 3 AS sensor, CASE WHEN i = 5 THEN 'nan'::DOUBLE WHEN i = 6 THEN 'inf'::DOUBLE ELSE i END AS value ${rows}`,
      ],
      ['date', `SELECT DATE '2024-01-01' + i::INTEGER AS day, i AS value ${rows}`],
      [
        'infinite',
        `SELECT CASE WHEN i = 3 THEN 'infinity'::TIMESTAMP WHEN i = 4 THEN '-infinity'::TIMESTAMP WHEN i = 5 THEN NULL ELSE ${time} END AS time, i AS value ${rows}`,
      ],
      ['names', `SELECT ${time} AS "time", i AS "a""b", i AS "it's", i AS " ", i AS "x/y", i AS "ä" ${rows}`],
      ['empty', `SELECT ${time} AS time, i AS v ${rows} LIMIT 0`],
      ['epoch', `SELECT epoch_us(${time}) AS ts, i AS v ${rows}`],
      ['struct-time', `SELECT {'t': ${time}} AS time, i AS v ${rows}`],
      ['far', `SELECT TIMESTAMP '290000-01-01' + INTERVAL 1 MINUTE * i AS time, i AS v ${rows}`],
    ];
    for (const [name, sql] of typed) await copy(name, sql, 'COMPRESSION snappy');
  });
  return made;
}

async function databases(seeds: readonly Seed[], folder: string): Promise<Binary[]> {
  const made: Binary[] = [];
  const make = async (
    name: string,
    fill: (run: (sql: string, values?: (string | number | null | Uint8Array)[]) => void) => void,
  ) => {
    const path = join(folder, `${name}.sqlite`);
    const database = new sqlite.Database(path);
    fill((sql, values) => (values === undefined ? database.exec(sql) : void database.run(sql, values)));
    database.close();
    made.push({ name, bytes: await readFile(path) });
  };
  const insert = (
    run: (sql: string, values?: (string | number | null | Uint8Array)[]) => void,
    table: string,
    seed: Seed,
    rows?: number,
  ) => {
    const [names = [], ...records] = cells(seed, rows);
    const list = names.map((name) => `"${name}"`).join(', ');
    run(`CREATE TABLE ${table} (${list})`);
    for (const record of records)
      run(
        `INSERT INTO ${table} VALUES (${names.map(() => '?').join(', ')})`,
        names.map((_, at) => {
          const cell = record[at] ?? null;
          return cell !== null && /^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : cell;
        }),
      );
  };
  for (const seed of seeds.slice(0, 3)) await make(seed.name, (run) => insert(run, 'readings', seed));
  await make('pages', (run) => {
    run('PRAGMA page_size = 512');
    insert(run, 'readings', seeds[0]!, 200);
  });
  await make('utf16', (run) => {
    run("PRAGMA encoding = 'UTF-16le'");
    insert(run, 'readings', seeds[0]!);
  });
  await make('several', (run) => {
    run('PRAGMA page_size = 1024');
    insert(run, 'one', seeds[0]!, 40);
    insert(run, '"t w"', seeds[1]!, 40);
    run('CREATE VIEW v AS SELECT * FROM one');
    run('CREATE VIEW broken AS SELECT * FROM nowhere');
    run(
      'CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5000) SELECT n AS time, n AS value FROM r',
    );
    run('CREATE TABLE w (time TEXT PRIMARY KEY, value REAL) WITHOUT ROWID');
    run("INSERT INTO w VALUES ('2024-01-01 00:00:00', 1), ('2024-01-01 00:01:00', 9e999)");
    run('CREATE INDEX i ON w (value)');
    run('CREATE TABLE e (a)');
  });
  await make('cells', (run) => {
    run('CREATE TABLE t (time, value, b, g AS (value + 1))');
    for (let at = 0; at < 60; at++)
      run('INSERT INTO t (time, value, b) VALUES (?, ?, ?)', [
        `2024-01-01 00:${String(at).padStart(2, '0')}:00`,
        at % 7 === 0 ? 'x,"y"\n' : at,
        at % 5 === 0 ? new Uint8Array([0, 1, 2]) : null,
      ]);
    run(
      "INSERT INTO t (time, value, b) VALUES (9223372036854775807, -9223372036854775808, ''), (1e308, 'ä\u0001', x'00')",
    );
  });
  await make('none', (run) => run('CREATE TABLE a (b); DROP TABLE a'));
  return made;
}

function workbooks(seeds: readonly Seed[]): Binaries['xlsx'] {
  const made: Binaries['xlsx'] = [];
  const values = (seed: Seed, rows = SMALL) =>
    cells(seed, rows).map((row) => row.map((cell) => (/^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : cell)));
  for (const [at, seed] of seeds.slice(0, 4).entries()) {
    const book = utils.book_new();
    const rows = values(seed);
    if (at % 2 === 0)
      for (const row of rows)
        if (typeof row[0] === 'string' && /^\d{4}-/.test(row[0]))
          (row as unknown[])[0] = new Date(`${row[0].slice(0, 19).replace(' ', 'T')}Z`);
    utils.book_append_sheet(book, utils.aoa_to_sheet(rows), 'Data');
    if (at > 1) {
      utils.book_append_sheet(book, utils.aoa_to_sheet([['a remark'], [], ['x', 1]]), 'Notes');
      utils.book_append_sheet(book, utils.aoa_to_sheet([]), 'Empty');
    }
    const bytes = write(book, { type: 'buffer', bookType: 'xlsx', bookSST: at % 2 === 1, compression: true }) as Buffer;
    made.push({ name: `${seed.name}${at}`, members: unzipped(bytes) });
  }
  return made;
}

/** The files of a good archive. */
function unzipped(bytes: Buffer): Record<string, Buffer> {
  const members: Record<string, Buffer> = {};
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let at = bytes.readUInt32LE(end + 16);
  for (let n = bytes.readUInt16LE(end + 10); n > 0; n--) {
    const [method, packed] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((place) => bytes.readUInt16LE(at + place)) as [
      number,
      number,
      number,
    ];
    const local = bytes.readUInt32LE(at + 42);
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(from, from + packed);
    members[bytes.toString('utf8', at + 46, at + 46 + name)] =
      method === 8 ? inflateRawSync(content) : Buffer.from(content);
    at += 46 + name + extra + comment;
  }
  return members;
}
