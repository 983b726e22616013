import { stat } from 'node:fs/promises';
import { parquetMetadata, parquetRead } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { MillraceError } from '../config/errors.js';
import type { Ref } from '../dag/ref.js';
import type { Frame } from '../ml/frame.js';
import { hashBytes, hashFile, hashFrame, hashJson } from './hash.js';
import type { ObjectStore, Stored } from './objects/object-store.js';

/** Column-wise Parquet of text and numbers: what frames, kept features and predictions are stored as. */
export type Columns = Record<string, readonly string[] | Float64Array>;

export function encodeColumns(columns: Columns): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: Object.entries(columns).map(([name, data]) =>
      data instanceof Float64Array
        ? { name, data, type: 'DOUBLE' as const, nullable: false, encoding: 'PLAIN' as const }
        : { name, data: [...data], type: 'STRING' as const, nullable: false },
    ),
    // Measured numbers hardly compress, and nothing looks their ranges up: plain is three times as fast.
    codec: 'UNCOMPRESSED',
    statistics: false,
    createdBy: 'millrace',
  });
  return new Uint8Array(buffer);
}

/** Reads named columns, or all: text columns as arrays, numbers as `Float64Array`. */
export async function decodeColumns(bytes: Uint8Array, wanted?: string[]): Promise<Columns> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = parquetMetadata(file);
  const rows = Number(metadata.num_rows);
  const columns: Record<string, string[] | Float64Array> = {};
  for (const { name, type } of metadata.schema.slice(1)) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    columns[name] = type === 'DOUBLE' ? new Float64Array(rows) : new Array<string>(rows);
  }
  await parquetRead({
    file,
    metadata,
    ...(wanted && { columns: wanted }),
    onChunk: ({ columnName, columnData, rowStart }) => {
      const column = columns[columnName]!;
      for (let i = 0; i < columnData.length; i++) column[rowStart + i] = columnData[i] as never;
    },
  });
  return columns;
}

/**
 * Takes a finished Parquet file in, under the hash of its bytes: an attempt that is thought lost may still write, and
 * its bytes may differ.
 */
export async function adoptFile(
  objects: ObjectStore,
  prefix: string,
  file: string,
  ending = 'parquet',
): Promise<Stored> {
  const sha256 = await hashFile(file);
  const object = { uri: `${prefix}/${sha256.slice(0, 32)}.${ending}`, sha256, bytes: (await stat(file)).size };
  await objects.adopt(object, file);
  return object;
}

/** Writes a frame as Parquet under `<prefix>/<value hash>.parquet`. */
export async function writeFrame(objects: ObjectStore, prefix: string, frame: Frame): Promise<Ref> {
  const valueHash = hashFrame(frame);
  const width = frame.columns.length;
  const columns: Columns = { sensor: frame.sensors, day: frame.days };
  for (const [at, name] of frame.columns.entries()) {
    const data = new Float64Array(frame.days.length);
    for (let row = 0; row < data.length; row++) data[row] = frame.data[row * width + at]!;
    columns[name] = data;
  }
  const bytes = encodeColumns(columns);
  const uri = `${prefix}/${valueHash.slice(0, 32)}.parquet`;
  await objects.write(uri, bytes);
  return {
    uri,
    valueHash,
    sha256: hashBytes(bytes),
    rows: frame.days.length,
    bytes: bytes.byteLength,
    schemaHash: hashJson(frame.columns),
  };
}

/** @throws MillraceError MR_OBJECT_MISSING, or MR_OBJECT_CORRUPT when the bytes are not those that were written */
export async function readFrame(objects: ObjectStore, ref: Ref): Promise<Frame> {
  const { sensor, day, ...rest } = await decodeColumns(await readChecked(objects, ref));
  const columns = Object.keys(rest);
  const data = new Float64Array(ref.rows * columns.length);
  columns.forEach((name, at) => {
    const column = rest[name]!;
    for (let row = 0; row < ref.rows; row++) data[row * columns.length + at] = column[row] as number;
  });
  return { sensors: sensor as string[], days: day as string[], columns, data };
}

/** An object's bytes, checked against the hash in its ref. */
export async function readChecked(objects: ObjectStore, ref: Pick<Ref, 'uri' | 'sha256'>): Promise<Buffer> {
  const bytes = await objects.read(ref.uri);
  const found = hashBytes(bytes);
  if (found === ref.sha256) return bytes;
  await objects.remove(ref.uri);
  throw new MillraceError(
    'MR_OBJECT_CORRUPT',
    `the object ${ref.uri} has sha256 ${found.slice(0, 12)}…, written was ${ref.sha256.slice(0, 12)}…`,
    { next: 'it was removed; run the pipeline again and it is made anew' },
  );
}

/** Writes any JSON value under `<prefix>/<hash>.json`. */
export async function writeJson(objects: ObjectStore, prefix: string, value: unknown, rows = 1): Promise<Ref> {
  const text = JSON.stringify(value);
  const valueHash = hashJson(value);
  const uri = `${prefix}/${valueHash.slice(0, 32)}.json`;
  await objects.write(uri, text);
  return {
    uri,
    valueHash,
    sha256: hashBytes(text),
    rows,
    bytes: Buffer.byteLength(text),
    schemaHash: hashJson(prefix),
  };
}

/** Reads back what `writeJson` wrote; the type is that of the writer, checked by hash. */
export async function readJson<T>(objects: ObjectStore, ref: Pick<Ref, 'uri' | 'sha256'>): Promise<T> {
  return JSON.parse((await readChecked(objects, ref)).toString('utf8')) as T;
}
