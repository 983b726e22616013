import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chunkFeatures, FEATURE_NAMES } from '../../ml/features/chunk-features.js';

export type Reading = [time: string, value: number];

const DAY_US = 86_400_000_000;

/**
 * Usable readings of the sample of `demo` on some days, by `sensor day`, in the order of time. A row may stand in the
 * file of the day after; what cannot be used stands in none.
 */
export async function sampleReadings(folder: string, days: readonly string[]): Promise<Map<string, Reading[]>> {
  const chunks = new Map<string, Reading[]>();
  for (const file of (await readdir(folder)).sort()) {
    for (const line of (await readFile(join(folder, file), 'utf8')).split('\n')) {
      const [time = '', sensor = '', text = '', ...rest] = line.split(',');
      const day = time.slice(0, 10);
      if (!days.includes(day) || rest.length > 0 || text === '' || !Number.isFinite(Number(text))) continue;
      const key = `${sensor} ${day}`;
      const chunk = chunks.get(key) ?? [];
      chunk.push([`${time.replace(' ', 'T')}Z`, Number(text)]);
      chunks.set(key, chunk);
    }
  }
  for (const readings of chunks.values()) readings.sort(([a], [b]) => (a < b ? -1 : 1));
  return chunks;
}

/** Features of a chunk of one day in UTC by name; one that is missing is left out. */
export function featuresOf(day: string, readings: readonly Reading[]): Record<string, number> {
  const start = Date.parse(day) * 1000;
  const times = Float64Array.from(readings, ([time]) => Date.parse(time) * 1000);
  const values = Float64Array.from(readings, ([, value]) => value);
  const features = chunkFeatures(times, values, start, start + DAY_US);
  return Object.fromEntries(
    FEATURE_NAMES.map((name, at) => [name, features[at]!] as const).filter(([, value]) => !Number.isNaN(value)),
  );
}
