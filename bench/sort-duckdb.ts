import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quote } from '../store/sql.js';
import { peakMiB } from './child.js';

/** The peer: one statement of bare DuckDB that reads the same readings, sorts them and writes one file of Parquet. */
const [source, folder, layout] = process.argv.slice(2) as [string, string, 'long' | 'wide'];
const instance = await DuckDBInstance.create(':memory:', {
  threads: String(availableParallelism()),
  memory_limit: '768MiB',
  temp_directory: join(folder, 'scratch'),
});
const connection = await instance.connect();
const records = source.endsWith('.parquet') ? `read_parquet(${quote(source)})` : `read_csv(${quote(source)})`;
const readings =
  layout === 'long' ? records : `(UNPIVOT (FROM ${records}) ON COLUMNS(* EXCLUDE time) INTO NAME sensor VALUE value)`;
const began = performance.now();
await connection.run(
  `COPY (SELECT time, sensor, value FROM ${readings} ORDER BY sensor, time)
   TO ${quote(join(folder, 'sorted.parquet'))} (FORMAT parquet)`,
);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, peakMiB: peakMiB() }));
process.exit(0);
