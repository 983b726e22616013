import { z } from 'zod';
import { MillraceError } from './errors.js';

/** Which chunks of a run are meant. */
export interface ChunkFilter {
  /** Days, both included; null: all. */
  days: { from: string; to: string } | null;
  /** Globs; empty: all. */
  sensors: string[];
  files: string[];
}

const day = z.iso.date();

/**
 * Reads `failed`, or `day=2026-03-01..2026-03-05,sensor=pump-*,file=*.csv`: any of them, each part of it once or, of
 * globs, several times.
 * @returns null for `failed`: what failed is not there, and is made without being named
 * @throws MillraceError MR_PARAM
 */
export function readChunkFilter(text: string): ChunkFilter | null {
  if (text === 'failed') return null;
  const filter: ChunkFilter = { days: null, sensors: [], files: [] };
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const [name, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (name === 'sensor' && value !== '') filter.sensors.push(value);
    else if (name === 'file' && value !== '') filter.files.push(value);
    else if (name === 'day' && filter.days === null) filter.days = daysOf(value, text);
    else throw wrong(text);
  }
  return filter;
}

function daysOf(value: string, text: string): ChunkFilter['days'] {
  const [from = '', to = from, ...more] = value.split('..');
  if (more.length > 0 || !day.safeParse(from).success || !day.safeParse(to).success || from > to) throw wrong(text);
  return { from, to };
}

const wrong = (text: string) =>
  new MillraceError('MR_PARAM', `the chunks "${text}" are not named so`, {
    allowed: 'failed; or day=2026-03-01, day=2026-03-01..2026-03-05, sensor=pump-*, file=*.csv, several with commas',
  });
