import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { child, type Measured } from './child.js';
import { inFolder } from './in-folder.js';
import { median, type Row, row } from './row.js';

const SENSORS = 100;
const ROUNDS = 3;

/** Chunking a CSV of ten million rows beside one COPY of bare DuckDB. */
export async function benchChunking(): Promise<Row[]> {
  return inFolder(async (folder) => {
    const source = await makeCsv(folder, 10_000_000);
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(await inFolder((own) => child<Measured>('chunk-duckdb', source, own)));
      ours.push(await inFolder((own) => child<Measured>('chunk-ours', source, own)));
    }
    const speed = (all: Measured[]) => 10 / median(all.map(({ seconds }) => seconds));
    const peak = (all: Measured[]) => median(all.map(({ peakMiB }) => peakMiB));
    const peer = (value: number) => ({ name: 'DuckDB COPY by day', value });
    return [
      row('chunking 10 M rows of CSV', 'M rows/s', speed(ours), peer(speed(theirs)), true),
      row('memory of chunking 10 M rows', 'MiB', peak(ours), peer(peak(theirs))),
    ];
  });
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
