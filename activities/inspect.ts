import { MillraceError } from '../config/errors.js';
import { nearest } from '../config/nearest.js';
import { agreed } from '../formats/agreement.js';
import { layoutOf } from '../formats/layout.js';
import { partsNamed } from '../formats/path-pattern.js';
import { seriesName } from '../formats/series-name.js';
import type { Shape } from '../formats/shape.js';
import { addOrder, type DayOrder, decideOrder, type OrderDecision, type OrderEvidence } from '../formats/times.js';
import { eachOf, LOOKUPS_AT_ONCE } from '../store/each-of.js';
import { readJson, writeJson } from '../store/frames.js';
import { hashJson } from '../store/hash.js';
import { KeptRecords } from '../store/kept.js';
import { isAnew } from './anew.js';
import { choiceOf, type ReadParams } from './choice.js';
import type { Stores } from './context.js';
import { findingsOf } from './findings.js';
import { inspectFile, type LeftOut, type SeenFile, type SeenTable } from './inspect-file.js';
import { type MappedStep, mappedActivities } from './mapped.js';
import type { Listing, SourceFile } from './source.js';
import { assertUnchanged, withScratch } from './source-local.js';
import { pathOf, pathWithin, type SourceTable } from './source-table.js';

export interface InspectInput extends ReadParams {
  listing: Listing;
}

/** Output of the step: all tables of the source, how each is read, and what people are told of it. */
export interface Inspected {
  /** Address of the `SourceTable`s. */
  tables: { uri: string; sha256: string };
  /** Address of the `Findings`. */
  findings: { uri: string; sha256: string };
}

interface Item {
  file: SourceFile;
  key: string;
}

/** Of each file, its first lines are looked at: this much work, whatever its size. */
const HEAD_WEIGHT = 300_000;
const LEAST_WEIGHT = 20_000;
/** While one waits for its disk, another is looked at. */
const FILES_AT_ONCE = 4;

/** Finds out how the files of a source are written and what their columns are for. */
export function createInspect(stores: Stores) {
  const kept = new KeptRecords<SeenFile>(stores.objects, 'inspect', () => []);

  const step: MappedStep<InspectInput, Item, Inspected> = {
    limits: { targetWeight: 100e6, leastWeight: 20e6, maxBatches: 500 },

    async plan({ inputs, fresh }) {
      const { listing, ...params } = inputs;
      const files = await readJson<SourceFile[]>(stores.objects, listing.ref);
      const choice = choiceOf(params);
      const worklist = { make: [] as { item: Item; weight: number }[], kept: [] as Item[] };
      const items = files.map((file) => ({
        file,
        key: hashJson([stores.codeHash('inspect'), choice, file.name, file.sha256]),
      }));
      const there = await eachOf(
        items,
        LOOKUPS_AT_ONCE,
        async ({ file, key }) => !isAnew(fresh, { file: file.path }) && (await kept.get(key)) !== null,
      );
      for (const [at, item] of items.entries()) {
        if (there[at]) worklist.kept.push(item);
        else worklist.make.push({ item, weight: Math.max(LEAST_WEIGHT, Math.min(item.file.bytes, HEAD_WEIGHT)) });
      }
      return worklist;
    },

    about: ({ file }) => ({ item: file.path, day: null, readings: null }),

    async batch({ inputs, fresh }, items, attempt) {
      const choice = choiceOf(inputs);
      let done = 0;
      await eachOf(items, FILES_AT_ONCE, async ({ file, key }) => {
        attempt.signal.throwIfAborted();
        if (isAnew(fresh, { file: file.path }) || (await kept.get(key)) === null) {
          await assertUnchanged(stores, file);
          const seen = await withScratch(stores, (scratch) => inspectFile({ stores, file, choice, scratch, attempt }));
          await kept.put(key, seen);
        }
        attempt.progress(++done, items.length, 'files');
      });
    },

    async gather({ inputs }, items, _counts, attempt) {
      const seen = await eachOf(items, LOOKUPS_AT_ONCE, async ({ key, file }) => ({
        file,
        ...(await kept.must(key)),
      }));
      seen.sort((a, b) => (a.file.path < b.file.path ? -1 : 1));
      const leftOut = seen.flatMap((each) => each.leftOut);
      const found = seen.flatMap((each) => each.tables.map((table) => ({ ...table, file: each.file })));
      const tables = agreed(found, ({ kind }) => kind === 'text');
      if (tables.length === 0) throw nothingToRead(leftOut, inputs);
      const orders = ordersOf(tables, inputs.dayFirst);
      const names = namesOf(tables, inputs.sensorPath);
      const pinned = tables.map((table, at) => sourceTable(table, orders[at]!.order, names[at]!));
      const findings = findingsOf(seen.length, tables, orders, leftOut);
      attempt.measure('tables', tables.length);
      attempt.measure('leftOut', leftOut.length);
      const put = async (prefix: string, value: unknown) => {
        const { uri, sha256 } = await writeJson(stores.objects, prefix, value);
        return { uri, sha256 };
      };
      return { tables: await put('source-tables', pinned), findings: await put('findings', findings) };
    },
  };
  return mappedActivities(stores, step);
}

/** What begins the ids of the sensors of a table: in wide form, and in the others. */
type SensorNames = Pick<SourceTable, 'name' | 'site'>;

/** @throws MillraceError MR_PARAM when a table does not lie where the pattern says */
function namesOf(tables: readonly (SeenTable & { file: SourceFile })[], pattern: string | null): SensorNames[] {
  const paths = tables.map((table) => pathWithin(table.file, table));
  if (pattern === null) return paths.map((path) => ({ name: seriesName(path), site: '' }));
  const odd: string[] = [];
  const names = paths.map((path) => {
    const parts = partsNamed(pattern, path);
    if (parts === null) odd.push(path);
    const name = (parts ?? []).join('/');
    return { name, site: name };
  });
  const [first] = odd;
  if (first === undefined) return names;
  throw new MillraceError(
    'MR_PARAM',
    `sensorPath ${JSON.stringify(pattern)} does not fit ${odd.length} of ${paths.length} tables: ${first}`,
    {
      allowed: 'a pattern of all paths below the source: {name} is kept, * is any of a part, ** are any parts',
      next: 'change the pattern, or leave out with "files" what it does not fit',
    },
  );
}

function sourceTable(
  { shape, types, ...table }: SeenTable & { file: SourceFile },
  order: DayOrder,
  names: SensorNames,
): SourceTable {
  return {
    ...table,
    ...names,
    layout: shape === null ? null : layoutOf(shape, order, types),
  };
}

/**
 * Whether days or months come first in each table: as its own dates say, else as those of the others do.
 * @throws MillraceError MR_TIME_AMBIGUOUS when none says so
 */
function ordersOf(tables: readonly (SeenTable & { file: SourceFile })[], dayFirst: boolean | null): OrderDecision[] {
  const open = tables.map(({ shape }) => shape?.order ?? null);
  const all = open.reduce<OrderEvidence | null>(
    (sum, order) => (order === null ? sum : sum === null ? order : addOrder(sum, order)),
    null,
  );
  const common = all === null ? null : decideOrder(all);
  return open.map((order, at) => {
    if (dayFirst !== null)
      return { order: dayFirst ? 'day-first' : 'month-first', sure: 'certain', why: 'it was named' };
    if (order === null) return { order: 'day-first', sure: 'certain', why: 'no date leaves it open' };
    const own = decideOrder(order);
    // In a few days of one file, chance may speak louder than in all files.
    if (own !== null && (own.sure === 'certain' || common === null)) return own;
    if (common !== null) return { ...common, why: own === null ? `${common.why}, in other files` : common.why };
    throw ambiguous(tables[at]!);
  });
}

function ambiguous(table: SeenTable & { file: SourceFile }): MillraceError {
  const { columns, roles, preview } = table.shape as Shape;
  const name = roles.time.form === 'one' ? roles.time.column : roles.time.form === 'date-clock' ? roles.time.date : '';
  const at = columns.findIndex((column) => column.name === name);
  const cells = preview.map((row) => row[at]?.trim() ?? '');
  const cell = cells.find((each) => /\d+\D\d+\D\d+/.test(each)) ?? '03/04/2024';
  const [one, two] = cell.match(/\d+/g) ?? ['', ''];
  return new MillraceError(
    'MR_TIME_AMBIGUOUS',
    `${pathOf(table.file, table)}: "${cell}" in the column "${name}" may be day ${one} of month ${two}, or day ${two} of month ${one}; no other date says which`,
    { next: 'set dayFirst=true where the day comes first, dayFirst=false where the month does' },
  );
}

const OPTION = { time: 'timeColumn', sensor: 'sensorColumn', value: 'valueColumn' } as const;
const MOST_COLUMNS = 20;

function nothingToRead(leftOut: readonly LeftOut[], inputs: InspectInput): MillraceError {
  const [first] = leftOut;
  if (first === undefined)
    return new MillraceError('MR_SOURCE_EMPTY', `the source holds no table: ${inputs.listing.source}`, {
      next: 'point the source at files with readings',
    });
  const others = leftOut.length > 1 ? `, nor in ${leftOut.length - 1} other files` : '';
  const found = `there is nothing to read in ${first.path}${others}: ${first.why}`;
  if (first.role === null)
    return new MillraceError('MR_FILE_UNREADABLE', found, {
      allowed: 'a table of readings: a time and at least one number in each record',
      next: 'name how it is written with delimiter, header and encoding, or leave it out with "files"',
    });
  const { columns, role } = first;
  const wanted = [inputs[OPTION[role]] ?? []].flat();
  const alike = [...new Set(wanted.flatMap((want) => nearest(want, [...columns])))];
  const list =
    columns.length > MOST_COLUMNS
      ? `${columns.slice(0, MOST_COLUMNS).join(', ')} and ${columns.length - MOST_COLUMNS} more`
      : columns.join(', ');
  return new MillraceError('MR_COLUMN_MISSING', found, {
    allowed: `its columns: ${list}${alike.length > 0 ? `; these look alike: ${alike.join(', ')}` : ''}`,
    next:
      role === 'time'
        ? 'name the column of the time with timeColumn, or those of year, month, day and so on in this order, and how it is written with timeFormat; if it has no names, set header=0'
        : `name the columns with ${OPTION[role]}`,
  });
}
