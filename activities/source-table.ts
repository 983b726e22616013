import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Encoding } from '../formats/encoding.js';
import type { Layout } from '../formats/layout.js';
import { listMembers, unpackMember } from './archive.js';
import type { Attempt, Stores } from './context.js';
import type { SourceFile } from './source.js';
import { type JsonForm, jsonToCsv } from './source-json.js';
import { tableToCsv } from './source-sqlite.js';
import { type Packing, writePlain } from './source-text.js';

/** What a file is: its name may say anything. */
export type Kind = 'text' | 'parquet' | 'json' | 'workbook' | 'sqlite';

/** Where a table lies in a file, and what has to be known to get at it. */
export interface Place {
  kind: Kind;
  /** Name of the file in the archive, where the file is one. */
  member: string | null;
  /** Name of the sheet or of the table, where there are several. */
  table: string | null;
  packing: Packing;
  encoding: Encoding;
  /** Of JSON, its form and all its keys. */
  json: { form: JsonForm; keys: string[] } | null;
}

/** A table of a source and how it is read. */
export interface SourceTable extends Place {
  file: SourceFile;
  /** Begins the ids of its sensors, where the table does not name them. */
  name: string;
  /** Begins the ids of its sensors where it does name them; may be empty. */
  site: string;
  /** Null: it has no records. */
  layout: Layout | null;
}

/** As one writes where a table lies. */
export const pathOf = (file: Pick<SourceFile, 'path'>, { member, table }: Pick<Place, 'member' | 'table'>) =>
  [file.path, member, table].filter((part) => part !== null).join('!');

/** The same below the source, with `/` for an archive and what is in it. */
export const pathWithin = (file: Pick<SourceFile, 'name'>, { member, table }: Pick<Place, 'member' | 'table'>) =>
  [file.name, member, table].filter((part) => part !== null).join('/');

/** The file itself, or the one in the archive, unpacked in `scratch`. */
export async function memberPath(
  local: string,
  member: string | null,
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  if (member === null) return local;
  const found = (await listMembers(local)).find(({ name }) => name === member)!;
  const path = join(scratch, 'member');
  await unpackMember(local, found, path, signal);
  return path;
}

/** A table as DuckDB can read it. */
export interface Scannable {
  path: string;
  gzip: boolean;
}

/**
 * Makes a table one that can be scanned: as it lies there, where it is Parquet or plain text, else as text in
 * `scratch`.
 * @param rows at most so many, where not all are wanted
 */
export async function scannable(
  { workbooks }: Pick<Stores, 'workbooks'>,
  path: string,
  place: Place,
  layout: Pick<Layout, 'text'> | null,
  scratch: string,
  { signal }: Pick<Attempt, 'signal'>,
  rows: number | null = null,
): Promise<Scannable> {
  const target = join(scratch, 'table.csv');
  const { kind, packing, encoding } = place;
  const edit = lineEdit(layout?.text ?? null);
  if (kind === 'parquet') return { path: await plainPath(path, scratch), gzip: false };
  if (kind === 'text') {
    if (edit === null && encoding === 'utf-8' && packing !== 'zstd')
      return { path: await plainPath(path, scratch), gzip: packing === 'gzip' };
    await writePlain(path, { packing, encoding, edit }, target, signal);
    return { path: target, gzip: false };
  }
  const made = edit === null ? target : join(scratch, 'made.csv');
  if (kind === 'json') await jsonToCsv(path, place, place.json!.form, place.json!.keys, made, { rows, signal });
  else if (kind === 'workbook') await workbooks.toCsv(path, place.table!, made, signal);
  else await tableToCsv(path, place.table!, made, scratch, { rows, signal });
  if (edit !== null) await writePlain(made, { packing: 'none', encoding: 'utf-8', edit }, target, signal);
  return { path: target, gzip: false };
}

/** Lines as DuckDB reads them: what is above the records and what is a remark is blank. Their number stays the same. */
function lineEdit(text: Layout['text']): ((line: string, number: number) => string) | null {
  if (text === null || !text.rewrite) return null;
  const { delimiter, comment, skip } = text;
  return (line, number) => {
    if (number <= skip || (comment !== '' && line.startsWith(comment))) return '';
    if (delimiter !== 'blank') return line;
    // Not `trim`: in UTF-8, a byte that ends a letter may look like a blank of another kind.
    return line.replaceAll(/[ \t]+/g, '\t').replaceAll(/^\t|\t$/g, '');
  };
}

/** The layout of what `scannable` made. */
export function scanLayout(layout: Layout): Layout {
  const { text } = layout;
  if (text === null || !text.rewrite) return layout;
  const delimiter = text.delimiter === 'blank' ? '\t' : text.delimiter;
  return { ...layout, text: { ...text, delimiter, comment: '', skip: 0 } };
}

/** The same for a text that turned out to be odd further down. */
export function rewritten(layout: Layout): Layout | null {
  const { text } = layout;
  return text === null || text.rewrite ? null : { ...layout, text: { ...text, rewrite: true } };
}

/** DuckDB expands `*`, `?` and `[` in paths; a file that is called so is reached by another name. */
async function plainPath(path: string, scratch: string): Promise<string> {
  if (!/[*?[\]{}]/.test(path)) return path;
  const link = join(scratch, 'link');
  await symlink(path, link);
  return link;
}
