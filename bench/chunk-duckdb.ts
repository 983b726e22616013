import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quote } from '../store/sql.js';
import { peakMiB } from './child.js';

/** The peer: one statement of bare DuckDB that reads the same rows and writes them by day, in order. */
const [source, folder] = process.argv.slice(2) as [string, string];
const instance = await DuckDBInstance.create(':memory:', {
  threads: String(availableParallelism()),
  memory_limit: '768MiB',
  temp_directory: join(folder, 'scratch'),
});
const connection = await instance.connect();
const began = performance.now();
await connection.run(
  `COPY (SELECT *, time::DATE AS day FROM read_csv(${quote(source)}) ORDER BY day, sensor, time)
   TO ${quote(join(folder, 'days'))} (FORMAT parquet, PARTITION_BY (day))`,
);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, peakMiB: peakMiB() }));
process.exit(0);
