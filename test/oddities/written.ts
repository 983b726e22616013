import type { ReadParams } from '../../activities/choice.js';
import type { TestStores } from '../support/stores.js';
import type { Plant, Random } from './plant.js';
import { iso } from './stamps.js';

export interface Reading {
  /** µs since 1970. */
  time: number;
  sensor: string;
  value: number;
}

/** What an oddity wrote, and what it knows of it. */
export interface Written {
  files: Record<string, string | Uint8Array>;
  /** Writes what is no text, into the folder of the source. */
  make?: (folder: string, stores: TestStores) => Promise<void>;
  /** All that can be used; of those of one sensor at one time the last. */
  readings: Reading[];
  missing: number;
  quarantined?: Record<string, number>;
  duplicates?: number;
  /** Of the missing, those that a number stood for. */
  sentinels?: number;
  /** What a person has to say. */
  options?: Partial<ReadParams & { tz: string }>;
  /** Code of the error when nobody says it. */
  refused?: string;
  /** What detection should have decided: decisions by their names, and `form`, `kind`, `packing`, `encoding`, `leftOut`, `units`. */
  found: Record<string, unknown>;
}

export interface Oddity {
  name: string;
  write: (random: Random) => Written;
  /** Why it cannot be tried on this machine. */
  skip?: string | null;
}

/** How cells are written. */
export interface Style {
  form: 'long' | 'wide';
  /** A cell, or several. */
  stamp: (us: number) => string | string[];
  number: (value: number, sensor: string) => string;
  missing: () => string;
  /** Names of the columns of the time, as many as `stamp` gives cells. */
  time: string[];
  sensor: string;
  value: string;
  /** What wide tables call their columns. */
  column: (sensor: string) => string;
  /** First part of the ids of wide tables. */
  series: string;
}

/** A table as cells, and what is in it. */
export interface Table {
  form: 'long' | 'wide';
  header: string[];
  rows: string[][];
  readings: Reading[];
  missing: number;
  /** Readings of a record. */
  width: number;
}

/** Every oddity that may come in either form comes in both, with one seed and the next. */
export const anyForm = ({ seed }: Random): 'long' | 'wide' => (seed % 2 === 1 ? 'long' : 'wide');

/** The plant as a table; in any form where nothing is said. */
export function tableOf(random: Random, plant: Plant, style: Partial<Style> = {}): Table {
  const form = style.form ?? anyForm(random);
  const {
    stamp = iso,
    number = String,
    missing = () => '',
    time = [random.pick(['time', 'timestamp', 'Datum', 'ts', 'Date/Time'])],
    sensor = random.pick(['sensor', 'device_id', 'Tag', 'station']),
    value = random.pick(['value', 'Wert', 'reading', 'Messwert']),
    column = (id) => id,
    series = 'plant',
  } = style;
  const cell = (reading: number | null, id: string) => (reading === null ? missing() : number(reading, id));
  const table: Table = { form, header: [], rows: [], readings: [], missing: 0, width: 1 };
  table.header = form === 'long' ? [...time, sensor, value] : [...time, ...plant.sensors.map(column)];
  if (form === 'wide') table.width = plant.sensors.length;
  for (const [at, moment] of plant.times.entries()) {
    const own = plant.values[at]!;
    const stamps = [stamp(moment)].flat();
    const cells = plant.sensors.map((id, nth) => cell(own[nth]!, id));
    if (form === 'wide') table.rows.push([...stamps, ...cells]);
    for (const [nth, id] of plant.sensors.entries()) {
      if (form === 'long') table.rows.push([...stamps, id, cells[nth]!]);
      if (own[nth] === null) table.missing++;
      else table.readings.push({ time: moment, sensor: form === 'long' ? id : nameIn(series, id), value: own[nth]! });
    }
  }
  return table;
}

export const nameIn = (series: string, column: string) => `${series}/${column}`;

export interface Text {
  delimiter: string;
  end: string;
  quote: 'where needed' | 'everything' | 'never';
}

/** Rows as text, each line with its end. */
export function textOf(rows: readonly (readonly string[])[], text: Partial<Text> = {}): string {
  const { delimiter = ',', end = '\n', quote = 'where needed' } = text;
  const cell = (each: string) => {
    const needed = each.includes(delimiter) || /["\r\n]/.test(each);
    return quote === 'everything' || (quote === 'where needed' && needed) ? `"${each.replaceAll('"', '""')}"` : each;
  };
  return rows.map((row) => row.map(cell).join(delimiter) + end).join('');
}

/** The table as one text file, its names in the first line. */
export function asText({ header, rows }: Pick<Table, 'header' | 'rows'>, text: Partial<Text> = {}): string {
  return textOf([header, ...rows], text);
}

/** What is known of a table that was written into `files`. */
export function knownOf(
  table: Table,
  files: Written['files'],
  found: Written['found'] = {},
  more: Partial<Written> = {},
): Written {
  const { form, readings, missing } = table;
  return { files, readings, missing, found: { form, kind: 'text', ...found }, ...more };
}

/** An oddity in how a table of the plant is written: as `plant.csv`. */
export function odd(
  name: string,
  how: (random: Random) => {
    plant: Plant;
    style?: Partial<Style>;
    text?: Partial<Text>;
    edit?: (text: string, table: Table) => string | Uint8Array;
    found?: Written['found'] | ((table: Table) => Written['found']);
    more?: Partial<Written> | ((table: Table) => Partial<Written>);
  },
): Oddity {
  return {
    name,
    write: (random) => {
      const { plant, style = {}, text = {}, edit = (each) => each, found = {}, more = {} } = how(random);
      const table = tableOf(random, plant, style);
      const files = { 'plant.csv': edit(asText(table, text), table) };
      const told = typeof found === 'function' ? found(table) : found;
      return knownOf(table, files, told, typeof more === 'function' ? more(table) : more);
    },
  };
}
