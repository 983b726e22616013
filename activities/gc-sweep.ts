import { eachOf, LOOKUPS_AT_ONCE } from '../store/each-of.js';
import { type Columns, decodeColumns } from '../store/frames.js';
import { refsIn } from '../store/kept.js';
import type { FoundObject, ObjectStore } from '../store/objects/object-store.js';
import type { Attempt } from './context.js';
import { kindOf, STORED } from './gc-kinds.js';
import { type Needed, readDocument, readThere } from './gc-needed.js';

/** Objects of one kind that go. */
export interface SweptKind {
  /** How their keys begin. */
  kind: string;
  /** The same in words. */
  what: string;
  objects: number;
  bytes: number;
}

/** How old what goes must be, in ms since 1970. */
export interface Ages {
  /** What was written since is never touched. */
  graceMs: number;
  /** Records that speak of no object stay when they were written since; null: all do. */
  runsMs: number | null;
}

/** Packs of kept rows read at once: each is held in memory. */
const PACKS_AT_ONCE = 4;
/** Records of which the contents are held at once. */
const RECORDS_AT_ONCE = 1000;

/**
 * Kept records and packs that no longer help anybody. A record stays while all it speaks of is needed; one that stays
 * for another reason, since it is young or of a run that goes on, needs what it speaks of. A pack of rows stays while a
 * chunk that is needed has a row in it.
 */
export async function outdatedRecords(
  objects: ObjectStore,
  needed: Needed,
  { graceMs, runsMs }: Ages,
  attempt: Attempt,
): Promise<FoundObject[]> {
  const old: (FoundObject & { speaksOf: string[] })[] = [];
  const packs: FoundObject[] = [];
  let seen = 0;
  const judge = async (found: FoundObject) => {
    const record = await readDocument(objects, found.key);
    const speaksOf = refsIn(record).filter((uri) => uri !== '');
    if (found.modifiedMs >= graceMs || needed.has(keyOf(found))) await needed.add(record);
    else if (record === null || speaksOf.length > 0 || (runsMs !== null && found.modifiedMs < runsMs))
      old.push({ ...found, speaksOf });
  };
  for await (const some of inGroups(objects.walk('kept/'), RECORDS_AT_ONCE)) {
    attempt.signal.throwIfAborted();
    packs.push(...some.filter(({ key, modifiedMs }) => !key.endsWith('.json') && modifiedMs < graceMs));
    await eachOf(
      some.filter(({ key }) => key.endsWith('.json')),
      LOOKUPS_AT_ONCE,
      judge,
    );
    seen += some.length;
    attempt.progress(seen, seen, 'kept records');
  }
  const gone = old.filter(({ speaksOf }) => speaksOf.length === 0 || !speaksOf.every((uri) => needed.has(uri)));
  const idle = await eachOf(packs, PACKS_AT_ONCE, async (pack) => {
    attempt.signal.throwIfAborted();
    return !(await chunksIn(objects, pack.key)).some((hash) => needed.has(hash));
  });
  return [...gone.map(({ speaksOf: _, ...found }) => found), ...packs.filter((_, at) => idle[at])];
}

/** Objects of ours, but for kept records, that are older than the grace and not needed. */
export async function outdatedObjects(
  objects: ObjectStore,
  needed: Needed,
  { graceMs }: Ages,
  attempt: Attempt,
): Promise<FoundObject[]> {
  const outdated: FoundObject[] = [];
  let seen = 0;
  for (const kind of Object.keys(STORED).filter((each) => each !== 'kept')) {
    for await (const found of objects.walk(`${kind}/`)) {
      attempt.signal.throwIfAborted();
      attempt.progress(++seen, seen, 'objects');
      if (found.modifiedMs < graceMs && !needed.has(found.key)) outdated.push(found);
    }
  }
  return outdated;
}

/** Removes objects, but for those that were written again meanwhile. Returns those that are gone. */
export async function removeObjects(
  objects: ObjectStore,
  outdated: readonly FoundObject[],
  { graceMs }: Ages,
  attempt: Attempt,
): Promise<FoundObject[]> {
  let done = 0;
  const gone = await eachOf(outdated, LOOKUPS_AT_ONCE, async ({ key }) => {
    attempt.signal.throwIfAborted();
    const removed = await objects.removeUnlessWritten(key, graceMs);
    attempt.progress(++done, outdated.length, 'objects');
    return removed;
  });
  return outdated.filter((_, at) => gone[at]);
}

/** How many of each kind, in the order of their names. */
export function byKind(found: readonly FoundObject[]): SweptKind[] {
  const kinds = new Map<string, SweptKind>();
  for (const { key, bytes } of found) {
    const kind = kindOf(key);
    const sum = kinds.get(kind) ?? { objects: 0, bytes: 0 };
    kinds.set(kind, { kind, what: STORED[kind] ?? kind, objects: sum.objects + 1, bytes: sum.bytes + bytes });
  }
  return [...kinds.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

/** `kept/<step>/ab/<key>.json` */
const keyOf = ({ key }: FoundObject) => key.slice(key.lastIndexOf('/') + 1, -'.json'.length);

/** Value hashes of the chunks whose rows are in a pack; none where it is gone or was cut short. */
async function chunksIn(objects: ObjectStore, key: string): Promise<readonly string[]> {
  const bytes = await readThere(objects, key);
  if (bytes === null) return [];
  const { key: hashes = [] } = await decodeColumns(bytes, ['key']).catch((): Columns => ({}));
  return hashes instanceof Float64Array ? [] : hashes;
}

async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  yield group;
}
