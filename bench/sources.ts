import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { child, type Measured } from './child.js';
import { inFolder } from './in-folder.js';
import { type Row, row } from './row.js';

const ROWS = 50_000_000;
const SENSORS = 100;

const LAYOUTS = {
  /** A reading every eight seconds of each of a hundred sensors. */
  long: {
    readings: ROWS,
    sql: `SELECT TIMESTAMP '2024-03-01' + to_seconds(i // ${SENSORS} * 8) AS time,
                 'plant/sensor-' || (i % ${SENSORS})::VARCHAR AS sensor,
                 round(20 + 5 * sin(i / 1000.0) + (hash(i) % 1000) / 1000.0, 3) AS value
          FROM range(${ROWS}) t(i)`,
  },
  /** A row every second, with two sensors in it. */
  wide: {
    readings: 2 * ROWS,
    sql: `SELECT TIMESTAMP '2024-03-01' + to_seconds(i) AS time,
                 round(20 + 5 * sin(i / 1000.0) + (hash(i) % 1000) / 1000.0, 3) AS temperature,
                 round(60 + (hash(i + 1) % 3000) / 100.0, 2) AS humidity
          FROM range(${ROWS}) t(i)`,
  },
};

const FORMATS: [string, string, string][] = [
  ['CSV', 'readings.csv', 'HEADER'],
  ['CSV, gzip', 'readings.csv.gz', 'HEADER'],
  ['Parquet', 'readings.parquet', 'FORMAT parquet'],
  ['Parquet, gzip', 'readings.gz.parquet', 'FORMAT parquet, COMPRESSION gzip'],
];

/** Fifty million rows of each layout and format, from pinning to chunks, beside reading and sorting in bare DuckDB. */
export async function benchSources(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [layout, { readings, sql }] of Object.entries(LAYOUTS)) {
    for (const [format, file, options] of FORMATS) {
      const [ours, theirs] = await inFolder(async (folder) => {
        const source = join(folder, file);
        await make(sql, source, options);
        const peer = await inFolder((own) => child<Measured>('sort-duckdb', source, own, layout));
        return [await inFolder((own) => child<Measured>('chunk-ours', source, own)), peer];
      });
      const name = `50 M rows, ${layout}, ${format}`;
      const speed = ({ seconds }: Measured) => readings / 1e6 / seconds;
      const peer = (value: number) => ({ name: 'DuckDB, sorted', value });
      rows.push(row(name, 'M readings/s', speed(ours), peer(speed(theirs)), true));
      rows.push(row(`memory, ${layout}, ${format}`, 'MiB', ours.peakMiB, peer(theirs.peakMiB)));
    }
  }
  return rows;
}

async function make(sql: string, path: string, options: string): Promise<void> {
  const plain = path.replace(/\.csv\.gz$/, '.csv');
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`COPY (${sql}) TO '${plain}' (${options})`);
  connection.closeSync();
  if (plain === path) return;
  await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(path));
  await rm(plain);
}
