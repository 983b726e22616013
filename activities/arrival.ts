import { hashJson } from '../store/hash.js';
import type { SeenFile } from '../store/tables/triggers.js';

/** A file as it is listed now. */
export type ListedFile = Pick<SeenFile, 'path' | 'print' | 'modifiedMs'>;

/** Where files never cease to come, those that are whole are taken after so many times the time to settle. */
const MOST_PATIENCE = 10;

/**
 * What has arrived in a source: files that are new or changed since they were handed over, and that did not change for
 * as long as it takes to settle. While others still change, all are waited for; not for ever.
 * @param scope what makes it another arrival, though the files are the same
 * @returns `seen`: what is to be recorded; `arrival`: its id, or null while there is nothing to hand over
 */
export function arrivalOf(
  known: ReadonlyMap<string, SeenFile>,
  listed: readonly ListedFile[],
  settleMs: number,
  nowMs: number,
  scope: string,
): { seen: SeenFile[]; arrival: string | null } {
  const open = [...known.values()].find(({ arrival, handedOver }) => arrival !== null && !handedOver);
  // One that nobody took yet: it stays as it is, so that it is handed over once.
  if (open !== undefined) return { seen: [], arrival: open.arrival };
  const seen: SeenFile[] = [];
  const waiting: SeenFile[] = [];
  for (const file of listed) {
    const before = known.get(file.path);
    if (before?.print === file.print) {
      if (!before.handedOver) waiting.push(before);
      continue;
    }
    const now = { ...file, seenMs: nowMs, arrival: null, handedOver: false };
    seen.push(now);
    waiting.push(now);
  }
  const settled = waiting.filter(({ seenMs }) => nowMs - seenMs >= settleMs);
  const longest = Math.max(0, ...waiting.map(({ seenMs }) => nowMs - seenMs));
  const takes = settled.length > 0 && (settled.length === waiting.length || longest >= MOST_PATIENCE * settleMs);
  if (!takes) return { seen, arrival: null };
  const prints = settled.map(({ path, print }) => [path, print]).sort(([a], [b]) => (a! < b! ? -1 : 1));
  const arrival = hashJson([scope, prints]).slice(0, 16);
  const taken = new Map(settled.map((file) => [file.path, { ...file, arrival }]));
  return { seen: [...seen.filter(({ path }) => !taken.has(path)), ...taken.values()], arrival };
}
