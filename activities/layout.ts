import { MillraceError } from '../config/errors.js';
import { nearest } from '../config/nearest.js';

export interface Column {
  name: string;
  /** DuckDB's name of its type; text files have VARCHAR only. */
  type: string;
}

/** Which columns a person named; null: found by name. */
export interface ColumnChoice {
  timeColumn: string | null;
  sensorColumn: string | null;
  valueColumn: string | null;
}

/** How a file is laid out: `long` has a row per reading, `wide` a row per time and a column per sensor. */
export type Layout =
  | { form: 'long'; time: Column; sensor: Column; value: Column }
  | { form: 'wide'; time: Column; sensors: Column[] };

export const TIME_NAMES = ['time', 'timestamp', 'ts', 'date', 'datetime'];

/**
 * Decides the layout from the column names: the time is the named column or one called like a time; with a sensor and
 * a value column the file is long, otherwise every other column is a sensor.
 * @throws MillraceError MR_COLUMN_MISSING saying which column, what is there and what looks alike
 */
export function layoutOf(file: string, columns: readonly Column[], choice: ColumnChoice): Layout {
  const time = choice.timeColumn === null ? byName(columns, TIME_NAMES) : named('time', choice.timeColumn);
  if (time === undefined) {
    throw missing('a time column', TIME_NAMES, 'name it with --set timeColumn=…');
  }
  const sensor = choice.sensorColumn === null ? byName(columns, ['sensor']) : named('sensor', choice.sensorColumn);
  const value = choice.valueColumn === null ? byName(columns, ['value']) : named('value', choice.valueColumn);
  if (sensor !== undefined && value !== undefined) return { form: 'long', time, sensor, value };
  // With one of the two and more columns than a wide file of one sensor has, the other was renamed: read as wide, the
  // readings of all sensors would run together.
  const more = columns.length > 2;
  if (choice.sensorColumn !== null || (sensor !== undefined && more)) {
    throw missing('a value column', ['value'], 'name it with --set valueColumn=…');
  }
  const names = columns.filter((column) => column !== value).map(({ name }) => name);
  if (choice.valueColumn !== null || (value !== undefined && more && nearest('sensor', names).length > 0)) {
    throw missing('a sensor column', ['sensor'], 'name it with --set sensorColumn=…');
  }
  const sensors = columns.filter((column) => column !== time);
  if (sensors.length === 0)
    throw missing('a column with readings', [], 'a file needs a time and at least one more column');
  return { form: 'wide', time, sensors };

  function named(role: string, wanted: string): Column {
    const column = columns.find(({ name }) => name === wanted);
    if (column === undefined)
      throw missing(`the ${role} column "${wanted}"`, [wanted], `set ${role}Column to one of these`);
    return column;
  }

  function missing(what: string, wanted: readonly string[], next: string): MillraceError {
    const names = columns.map(({ name }) => name);
    const alike = [...new Set(wanted.flatMap((want) => nearest(want, names)))];
    const list =
      names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ');
    return new MillraceError('MR_COLUMN_MISSING', `${file} lacks ${what}`, {
      allowed: `its columns: ${list}${alike.length > 0 ? `; these look alike: ${alike.join(', ')}` : ''}`,
      next,
    });
  }
}

function byName(columns: readonly Column[], names: readonly string[]): Column | undefined {
  for (const name of names) {
    const column = columns.find((each) => each.name.trim().toLowerCase() === name);
    if (column !== undefined) return column;
  }
  return undefined;
}
