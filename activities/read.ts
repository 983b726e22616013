import { MillraceError } from '../config/errors.js';
import type { Layout } from '../formats/layout.js';
import { eachOf, LOOKUPS_AT_ONCE } from '../store/each-of.js';
import { readJson, writeJson } from '../store/frames.js';
import { hashJson } from '../store/hash.js';
import { KeptRecords, refsIn } from '../store/kept.js';
import { isAnew } from './anew.js';
import type { Attempt, Stores } from './context.js';
import type { Inspected } from './inspect.js';
import { type MappedStep, mappedActivities } from './mapped.js';
import type { ReadSql } from './read-sql.js';
import { assertUnchanged, localPath, unreadable, withScratch } from './source-local.js';
import { memberPath, pathOf, pathWithin, type SourceTable, scanLayout, scannable } from './source-table.js';
import { type Fates, NOTHING, stage } from './stage.js';

export interface ReadInput {
  inspected: Inspected;
  tz: string;
}

/** What became of one table. */
export interface StagedFile extends Fates {
  key: string;
  name: string;
  path: string;
  /** Its path below the source. */
  within: string;
  /** Of the file's content, and how much of it there is. */
  sha256: string;
  bytes: number;
  form: Layout['form'];
}

/** Output of the step: all files of the source, staged. */
export interface Staged {
  uri: string;
  sha256: string;
  files: number;
  read: number;
}

interface Item {
  table: SourceTable;
  key: string;
}

/** Most of the time for a small file is not spent in DuckDB, whose threads a large one takes all. */
const FILES_AT_ONCE = 4;
/** Of smaller files nobody asks how far they are. */
const SMALL = 4_000_000;
/** A small file is as much work as so many bytes of a large one. */
const LEAST_WEIGHT = 500_000;

/** Reads tables of any kind into one form: time in µs, sensor, value; what cannot be used is set apart. */
export function createRead(stores: Stores) {
  const kept = new KeptRecords<StagedFile>(stores.objects, 'read', refsIn);

  const step: MappedStep<ReadInput, Item, Staged> = {
    // DuckDB reads some 40 MB/s of CSV on one core: twenty seconds of work.
    limits: { targetWeight: 500e6, leastWeight: 20e6, maxBatches: 500 },

    async plan({ inputs, fresh }) {
      const tables = await readJson<SourceTable[]>(stores.objects, inputs.inspected.tables);
      const worklist = { make: [] as { item: Item; weight: number }[], kept: [] as Item[] };
      const items = tables.map((table) => {
        const { file, ...how } = table;
        return { table, key: hashJson([stores.codeHash('read'), inputs.tz, how, file.sha256]) };
      });
      const there = await eachOf(
        items,
        LOOKUPS_AT_ONCE,
        async ({ table, key }) => !isAnew(fresh, { file: table.file.path }) && (await kept.get(key)) !== null,
      );
      for (const [at, item] of items.entries()) {
        if (there[at]) worklist.kept.push(item);
        else worklist.make.push({ item, weight: Math.max(LEAST_WEIGHT, item.table.file.bytes) });
      }
      return worklist;
    },

    about: ({ table }) => ({ item: pathOf(table.file, table), day: null, readings: null }),

    async batch({ inputs, fresh }, items, attempt) {
      const total = items.reduce((sum, { table }) => sum + table.file.bytes, 0);
      let done = 0;
      const shares = new Map<Item, number>();
      const tell = () => {
        const under = [...shares].reduce((sum, [{ table }, share]) => sum + share * table.file.bytes, 0);
        attempt.progress(done + under, total, 'bytes');
      };
      await eachOf(items, FILES_AT_ONCE, async (item) => {
        const { table, key } = item;
        const onShare = (share: number) => {
          shares.set(item, share);
          tell();
        };
        if (isAnew(fresh, { file: table.file.path }) || (await kept.get(key)) === null)
          await kept.put(
            key,
            await stageTable(stores, table, key, inputs.tz, attempt, table.file.bytes < SMALL ? undefined : onShare),
          );
        shares.delete(item);
        done += table.file.bytes;
        tell();
      });
    },

    async gather(_call, items, _counts, attempt) {
      const files = await eachOf(items, LOOKUPS_AT_ONCE, async ({ key, table }) => ({
        ...(await kept.must(key)),
        path: pathOf(table.file, table),
        within: pathWithin(table.file, table),
        sha256: table.file.sha256,
        bytes: table.file.bytes,
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
      attempt.measure(
        'bytes',
        files.reduce((sum, { object }) => sum + (object?.bytes ?? 0), 0),
      );
      const ref = await writeJson(stores.objects, 'staged-sources', files, files.length);
      return { uri: ref.uri, sha256: ref.sha256, files: files.length, read };
    },
  };
  return mappedActivities(stores, step);
}

async function stageTable(
  stores: Stores,
  table: SourceTable,
  key: string,
  tz: string,
  attempt: Attempt,
  onShare: ((share: number) => void) | undefined,
): Promise<StagedFile> {
  const { file, layout, name } = table;
  const path = pathOf(file, table);
  const { sha256, bytes } = file;
  const about = {
    key,
    name,
    path,
    within: pathWithin(file, table),
    sha256,
    bytes,
    form: layout?.form ?? ('long' as const),
  };
  if (layout === null) return { ...about, ...NOTHING };
  const fates = await withTable(stores, table, layout, tz, attempt, (how, scratch) =>
    stage(stores, how, scratch, attempt, onShare),
  );
  return { ...about, ...fates };
}

/** Works with a table as DuckDB can read it. @throws MillraceError MR_FILE_UNREADABLE where it cannot, MR_SOURCE_CHANGED */
export async function withTable<T>(
  stores: Stores,
  table: SourceTable,
  layout: Layout,
  tz: string,
  attempt: Attempt,
  work: (how: ReadSql, scratch: string) => Promise<T>,
): Promise<T> {
  const { file, name, site } = table;
  return withScratch(stores, async (scratch) => {
    const refuse = (error: unknown): never => {
      attempt.signal.throwIfAborted();
      throw unreadable(pathOf(file, table), table.kind === 'parquet' ? 'Parquet' : table.kind, error);
    };
    await assertUnchanged(stores, file);
    const local = await memberPath(
      await localPath(stores, file, scratch, attempt),
      table.member,
      scratch,
      attempt.signal,
    );
    const plain = await scannable(stores, local, table, layout, scratch, attempt).catch(refuse);
    const how = { ...plain, numbered: false, layout: scanLayout(layout), name, site, tz };
    const done = await work(how, scratch).catch(refuse);
    await assertUnchanged(stores, file);
    return done;
  });
}
