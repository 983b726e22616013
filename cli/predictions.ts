import { writeFile } from 'node:fs/promises';
import { predictionsToCsv, predictionsToParquet } from '../client/export.js';
import type { Millrace } from '../client/millrace.js';
import { listPredictions, newestPredictionRun } from '../client/predictions.js';
import { MillraceError } from '../config/errors.js';
import { count, type Output } from './output.js';

export interface PredictionOptions {
  run?: string;
}

async function runOf(millrace: Millrace, { run }: PredictionOptions): Promise<string> {
  const found = run ?? (await newestPredictionRun(millrace));
  if (found !== null) return found;
  throw new MillraceError('MR_RUN_UNKNOWN', 'there are no predictions yet', {
    next: 'make some: millrace run sensor-prediction --set source=…',
  });
}

export async function listPredictionsCommand(
  out: Output,
  millrace: Millrace,
  options: PredictionOptions & { limit: number },
): Promise<void> {
  const run = await runOf(millrace, options);
  const rows = await listPredictions(millrace, run, options.limit);
  out.document({ run, predictions: rows });
  const cells = rows.map(({ sensor, day, cluster, distance, novel }) => [
    sensor,
    day,
    cluster,
    distance.toFixed(3),
    novel ? out.style('yellow', 'novel') : '',
  ]);
  out.print(out.table(['sensor', 'day', 'cluster', 'distance', ''], cells, [2, 3]));
  out.print(out.style('dim', `\n  of the run ${run}`));
}

/** Writes predictions as CSV or Parquet, to a file or, CSV only, to stdout. The same model and chunks give the same bytes. */
export async function exportPredictions(
  out: Output,
  millrace: Millrace,
  options: PredictionOptions & { format: string; out?: string },
): Promise<void> {
  const { format, out: file } = options;
  if (format !== 'csv' && format !== 'parquet')
    throw new MillraceError('MR_CALL', `--format ${format}`, { allowed: 'csv or parquet' });
  if (format === 'parquet' && file === undefined)
    throw new MillraceError('MR_CALL', 'Parquet needs a file', { allowed: '--out predictions.parquet' });
  const run = await runOf(millrace, options);
  const rows = await listPredictions(millrace, run);
  const bytes = format === 'csv' ? predictionsToCsv(rows) : predictionsToParquet(rows);
  if (file === undefined) process.stdout.write(bytes);
  else {
    await writeFile(file, bytes);
    out.note(`${count(rows.length)} predictions of ${run} are in ${file}`);
  }
}
