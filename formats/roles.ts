import { tellingBlocks } from './blocks.js';
import type { ColumnLook } from './columns.js';
import type { Row } from './dialect.js';
import type { Sure } from './numbers.js';
import { columnNamed, type Decision, type RoleChoice, RoleMissing, yamlOf } from './role-choice.js';
import { plainName, ROW_NAMES, SENSOR_NAMES, VALUE_NAMES } from './role-names.js';
import { columnsOf, type TimeColumns, timeOf } from './time-role.js';

/** What the columns of a table are for. */
export interface Roles {
  /** A row per reading; a row per time and a column per sensor; or several values of one sensor in a row. */
  form: 'long' | 'wide' | 'several';
  time: TimeColumns;
  /** Columns that together name the sensor; in wide form none. */
  sensors: string[];
  values: string[];
  leftOut: { column: string; why: string }[];
  decisions: Decision[];
}

/**
 * Decides what the columns are for: by the names a person gave, else by how columns are called and what they hold.
 * @param later rows from further down, some from each of several places
 * @throws RoleMissing when there is no time, or nothing to read at it
 */
export function decideRoles(
  columns: readonly ColumnLook[],
  rows: readonly Row[],
  choice: RoleChoice,
  later: readonly (readonly Row[])[] = [],
): Roles {
  const decisions: Decision[] = [];
  const leftOut: Roles['leftOut'] = [];
  const time = timeOf(columns, rows, choice.time, decisions);
  const ofTime = new Set(columnsOf(time));
  const rest = columns.filter(({ name }) => !ofTime.has(name));
  const sensors = sensorsOf(rest, { rows, later, time }, columns, choice, decisions);
  const open = rest.filter(({ name }) => !sensors.includes(name));
  const chosen = choice.value === null ? null : choice.value.map((name) => columnNamed(open, name, 'value').name);
  const usable: ColumnLook[] = [];
  for (const column of open) {
    // What stands under such a name is a reading, or a mistake that is to be set apart.
    const sure = chosen === null && sensors.length > 0 && isCalledValue(column);
    const why = sure ? null : whyLeftOut(column, chosen);
    if (why === null) usable.push(column);
    else leftOut.push({ column: column.name, why });
  }
  const named = sensors.length === 0 ? undefined : usable.find(isCalledValue);
  const values = chosen === null && named !== undefined ? [named] : usable;
  for (const { name } of usable)
    if (!values.some((value) => value.name === name))
      leftOut.push({ column: name, why: `"${named!.name}" holds the readings` });
  if (values.length === 0)
    throw new RoleMissing(
      'value',
      'there is no column with readings',
      columns.map(({ name }) => name),
    );
  const form = sensors.length === 0 ? 'wide' : values.length === 1 ? 'long' : 'several';
  return { form, time, sensors, values: values.map(({ name }) => name), leftOut, decisions };
}

const isCalledValue = ({ name }: ColumnLook) => VALUE_NAMES.has(plainName(name));

function whyLeftOut(column: ColumnLook, chosen: readonly string[] | null): string | null {
  if (chosen !== null) return chosen.includes(column.name) ? null : 'others were named for the readings';
  if (column.kind === 'empty' && !column.named) return 'it has no name, and its cells are empty';
  if (column.kind === 'text') return 'it holds text';
  if (column.kind === 'time' || column.kind === 'clock') return 'it holds another time';
  if (column.counts && ROW_NAMES.has(plainName(column.name))) return 'it numbers the rows';
  return null;
}

function sensorsOf(
  columns: readonly ColumnLook[],
  { rows, later, time }: { rows: readonly Row[]; later: readonly (readonly Row[])[]; time: TimeColumns },
  all: readonly ColumnLook[],
  choice: RoleChoice,
  decisions: Decision[],
): string[] {
  const at = (name: string) => all.findIndex((column) => column.name === name);
  const say = (names: string[], sure: Sure, why: string) => {
    decisions.push({ what: 'sensor', decided: names.join(' / '), sure, why, fix: `sensorColumn: ${yamlOf(names)}` });
    return names;
  };
  if (choice.sensor !== null)
    return say(
      choice.sensor.map((name) => columnNamed(columns, name, 'sensor').name),
      'certain',
      'it was named',
    );
  const named = columns.filter((column) => SENSOR_NAMES.has(plainName(column.name)) && mayName(column, rows.length));
  const readings = columns.some((column) => !named.includes(column) && (isReading(column) || isCalledValue(column)));
  if (named.length > 0 && readings)
    return say(
      telling(named, rows, at).map(({ name }) => name),
      'likely',
      'it is called like one',
    );
  const texts = columns.filter((column) => column.kind === 'text' && mayName(column, rows.length));
  if (texts.length === 1 && columns.some(isCalledValue))
    return say([texts[0]!.name], 'likely', 'it is the one text beside the readings');
  // Where one time comes several times, a text tells its readings apart.
  const times = all.find(({ kind }) => kind === 'time');
  if (times === undefined) return [];
  const pairs = (column: ColumnLook) =>
    new Set(rows.map(({ cells }) => `${cells[at(times.name)]}\n${cells[at(column.name)]}`)).size;
  const text =
    times.distinct > 0.9 * rows.length
      ? undefined
      : columns.find((column) => column.kind === 'text' && pairs(column) > 0.99 * rows.length);
  if (text !== undefined) return say([text.name], 'likely', 'it tells readings of one time apart');
  if (time.form !== 'one') return [];
  const places = texts.map((column) => ({ column, at: at(column.name) }));
  const blocks = tellingBlocks(places, { at: at(time.column), guess: time.guess }, [rows, ...later]);
  return blocks === undefined ? [] : say([blocks.name], 'likely', 'where it changes, time begins again');
}

/** Of columns that may name sensors, those that say something that the finer ones do not. */
function telling(columns: readonly ColumnLook[], rows: readonly Row[], at: (name: string) => number): ColumnLook[] {
  const finest = [...columns].sort((a, b) => b.distinct - a.distinct);
  const chosen: ColumnLook[] = [];
  let distinct = 0;
  for (const column of finest) {
    const places = [...chosen, column].map(({ name }) => at(name));
    const ids = new Set(rows.map(({ cells }) => places.map((place) => cells[place]).join('\n'))).size;
    if (chosen.length > 0 && ids <= distinct) continue;
    chosen.push(column);
    distinct = ids;
  }
  return columns.filter((column) => chosen.includes(column));
}

const isReading = ({ kind }: ColumnLook) => kind === 'number' || kind === 'boolean' || kind === 'empty';

/** Texts, and whole numbers, that come again and again. */
function mayName(column: ColumnLook, rows: number): boolean {
  const plain = plainName(column.name);
  if (/^(sensor|device|station|meter)(id|name)?$/.test(plain) && column.kind !== 'time')
    return column.kind !== 'number' || column.whole || column.distinct <= rows / 4;
  if (column.counts) return false;
  if (column.kind === 'text') return rows < 20 || column.distinct <= rows / 2;
  return column.kind === 'number' && plain !== 'measurement' && column.distinct <= Math.max(1, rows / 4);
}
