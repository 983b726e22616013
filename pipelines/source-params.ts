import { z } from 'zod';

const day = z.iso.date().nullable().default(null);
const columnName = z.string().min(1).nullable().default(null);

/** Params of every pipeline that reads sensor files: what to read, how, and which part of it. */
export const sourceParams = {
  source: z
    .string()
    .min(1)
    .describe('A file, a folder, a quoted glob, or s3://bucket/prefix/, of CSV, TSV or Parquet files, plain or gzip.'),
  files: z
    .array(z.string())
    .default([])
    .describe('Globs below the source: only files that match one of them. Empty: all.'),
  from: day.describe(
    'First day to use, YYYY-MM-DD. null: from the first there is; in runs for an interval, from the first that is due.',
  ),
  to: day.describe(
    'Last day to use, YYYY-MM-DD. null: to the last there is; in runs for an interval, to the last whole day in it.',
  ),
  tz: z
    .string()
    .default('UTC')
    .describe('IANA time zone: days are cut in it, and times without a zone are read in it.'),
  timeColumn: columnName.describe('Column of the time. null: one called time, timestamp, ts, date or datetime.'),
  sensorColumn: columnName.describe(
    'Column of the sensor id, for files with a row per reading. null: one called sensor.',
  ),
  valueColumn: columnName.describe('Column of the reading, for files with a row per reading. null: one called value.'),
};
