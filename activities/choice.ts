import type { Choice } from '../formats/choice.js';
import type { Encoding } from '../formats/encoding.js';

/** The params that say how a source is read; null: found from the files. */
export interface ReadParams {
  timeColumn: string | string[] | null;
  sensorColumn: string | string[] | null;
  valueColumn: string | string[] | null;
  timeFormat: string | null;
  dayFirst: boolean | null;
  utcOffset: string | null;
  decimal: '.' | ',' | null;
  delimiter: string | null;
  header: number | null;
  encoding: Encoding | null;
  sentinels: number[] | null;
  sensorPath: string | null;
}

/** Nothing is said: all is found. */
export const ALL_FOUND: ReadParams = {
  timeColumn: null,
  sensorColumn: null,
  valueColumn: null,
  timeFormat: null,
  dayFirst: null,
  utcOffset: null,
  decimal: null,
  delimiter: null,
  header: null,
  encoding: null,
  sentinels: null,
  sensorPath: null,
};

export function choiceOf(params: ReadParams): Choice {
  const { timeFormat, dayFirst, utcOffset, decimal, delimiter, header, encoding, sentinels } = params;
  return {
    time: listOf(params.timeColumn),
    sensor: listOf(params.sensorColumn),
    value: listOf(params.valueColumn),
    timeFormat,
    dayFirst,
    utcOffset,
    decimal,
    delimiter,
    header,
    encoding,
    sentinels,
  };
}

const listOf = (names: string | string[] | null) => (typeof names === 'string' ? [names] : names);
