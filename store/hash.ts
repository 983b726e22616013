import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Frame } from '../ml/frame.js';

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export function hashBytes(...parts: (string | NodeJS.ArrayBufferView)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Hash of any JSON value, independent of the order of keys. */
export function hashJson(value: unknown): string {
  return hashBytes(canonicalJson(value));
}

/** sha256 of a file's bytes, streamed. @param onBytes is told how many were read since it was told before */
export async function hashFile(
  path: string,
  { signal, onBytes }: { signal?: AbortSignal | undefined; onBytes?: (bytes: number) => void } = {},
): Promise<string> {
  const hash = createHash('sha256');
  const stream = createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) });
  for await (const block of stream as AsyncIterable<Buffer>) {
    hash.update(block);
    onBytes?.(block.length);
  }
  return hash.digest('hex');
}

/** Hash of a frame's keys, column names and exact values. */
export function hashFrame(frame: Frame): string {
  return hashBytes(canonicalJson([frame.sensors, frame.days, frame.columns]), frame.data);
}
