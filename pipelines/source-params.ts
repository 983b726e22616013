import { z } from 'zod';
import { wrongWith } from '../formats/path-pattern.js';
import { OFFSET } from '../formats/zones.js';

const day = z.iso.date().nullable().default(null);
const name = z.string().min(1);
const columns = z
  .union([name, z.array(name).min(1).max(10)])
  .nullable()
  .default(null);

/** Params of every pipeline that reads files: which. */
export const fileParams = {
  source: z
    .string()
    .min(1)
    .describe(
      'A file, a folder, a quoted glob, or s3://bucket/prefix/: text with any delimiter, JSON, Excel, SQLite or Parquet; plain, gzip, zstd or zip. postgres://name: a database, asked with "query".',
    ),
  query: z
    .string()
    .min(1)
    .max(100_000)
    .nullable()
    .default(null)
    .describe(
      'Of a source postgres://name: the SELECT whose rows are read. The workers know it as MILLRACE_DATABASE_NAME.',
    ),
  files: z
    .array(z.string())
    .default([])
    .describe('Globs below the source: only files that match one of them. Empty: all.'),
};

/** How they are read. */
export const readShape = {
  timeColumn: columns.describe(
    'Column of the time; or those of the date and the time of day, or of year, month, day and so on. null: found.',
  ),
  sensorColumn: columns.describe(
    'Column of the sensor id, for files with a row per reading; of several, all together name it. null: found.',
  ),
  valueColumn: columns.describe('Column or columns of the readings. null: found.'),
  timeFormat: z
    .string()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe(
      'How times are written: a pattern such as %d.%m.%Y %H:%M, or iso, epoch-s, epoch-ms, epoch-us, epoch-ns, serial. null: found.',
    ),
  dayFirst: z
    .boolean()
    .nullable()
    .default(null)
    .describe('Whether 03/04 is in April (true) or in March (false). null: found from all files.'),
  utcOffset: z
    .string()
    .regex(OFFSET, 'give an offset as +01:00, or UTC')
    .nullable()
    .default(null)
    .describe(
      'Offset from UTC of times that name none, as +01:00, or UTC. null: that of the name of the column, as in "time (UTC)"; else they are times in "tz".',
    ),
  decimal: z.enum(['.', ',']).nullable().default(null).describe('Decimal mark. null: found.'),
  delimiter: z
    .union([z.string().length(1), z.literal('blank')])
    .nullable()
    .default(null)
    .describe('What separates cells; blank: any number of blanks and tabs. null: found.'),
  header: z
    .int()
    .min(0)
    .max(1000)
    .nullable()
    .default(null)
    .describe('Line of the names of the columns, from 1; 0: there are none. null: found.'),
  encoding: z
    .enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'])
    .nullable()
    .default(null)
    .describe('How text files are encoded. null: found.'),
  sentinels: z
    .array(z.number())
    .max(20)
    .nullable()
    .default(null)
    .describe('Numbers that stand for a missing reading, as -9999. null: found; []: none.'),
  sensorPath: z
    .string()
    .max(500)
    .superRefine((pattern, issues) => {
      const wrong = wrongWith(pattern);
      if (wrong !== null) issues.addIssue(wrong);
    })
    .nullable()
    .default(null)
    .describe(
      'Parts of the path of a file, below the source, that begin the ids of its sensors: {site}/*/{line}.csv. null: the path without its dates where there is a column per sensor, nothing where there is a row per reading.',
    ),
};

/** What is done where readings say more than one thing. */
const rules = {
  duplicates: z
    .enum(['last', 'first', 'mean', 'error'])
    .default('last')
    .describe('Which reading is used of several of one sensor at one time; error: the run fails.'),
  counters: z
    .array(z.string().min(1))
    .max(100)
    .default([])
    .describe('Globs of ids of sensors that count up, as energy meters do: their change per hour is used.'),
  zeroRuns: z
    .int()
    .min(2)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe(
      'Runs of at least so many zeros are missing readings, of a sensor that has no other reading near zero that day. null: they are readings.',
    ),
};

/** Params of every pipeline that reads sensor files: what to read, which part of it, and how. */
export const sourceParams = {
  ...fileParams,
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
  ...readShape,
  ...rules,
};

type ReadParam = keyof typeof readShape;

const READ_PARAMS = Object.keys(readShape) as ReadParam[];

/** Of a pipeline's params, those that say how files are read. */
export function readParams<P extends Record<ReadParam, unknown>>(params: P): Pick<P, ReadParam> {
  return Object.fromEntries(READ_PARAMS.map((name) => [name, params[name]])) as Pick<P, ReadParam>;
}

/** Of a pipeline's params, those that say what is done with readings. */
export function ruleParams<P extends Record<keyof typeof rules, unknown>>({ duplicates, counters, zeroRuns }: P) {
  return { duplicates, counters, zeroRuns } as Pick<P, keyof typeof rules>;
}
