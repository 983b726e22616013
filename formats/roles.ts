import { didYouMean } from '../config/nearest.js';
import type { ColumnLook } from './columns.js';
import { isMissing, type Row } from './dialect.js';
import type { Sure } from './numbers.js';
import { guessTime, type TimeGuess } from './times.js';

/** Columns that a person named for a role; null: found by name and content. */
export interface RoleChoice {
  time: readonly string[] | null;
  sensor: readonly string[] | null;
  value: readonly string[] | null;
}

/** The parts that a moment may be spread over. */
export const PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;
export type Part = (typeof PARTS)[number];

/** Where the moment of a record stands. */
export type TimeColumns =
  | { form: 'one'; column: string; guess: TimeGuess }
  /** A date in one column, the time of day in another, of which whole hours or 930 for 09:30 may be the numbers. */
  | { form: 'date-clock'; date: string; clock: string; style: ClockStyle; guess: TimeGuess }
  | { form: 'parts'; columns: Partial<Record<Part, string>> };

export type ClockStyle = 'clock' | 'digits' | 'hours';

/** What was decided, how sure it is, why, and what a person would write to have it otherwise. */
export interface Decision {
  what: string;
  decided: string;
  sure: Sure;
  why: string;
  fix: string;
}

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

/** What a table lacks to be one of readings. */
export class RoleMissing extends Error {
  constructor(
    readonly role: 'time' | 'sensor' | 'value',
    message: string,
    readonly columns: readonly string[],
  ) {
    super(message);
  }
}

const TIME_NAMES = new Set([
  ...['time', 'timestamp', 'ts', 'date', 'datetime', 'dateandtime', 'utc', 'utctime', 'localtime', 'measuredat', 'at'],
  ...[
    'zeit',
    'zeitstempel',
    'datum',
    'datumuhrzeit',
    'datumzeit',
    'messzeit',
    'fecha',
    'fechahora',
    'hora',
    'horodatage',
  ],
  ...['dateheure', 'heure', 'data', 'ora', 'tijd', 'tid', 'epoch', 'unixtime', 'recordedat', 'createdat', 'eventtime'],
]);
const SENSOR_NAMES = new Set([
  ...[
    'sensor',
    'sensorid',
    'sensorname',
    'device',
    'deviceid',
    'devicename',
    'station',
    'stationid',
    'stationname',
    'site',
  ],
  ...['siteid', 'node', 'nodeid', 'tag', 'tagname', 'meter', 'meterid', 'channel', 'channelid', 'machine', 'machineid'],
  ...['machinename', 'location', 'locationid', 'room', 'building', 'buildingid', 'asset', 'assetid', 'probe', 'point'],
  ...['pointid', 'signal', 'variable', 'parameter', 'metric', 'measurement', 'name', 'key', 'item', 'itemid', 'entity'],
  ...['entityid', 'series', 'seriesid', 'id', 'unitid', 'turbine', 'pump', 'engine', 'city', 'messstelle', 'standort'],
  ...['zaehler', 'geraet', 'anlage', 'moteid', 'mote', 'monitor', 'monitorid', 'household', 'customerid', 'unitnumber'],
]);
const VALUE_NAMES = new Set([
  ...[
    'value',
    'val',
    'reading',
    'measurement',
    'measuredvalue',
    'measure',
    'wert',
    'messwert',
    'valor',
    'valeur',
    'valore',
  ],
  ...['result', 'y', 'observation', 'datavalue'],
]);
const ROW_NAMES = new Set([
  '',
  'no',
  'nr',
  'n',
  'index',
  'idx',
  'row',
  'rownumber',
  'rowid',
  'record',
  'id',
  'lfdnr',
  'column1',
  'unnamed0',
]);
const PART_NAMES: Record<Part, string[]> = {
  year: ['year', 'yr', 'yyyy', 'jahr', 'annee', 'ano', 'anio'],
  month: ['month', 'mon', 'mo', 'mm', 'monat', 'mois', 'mes'],
  day: ['day', 'dy', 'dd', 'dayofmonth', 'tag', 'jour', 'dia'],
  hour: ['hour', 'hr', 'hh', 'hours', 'stunde', 'heure', 'hora'],
  minute: ['minute', 'min', 'minutes', 'mi'],
  second: ['second', 'sec', 'seconds', 'ss', 'sekunde'],
};

const plainName = (name: string) =>
  name
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');

/**
 * Decides what the columns are for: by the names a person gave, else by how columns are called and what they hold.
 * @throws RoleMissing when there is no time, or nothing to read at it
 */
export function decideRoles(columns: readonly ColumnLook[], rows: readonly Row[], choice: RoleChoice): Roles {
  const decisions: Decision[] = [];
  const leftOut: Roles['leftOut'] = [];
  const time = timeOf(columns, rows, choice.time, decisions);
  const ofTime = new Set(columnsOf(time));
  const rest = columns.filter(({ name }) => !ofTime.has(name));
  const sensors = sensorsOf(rest, rows, columns, choice, decisions);
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

/** So many cells say how times of day are written. */
const CLOCKS = 1000;
const MIDNIGHT = /[ T]0?0:00(:00(\.0+)?)?$/;

const isCalledValue = ({ name }: ColumnLook) => VALUE_NAMES.has(plainName(name));

export function columnsOf(time: TimeColumns): string[] {
  if (time.form === 'one') return [time.column];
  return time.form === 'date-clock' ? [time.date, time.clock] : Object.values(time.columns);
}

function whyLeftOut(column: ColumnLook, chosen: readonly string[] | null): string | null {
  if (chosen !== null) return chosen.includes(column.name) ? null : 'others were named for the readings';
  if (column.kind === 'empty' && !column.named) return 'it has no name, and its cells are empty';
  if (column.kind === 'text') return 'it holds text';
  if (column.kind === 'time' || column.kind === 'clock') return 'it holds another time';
  if (column.counts && ROW_NAMES.has(plainName(column.name))) return 'it numbers the rows';
  return null;
}

function columnNamed(columns: readonly ColumnLook[], name: string, role: RoleMissing['role']): ColumnLook {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  throw new RoleMissing(role, `there is no column "${name}".${didYouMean(name, names)}`, names);
}

function timeOf(
  columns: readonly ColumnLook[],
  rows: readonly Row[],
  chosen: readonly string[] | null,
  decisions: Decision[],
): TimeColumns {
  const found = chosen === null ? findTime(columns, rows) : namedTime(columns, rows, chosen);
  if (found === null) {
    const names = columns.map(({ name }) => name);
    throw new RoleMissing('time', chosen === null ? 'no column holds times' : `${chosen.join(', ')}: no times`, names);
  }
  const names = columnsOf(found.time);
  decisions.push({ what: 'time', decided: names.join(' + '), ...found, fix: `timeColumn: ${yamlOf(names)}` });
  return found.time;
}

type Found<T> = { time: T; sure: Sure; why: string };

function namedTime(
  columns: readonly ColumnLook[],
  rows: readonly Row[],
  chosen: readonly string[],
): Found<TimeColumns> | null {
  const named = chosen.map((name) => columnNamed(columns, name, 'time'));
  const [first, second] = named;
  const given = { sure: 'certain', why: 'it was named' } as const;
  if (named.length === 1) {
    const guess = first!.time;
    return guess === null ? null : { time: { form: 'one', column: first!.name, guess }, ...given };
  }
  if (named.length === 2 && first!.kind === 'time') return dateClock(columns, rows, first!, second!, given);
  const parts = partsOf(named);
  return parts === null ? null : { time: parts, ...given };
}

function findTime(columns: readonly ColumnLook[], rows: readonly Row[]): Found<TimeColumns> | null {
  const stamps = columns.filter(({ kind }) => kind === 'time');
  // Of several, the one that is called so, and of those the beginning before the end.
  const [best] = [...stamps].sort((a, b) => scoreOf(b.name) - scoreOf(a.name));
  if (best !== undefined) {
    const why = stamps.length === 1 ? 'it alone holds dates' : `of ${stamps.length} columns with dates, by its name`;
    const clock = isDate(best, columns, rows) ? clockBeside(columns) : undefined;
    const joined =
      clock && dateClock(columns, rows, best, clock, { sure: 'likely', why: 'a date, and a time of day beside it' });
    if (joined != null) return joined;
    return { time: { form: 'one', column: best.name, guess: best.time! }, sure: 'certain', why };
  }
  const parts = partsOf(columns);
  if (parts !== null) return { time: parts, sure: 'certain', why: 'columns are called year, month and day' };
  const numbers = columns.filter(({ kind, time }) => kind === 'number' && time !== null);
  const called = numbers.find(({ name }) => scoreOf(name) > 0);
  const [first] = columns;
  const grows = first !== undefined && numbers.includes(first) && isGrowing(rows.map(({ cells }) => Number(cells[0])));
  const only = called ?? (grows ? first : undefined);
  if (only === undefined) return timeByName(columns, rows);
  const why = `its numbers may be ${only.time!.why}${called === undefined ? ', and they grow' : ''}`;
  return { time: { form: 'one', column: only.name, guess: only.time! }, sure: called ? 'likely' : 'guess', why };
}

/** Time goes on: of numbers that no name calls times, hardly any is smaller than the one before. */
function isGrowing(numbers: readonly number[]): boolean {
  const back = numbers.filter((number, at) => at > 0 && number < numbers[at - 1]!).length;
  return numbers.length > 1 && back <= numbers.length / 20 && numbers.at(-1)! > numbers[0]!;
}

const yamlOf = (names: readonly string[]) => JSON.stringify(names.length === 1 ? names[0] : names);

/** A column that is called a time is one, also when most of its cells are none: they are to be set apart. */
function timeByName(columns: readonly ColumnLook[], rows: readonly Row[]): Found<TimeColumns> | null {
  const at = columns.findIndex(({ name }) => TIME_NAMES.has(plainName(name)));
  if (at === -1) return null;
  const cells = rows.map(({ cells: own }) => own[at]?.trim() ?? '').filter((cell) => !isMissing(cell));
  const why =
    cells.length === 0 ? 'it is called so; it is empty' : `it is called so; ${cells[0]} is no time that is known`;
  const guess = guessTime(cells, 0) ?? UNKNOWN;
  return { time: { form: 'one', column: columns[at]!.name, guess }, sure: 'guess', why };
}

const UNKNOWN: TimeGuess = {
  format: { kind: 'plain' },
  share: 0,
  zoned: false,
  dateOnly: false,
  why: 'nothing else is known',
  order: null,
};

/** Whether a column holds days: databases and spreadsheets write them as their midnights. */
function isDate(column: ColumnLook, columns: readonly ColumnLook[], rows: readonly Row[]): boolean {
  if (column.time!.dateOnly) return true;
  const at = columns.indexOf(column);
  return rows.every(({ cells }) => isMissing(cells[at] ?? '') || MIDNIGHT.test(cells[at]!.trim()));
}

/** The column of the time of day: one of clocks, or of numbers that are called so and can be some. */
function clockBeside(columns: readonly ColumnLook[]): ColumnLook | undefined {
  return (
    columns.find(({ kind }) => kind === 'clock') ??
    columns.find(({ name, kind, whole }) => {
      const plain = plainName(name);
      const called = PART_NAMES.hour.includes(plain) || /time|zeit|uhr|hora|heure|hhmm/.test(plain);
      return kind === 'number' && whole && called;
    })
  );
}

/** How a time of day is written in some cells; null: it is none. */
function clockStyle(cells: readonly string[]): ClockStyle | null {
  if (cells.some((cell) => cell.includes(':'))) return 'clock';
  const numbers = cells.map(Number);
  if (numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 24)) return 'hours';
  const hundreds = numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 2400 && n % 100 < 60);
  return hundreds ? 'digits' : null;
}

/** A moment of a date and a time of day, as one would write it. */
function joinClock(date: string, clock: string, style: ClockStyle): string {
  const time = style === 'clock' ? clock : style === 'hours' ? `${clock.padStart(2, '0')}:00` : clock.padStart(4, '0');
  return `${date.replace(MIDNIGHT, '')} ${style === 'digits' ? `${time.slice(0, 2)}:${time.slice(2)}` : time}`;
}

function dateClock(
  columns: readonly ColumnLook[],
  rows: readonly Row[],
  date: ColumnLook,
  clock: ColumnLook,
  how: { sure: Sure; why: string },
): Found<TimeColumns> | null {
  const at = (column: ColumnLook) => columns.findIndex(({ name }) => name === column.name);
  const [one, two] = [at(date), at(clock)];
  const pairs = rows
    .map(({ cells }) => [cells[one]?.trim() ?? '', cells[two]?.trim() ?? ''] as const)
    .filter(([day, time]) => !isMissing(day) && !isMissing(time));
  const style = clockStyle(pairs.slice(0, CLOCKS).map(([, time]) => time));
  if (style === null) return null;
  const guess = guessTime(pairs.map(([day, time]) => joinClock(day, time, style)));
  if (guess === null) return null;
  return { time: { form: 'date-clock', date: date.name, clock: clock.name, style, guess }, ...how };
}

function partsOf(columns: readonly ColumnLook[]): Extract<TimeColumns, { form: 'parts' }> | null {
  const parts: Partial<Record<Part, string>> = {};
  for (const part of PARTS) {
    const column = columns.find(
      ({ name, kind }) => (kind === 'number' || kind === 'time') && PART_NAMES[part].includes(plainName(name)),
    );
    if (column !== undefined) parts[part] = column.name;
  }
  const { year, month, day } = parts;
  return year === undefined || month === undefined || day === undefined ? null : { form: 'parts', columns: parts };
}

/** How much a name is one of a time. */
function scoreOf(name: string): number {
  const plain = plainName(name);
  let score = TIME_NAMES.has(plain) ? 3 : /time|date|stamp|zeit|datum/.test(plain) ? 2 : 0;
  if (/start|begin|from|von/.test(plain)) score += 0.5;
  if (/end|stop|until|bis|update|upload|insert|received/.test(plain)) score -= 1;
  return score;
}

function sensorsOf(
  columns: readonly ColumnLook[],
  rows: readonly Row[],
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
  if (times.distinct > 0.9 * rows.length) return [];
  const text = columns.find((column) => column.kind === 'text' && pairs(column) > 0.99 * rows.length);
  return text === undefined ? [] : say([text.name], 'likely', 'it tells readings of one time apart');
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
