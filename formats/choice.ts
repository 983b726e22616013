import type { Encoding } from './encoding.js';

/** What a person says about how files are written and what their columns are for; null: found from the files. */
export interface Choice {
  /** One column, a date and a time of day, or year, month, day and so on. */
  time: readonly string[] | null;
  /** Columns that together name the sensor. */
  sensor: readonly string[] | null;
  value: readonly string[] | null;
  delimiter: string | null;
  /** Line of the names; 0: there are none. */
  header: number | null;
  decimal: '.' | ',' | null;
  encoding: Encoding | null;
  /** A pattern of strptime, or one of `iso`, `epoch-s`, `epoch-ms`, `epoch-us`, `epoch-ns`, `serial`. */
  timeFormat: string | null;
  dayFirst: boolean | null;
  /** Of times that name no zone: `+01:00`, or `UTC`. */
  utcOffset: string | null;
  /** Numbers that stand for a missing reading. */
  sentinels: readonly number[] | null;
}

/** Nothing is said: all is found. */
export const OPEN: Choice = {
  time: null,
  sensor: null,
  value: null,
  delimiter: null,
  header: null,
  decimal: null,
  encoding: null,
  timeFormat: null,
  dayFirst: null,
  utcOffset: null,
  sentinels: null,
};
