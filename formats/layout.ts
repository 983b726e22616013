import type { ColumnLook } from './columns.js';
import type { NumberFormat } from './numbers.js';
import type { Part } from './role-names.js';
import type { Shape } from './shape.js';
import type { ClockStyle } from './time-role.js';
import { type DayOrder, patternsOf, type TimeFormat } from './times.js';
import { minutesOf } from './zones.js';

/** A column as it is read: by its place in a text, by its name where columns have types. */
export interface Column {
  at: number;
  name: string;
  /** DuckDB's name of its type; in texts VARCHAR. */
  type: string;
}

/** A column of readings, and how they are written. */
export interface ValueColumn extends Column {
  unit: string | null;
  number: NumberFormat | null;
  /** Words that stand for 1 and 0, each in small letters. */
  words: [string, string] | null;
}

/** Where the moment of a record stands and how it is written. */
export type Moment =
  /** In one column, or a date in one and the time of day in another. */
  | { form: 'stamp'; columns: Column[]; clock: ClockStyle; format: TimeFormat }
  | { form: 'parts'; columns: Partial<Record<Part, Column>> };

/**
 * How a table is read: `Shape` without what only people want to know. `rewrite`: its lines have to be written another
 * way before DuckDB can read them, which counts neither remarks nor what it cannot part into cells among the lines it skips.
 */
export interface Layout {
  form: 'long' | 'wide' | 'several';
  text: { delimiter: string; width: number; comment: string; skip: number; rewrite: boolean } | null;
  time: Moment;
  /** Minutes from UTC of times that name no zone; null: they are in the zone of the run. */
  utcOffset: number | null;
  sensors: Column[];
  values: ValueColumn[];
  sentinels: number[];
}

/** What is read of a table of this shape. @param types of its columns, where they have some */
export function layoutOf(shape: Shape, order: DayOrder, types: readonly string[] | null): Layout {
  const { text, roles } = shape;
  const at = (name: string): Column & { look: ColumnLook } => {
    const index = shape.columns.findIndex((column) => column.name === name);
    return { at: index, name, type: types?.[index] ?? 'VARCHAR', look: shape.columns[index]! };
  };
  const column = (name: string): Column => {
    const { look: _, ...own } = at(name);
    return own;
  };
  const units = roles.form === 'long' ? Number.POSITIVE_INFINITY : 1;
  return {
    form: roles.form,
    text: text && {
      delimiter: text.delimiter,
      width: text.width,
      comment: text.comment,
      skip: text.firstLine - 1,
      rewrite: text.delimiter === 'blank' || text.comment !== '' || text.quotesAbove || text.oddLineEnds,
    },
    time: momentOf(shape, order, column),
    utcOffset: shape.utcOffset === null ? null : minutesOf(shape.utcOffset),
    sensors: roles.sensors.map(column),
    values: roles.values.map((name) => {
      const { look, ...own } = at(name);
      // In one column of one sensor, a second unit would be read as if it were the first.
      const number = look.number && { ...look.number, units: look.number.units.slice(0, units) };
      return { ...own, unit: look.unit ?? look.number?.units[0] ?? null, number, words: look.words };
    }),
    sentinels: shape.sentinels,
  };
}

function momentOf({ roles, time }: Shape, order: DayOrder, column: (name: string) => Column): Moment {
  if (roles.time.form === 'parts') {
    const parts = Object.entries(roles.time.columns).map(([part, name]) => [part, column(name)]);
    return { form: 'parts', columns: Object.fromEntries(parts) as Partial<Record<Part, Column>> };
  }
  const names = roles.time.form === 'one' ? [roles.time.column] : [roles.time.date, roles.time.clock];
  const format: TimeFormat =
    time!.kind === 'pattern' ? { kind: 'pattern', patterns: patternsOf(time!.patterns, order) } : time!;
  const clock = roles.time.form === 'one' ? 'clock' : roles.time.style;
  return { form: 'stamp', columns: names.map(column), clock, format };
}
