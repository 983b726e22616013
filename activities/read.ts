import { createReadStream } from 'node:fs';
import { rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { MillraceError } from '../config/errors.js';
import type { DuckSession } from '../store/duck.js';
import { eachOf, LOOKUPS_AT_ONCE } from '../store/each-of.js';
import { adoptFile, readJson, writeJson } from '../store/frames.js';
import { hashJson } from '../store/hash.js';
import { KeptRecords, refsIn } from '../store/kept.js';
import type { Stored } from '../store/objects/object-store.js';
import { quote } from '../store/sql.js';
import type { Attempt, Stores } from './context.js';
import { type Column, type ColumnChoice, type Layout, layoutOf } from './layout.js';
import { type MappedStep, mappedActivities } from './mapped.js';
import { isGzip, parquetScanSql, quarantineSql, stagedSql } from './read-sql.js';
import type { Listing, SourceFile } from './source.js';
import { localName, splitUrl } from './source-bucket.js';

export interface ReadInput extends ColumnChoice {
  listing: Listing;
  tz: string;
}

/** The good readings of one day in one file, and a fingerprint of them that does not depend on their order. */
export interface FileDay {
  /** Days since 1970-01-01 in the source's zone. */
  day: number;
  rows: number;
  print: string;
}

/** What became of one file: its readings staged as Parquet in their order, and counted by fate. */
export interface StagedFile {
  key: string;
  name: string;
  path: string;
  /** Parquet of all its readings; null where there are none. */
  object: Stored | null;
  form: Layout['form'];
  zoneless: boolean;
  read: number;
  missing: number;
  quarantined: Record<string, number>;
  /** Parquet of the unusable readings, or null. */
  quarantine: Stored | null;
  days: FileDay[];
}

/** Output of the step: all files of the source, staged. */
export interface Staged {
  uri: string;
  sha256: string;
  files: number;
  read: number;
}

interface Item {
  file: SourceFile;
  key: string;
}

/** Reads files of any supported kind into one form: time in µs, sensor, value; what cannot be used is set apart. */
export function createRead(stores: Stores) {
  const kept = new KeptRecords<StagedFile>(stores.objects, 'read', refsIn);

  const step: MappedStep<ReadInput, Item, Staged> = {
    // DuckDB reads some 40 MB/s of CSV on one core: twenty seconds of work.
    limits: { targetWeight: 500e6, leastWeight: 20e6, maxBatches: 500 },

    async plan({ inputs }) {
      const files = await readJson<SourceFile[]>(stores.objects, inputs.listing.ref);
      const how = { tz: inputs.tz, time: inputs.timeColumn, sensor: inputs.sensorColumn, value: inputs.valueColumn };
      const worklist = { make: [] as { item: Item; weight: number }[], kept: [] as Item[] };
      const items = files.map((file) => ({
        file,
        key: hashJson([stores.codeHash('read'), how, file.name, file.format, file.sha256]),
      }));
      const there = await eachOf(items, LOOKUPS_AT_ONCE, async ({ key }) => (await kept.get(key)) !== null);
      for (const [at, item] of items.entries()) {
        if (there[at]) worklist.kept.push(item);
        else worklist.make.push({ item, weight: item.file.bytes });
      }
      return worklist;
    },

    async batch({ inputs }, items, attempt) {
      for (const [done, { file, key }] of items.entries()) {
        attempt.progress(done, items.length, 'files');
        if ((await kept.get(key)) === null) await kept.put(key, await stageFile(stores, file, key, inputs, attempt));
      }
    },

    async gather(_call, items) {
      const files = await eachOf(items, LOOKUPS_AT_ONCE, async ({ key, file }) => ({
        ...(await kept.must(key)),
        path: file.path,
      }));
      files.sort((a, b) => (a.path < b.path ? -1 : 1));
      const read = files.reduce((sum, file) => sum + file.read, 0);
      if (read === 0) {
        throw new MillraceError(
          'MR_SOURCE_EMPTY',
          `the source holds no records: ${files.length} files, each empty or a header only`,
          {
            next: 'point the source at files with at least one row below the header',
          },
        );
      }
      const ref = await writeJson(stores.objects, 'staged-sources', files, files.length);
      return { uri: ref.uri, sha256: ref.sha256, files: files.length, read };
    },
  };
  return mappedActivities(stores, step);
}

async function stageFile(
  stores: Stores,
  file: SourceFile,
  key: string,
  input: ReadInput,
  attempt: Attempt,
): Promise<StagedFile> {
  const staged: StagedFile = {
    key,
    name: file.name,
    path: file.path,
    object: null,
    form: 'long',
    zoneless: false,
    read: 0,
    missing: 0,
    quarantined: {},
    quarantine: null,
    days: [],
  };
  if (file.bytes === 0) return staged;

  const scratch = await stores.objects.scratch();
  try {
    await assertUnchanged(stores, file);
    const at = await localPath(stores, file, scratch, attempt);
    if (isGzip(file.path)) await assertWhole(file, at, attempt.signal);
    await stores.duck.session({ tz: input.tz, signal: attempt.signal }, async (duck) => {
      const path = await plainPath(at, scratch);
      const columns = await columnsOf(duck, file, path, scratch);
      if (columns.length === 0) return;
      const layout = layoutOf(file.path, columns, input);
      const sql = { path, format: file.format, columns, layout, name: file.name, tz: input.tz };
      const out = join(scratch, 'staged.parquet');
      await duck
        .run(`COPY (${stagedSql(sql)}) TO ${quote(out)} (FORMAT parquet)`)
        .catch((error: unknown) => unreadable(file, error));
      await assertUnchanged(stores, file);

      staged.form = layout.form;
      staged.zoneless = await isZoneless(duck, out);
      const width = layout.form === 'wide' ? layout.sensors.length : 1;
      await count(duck, out, staged, width, file.format !== 'parquet');
      if (Object.keys(staged.quarantined).length > 0) {
        const bad = join(scratch, 'quarantine.parquet');
        await duck.run(
          `COPY (${quarantineSql(out, width, file.format === 'parquet' ? null : path)}) TO ${quote(bad)} (FORMAT parquet)`,
        );
        staged.quarantine = await adoptFile(stores.objects, 'quarantine', bad);
      }
      await duck.run('DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans');
      staged.object = await adoptFile(stores.objects, 'staged', out);
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return staged;
}

/** A gzip file that was cut off would pass for a shorter one: DuckDB does not look at its end. */
async function assertWhole(file: SourceFile, at: string, signal: AbortSignal): Promise<void> {
  const nowhere = new Writable({ write: (_block, _encoding, done) => done() });
  await pipeline(createReadStream(at), createGunzip(), nowhere, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    unreadable(file, error);
  });
}

/** DuckDB expands `*`, `?` and `[` in paths; a file that is called so is reached by another name. */
async function plainPath(path: string, scratch: string): Promise<string> {
  if (!/[*?[\]{}]/.test(path)) return path;
  const link = join(scratch, isGzip(path) ? 'source.gz' : 'source');
  await symlink(path, link);
  return link;
}

/** The columns of a file; none when it holds no text at all. */
async function columnsOf(duck: DuckSession, file: SourceFile, path: string, scratch: string): Promise<Column[]> {
  if (file.format === 'parquet') {
    const rows = await duck
      .rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${parquetScanSql(path)}`)
      .catch((error: unknown) => unreadable(file, error));
    return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
  }
  // Only the first line decides the columns: DuckDB's look at more of the file would give up at the first bad record.
  const line = await firstLine(file, path);
  if (line === null) return [];
  if (line.trim() === '') unreadable(file, 'its first line is blank, where the names of the columns should be');
  const header = join(scratch, 'header.csv');
  await writeFile(header, `${line}\n`);
  const delimiter = file.format === 'tsv' ? "E'\\t'" : "','";
  const [sniffed] = await duck
    .rows<{ columns: { name: string }[] }>(
      `SELECT list_transform(Columns, lambda c: {'name': c.name}) AS columns
       FROM sniff_csv(${quote(header)}, header = true, all_varchar = true, delim = ${delimiter}, quote = '"', escape = '"')`,
    )
    .catch((error: unknown) => unreadable(file, error));
  return sniffed!.columns.map(({ name }) => ({ name, type: 'VARCHAR' }));
}

/** The first line of a text file, or null when it holds nothing but blank lines. DuckDB takes lines of up to 2 MB. */
async function firstLine(file: SourceFile, path: string): Promise<string | null> {
  const raw = createReadStream(path, { end: 2_000_000 });
  const source = isGzip(file.path) ? raw.pipe(createGunzip()) : raw;
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const block of source) {
      text += decoder.decode(block as Buffer, { stream: true });
      const end = text.search(/\r?\n/);
      if (end !== -1 && text.trim() !== '') return text.slice(0, end);
    }
  } catch (error) {
    // A gzip stream of which only the beginning was read ends early; what came out of it is enough.
    if (text === '') unreadable(file, error);
  } finally {
    raw.destroy();
  }
  return text.trim() === '' ? null : text.split(/\r?\n/, 1)[0]!;
}

async function isZoneless(duck: DuckSession, staged: string): Promise<boolean> {
  const [row] = await duck.rows<{ zoneless: boolean | null }>(
    `SELECT zoneless FROM read_parquet(${quote(staged)}) WHERE reason IS NULL LIMIT 1`,
  );
  return row?.zoneless ?? false;
}

async function count(duck: DuckSession, path: string, staged: StagedFile, width: number, text: boolean): Promise<void> {
  const from = `FROM read_parquet(${quote(path)})`;
  for (const { reason, n } of await duck.rows<{ reason: string | null; n: number }>(
    `SELECT reason, count(*)::DOUBLE AS n ${from} GROUP BY reason`,
  )) {
    staged.read += n;
    if (reason === 'missing') staged.missing += n;
    else if (reason !== null) staged.quarantined[reason] = n;
  }
  if (text) {
    const [rejects] = await duck.rows<{ n: number }>('SELECT count(DISTINCT line)::DOUBLE AS n FROM reject_errors');
    if (rejects!.n > 0) staged.quarantined.bad_record = rejects!.n * width;
    staged.read += rejects!.n * width;
  }
  // XOR and an exact integer sum: the same in whatever order threads deliver rows.
  staged.days = await duck.rows<FileDay>(
    `SELECT day, count(*)::DOUBLE AS rows,
            bit_xor(hash(time, sensor, value))::VARCHAR || '-' || sum(hash(time, sensor, value))::VARCHAR AS print
     ${from} WHERE reason IS NULL GROUP BY day ORDER BY day`,
  );
}

/** Where the bytes of a file can be read: where it lies, or, of an object in a bucket, a copy beside what is made of it. */
async function localPath(stores: Stores, file: SourceFile, scratch: string, attempt: Attempt): Promise<string> {
  if (file.tag === undefined) return file.path;
  const { bucket, key } = splitUrl(file.path);
  const path = join(scratch, localName(file.path));
  await (await stores.buckets()).download(bucket, { ...file, key, tag: file.tag }, path, attempt.signal);
  return path;
}

async function assertUnchanged(stores: Stores, file: SourceFile): Promise<void> {
  if (file.tag === undefined) {
    const now = await stat(file.path).catch(() => null);
    if (now?.size === file.bytes && now.mtimeMs === file.modifiedMs) return;
  } else {
    const { bucket, key } = splitUrl(file.path);
    if (await (await stores.buckets()).isSame(bucket, { key, tag: file.tag })) return;
  }
  throw new MillraceError('MR_SOURCE_CHANGED', `${file.path} changed while it was read`, {
    next: 'run again when nothing writes to it',
  });
}

function unreadable(file: SourceFile, cause: unknown): never {
  const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  throw new MillraceError(
    'MR_FILE_UNREADABLE',
    `${file.path} cannot be read as ${file.format}: ${why}`,
    { next: 'write the file anew, or leave it out with "files"' },
    { cause },
  );
}
