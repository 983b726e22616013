import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { child } from './child.js';
import { median, type Row, row } from './row.js';

interface Measured {
  seconds: number;
  peakMiB: number;
}

const SENSORS = 100;
const ROUNDS = 3;

/** Chunking a CSV of ten million rows beside one COPY of bare DuckDB; and memory at five times the rows. */
export async function benchChunking(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const small = await makeCsv(folder, 10_000_000);
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(await inFolder(folder, (own) => child<Measured>('chunk-duckdb', small, own)));
      ours.push(await inFolder(folder, (own) => child<Measured>('chunk-ours', small, own)));
    }
    await rm(small);
    const large = await makeCsv(folder, 50_000_000);
    const fifty = await inFolder(folder, (own) => child<Measured>('chunk-ours', large, own));
    const speed = (all: Measured[]) => 10 / median(all.map(({ seconds }) => seconds));
    const peak = median(ours.map(({ peakMiB }) => peakMiB));
    return [
      row(
        'chunking 10 M rows of CSV',
        'M rows/s',
        speed(ours),
        { name: 'DuckDB COPY by day', value: speed(theirs) },
        true,
      ),
      row('memory of chunking 10 M rows', 'MiB', peak, {
        name: 'DuckDB COPY by day',
        value: median(theirs.map(({ peakMiB }) => peakMiB)),
      }),
      row('memory of chunking 50 M rows', 'MiB', fifty.peakMiB, { name: 'ours at 10 M rows', value: peak }),
      row(
        'chunking 50 M rows of CSV',
        'M rows/s',
        50 / fifty.seconds,
        { name: 'ours at 10 M rows', value: speed(ours) },
        true,
      ),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(parent, 'run-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A reading every eight seconds of each of a hundred sensors, in the order of time, as a logger writes. */
async function makeCsv(folder: string, rows: number): Promise<string> {
  const path = join(folder, `${rows}.csv`);
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `COPY (SELECT strftime(TIMESTAMP '2024-03-01' + to_seconds(i // ${SENSORS} * 8), '%Y-%m-%d %H:%M:%S') AS time,
                  'plant/sensor-' || (i % ${SENSORS})::VARCHAR AS sensor,
                  round(20 + 5 * sin(i / 1000.0) + (hash(i) % 1000) / 1000.0, 3) AS value
           FROM range(${rows}) t(i)) TO '${path}' (HEADER)`,
  );
  connection.closeSync();
  return path;
}
