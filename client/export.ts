import { encodeColumns } from '../store/frames.js';
import type { Prediction } from './predictions.js';

const COLUMNS = ['sensor', 'day', 'cluster', 'distance', 'novel', 'model', 'version'] as const;

/** Predictions as CSV (RFC 4180, lines end in \n). The same predictions give the same text. */
export function predictionsToCsv(rows: readonly Prediction[]): string {
  const cell = (value: string | number | boolean) => {
    const text = String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${[COLUMNS.join(','), ...rows.map((row) => COLUMNS.map((name) => cell(row[name])).join(','))].join('\n')}\n`;
}

/** Predictions as Parquet; `novel` is 1 or 0. */
export function predictionsToParquet(rows: readonly Prediction[]): Uint8Array {
  const numbers = (of: (row: Prediction) => number) => Float64Array.from(rows, of);
  return encodeColumns({
    sensor: rows.map(({ sensor }) => sensor),
    day: rows.map(({ day }) => day),
    cluster: numbers(({ cluster }) => cluster),
    distance: numbers(({ distance }) => distance),
    novel: numbers(({ novel }) => (novel ? 1 : 0)),
    model: rows.map(({ model }) => model),
    version: numbers(({ version }) => version),
  });
}
