import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ALL_FOUND, type ReadParams } from '../../activities/choice.js';
import { type Account, type ChunkInput, type Chunks, createChunk, type Manifest } from '../../activities/chunk.js';
import type { Findings } from '../../activities/findings.js';
import { createInspect, type Inspected } from '../../activities/inspect.js';
import type { Selection } from '../../activities/interval.js';
import { createRead, type Staged, type StagedFile } from '../../activities/read.js';
import type { Rules } from '../../activities/rules.js';
import { type Listing, listSource, type SourceFile } from '../../activities/source.js';
import { readJson, writeJson } from '../../store/frames.js';
import { runMapped, type TestStores } from './stores.js';

export interface Chunked {
  listing: Listing;
  findings: Findings;
  inspected: Inspected;
  /** As the step gives it, and what it points at. */
  stagedRef: Staged;
  staged: StagedFile[];
  chunks: Chunks;
  manifest: Manifest;
  account: Account;
  read: { items: number; kept: number };
  chunk: { items: number; kept: number };
}

type Options = Partial<ReadParams & Rules & Pick<ChunkInput, 'tz'> & Selection & { files: string[] }>;

/** What is done with readings when nothing is said. */
export const AS_IT_IS: Rules = { duplicates: 'last', counters: [], zeroRuns: null };

/** Looks into the files of a listing, as the first step of a pipeline does. */
export async function inspectListing(
  stores: TestStores,
  listing: Listing,
  params: Partial<ReadParams> = {},
): Promise<Inspected> {
  return (await runMapped(stores, 'inspect', createInspect(stores), { listing, ...ALL_FOUND, ...params })).output;
}

/** Writes files below the test's folder: name → content. Returns the folder. */
export async function writeSource(
  stores: TestStores,
  files: Record<string, string | Uint8Array>,
  name = 'source',
): Promise<string> {
  const folder = join(stores.folder, name);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
  return folder;
}

/** Lists, reads and chunks a source, as the first steps of a pipeline do. */
export async function chunkSource(stores: TestStores, source: string, options: Options = {}): Promise<Chunked> {
  const { files = [], ...others } = options;
  return chunkFiles(stores, source, await listSource(source, files), others);
}

/** The same of files that are listed. */
export async function chunkFiles(
  stores: TestStores,
  source: string,
  pinned: SourceFile[],
  options: Omit<Options, 'files'> = {},
): Promise<Chunked> {
  const {
    tz = 'UTC',
    from = null,
    to = null,
    duplicates,
    counters,
    zeroRuns,
    ...params
  } = {
    ...AS_IT_IS,
    ...options,
  };
  const ref = await writeJson(stores.objects, 'listings', pinned, pinned.length);
  const listing = { ref, source, files: pinned.length, bytes: 0 };
  const inspected = await inspectListing(stores, listing, params);
  const read = await runMapped(stores, 'read', createRead(stores), { inspected, tz });
  const chunk = await runMapped(stores, 'chunk', createChunk(stores), {
    staged: read.output,
    tz,
    selection: { from, to },
    duplicates,
    counters,
    zeroRuns,
  });
  return {
    listing,
    findings: await readJson<Findings>(stores.objects, inspected.findings),
    inspected,
    stagedRef: read.output,
    staged: await readJson<StagedFile[]>(stores.objects, read.output),
    chunks: chunk.output,
    manifest: await readJson<Manifest>(stores.objects, chunk.output),
    account: chunk.output.account,
    read,
    chunk,
  };
}
