import type { Column, Moment } from '../formats/layout.js';
import type { Part } from '../formats/role-names.js';
import type { ClockStyle } from '../formats/time-role.js';
import type { EpochUnit } from '../formats/times.js';
import { offsetOf, ZONE_HOURS } from '../formats/zones.js';
import { quote } from '../store/sql.js';

/** Expressions that give the moment of a record: as time, as it stands there, and whether it has no zone. */
export interface MomentSql {
  /** In UTC as TIMESTAMP, which is parsed three times as fast as one with a zone; elsewhere as TIMESTAMPTZ. */
  time: string;
  stamp: string;
  /** Of `stamp`, which it calls so. */
  zoneless: string;
}

/** How the moments of a table are read. Times without a zone are read in the zone of the session. */
export function momentSql(moment: Moment, utc: boolean, name: (column: Column) => string): MomentSql {
  if (moment.form === 'parts') return partsSql(moment.columns, utc, name);
  const [first, second] = moment.columns;
  if (second === undefined && first!.type !== 'VARCHAR' && moment.format.kind === 'plain')
    return typedSql(first!, utc, name(first!));
  const { format } = moment;
  const day = `trim(${name(first!)}::VARCHAR)`;
  const text = second === undefined ? day : joinedSql(day, `trim(${name(second)}::VARCHAR)`, moment.clock);
  const stamp =
    second === undefined ? `${name(first!)}::VARCHAR` : `concat_ws(' ', ${moment.columns.map(name).join(', ')})`;
  // What stands as databases write it is read faster without trimming, and the cast trims by itself.
  if (format.kind === 'plain') return plainSql(second === undefined ? name(first!) : text, stamp, utc);
  if (format.kind === 'pattern') return patternSql(format.patterns, text, stamp, utc);
  const local = (time: string) => (utc ? time : `(${time})::TIMESTAMPTZ`);
  if (format.kind === 'epoch') {
    const time = `try(make_timestamp(${epochSql(format.unit, text)}))`;
    return { time: utc ? time : `${time} AT TIME ZONE 'UTC'`, stamp, zoneless: 'false' };
  }
  // Days and parts of days: what is finer than a millisecond comes from their being binary fractions.
  const us = `try_cast(round((try_cast(${text} AS DOUBLE) - 25569) * 86400e3) AS BIGINT) * 1000`;
  return { time: local(`try(make_timestamp(${us}))`), stamp, zoneless: 'true' };
}

/** A date, which may be written as its midnight, and a time of day. */
function joinedSql(day: string, clock: string, style: ClockStyle): string {
  const digits = `lpad(${clock}, 4, '0')`;
  const time = {
    clock,
    hours: `lpad(${clock}, 2, '0') || ':00'`,
    digits: `left(${digits}, 2) || ':' || right(${digits}, 2)`,
  }[style];
  return `regexp_replace(${day}, '[ T]0?0:00(:00(\\.0+)?)?$', '') || ' ' || ${time}`;
}

const EPOCH: Record<EpochUnit, (text: string) => string> = {
  s: (text) => `try_cast(round(try_cast(${text} AS DOUBLE) * 1e6) AS BIGINT)`,
  ms: (text) => `try_cast(round(try_cast(${text} AS DOUBLE) * 1e3) AS BIGINT)`,
  us: (text) => `try_cast(${text} AS BIGINT)`,
  // As doubles they would be rounded to 256 ns; cut off as the cast cuts off what is finer than a microsecond.
  ns: (text) => `try_cast(${text} AS BIGINT) // 1000`,
};

const epochSql = (unit: EpochUnit, text: string) => EPOCH[unit](text);

function typedSql({ type }: Column, utc: boolean, name: string): MomentSql {
  return {
    time: utc ? `try_cast(try_cast(${name} AS TIMESTAMPTZ) AS TIMESTAMP)` : `try_cast(${name} AS TIMESTAMPTZ)`,
    stamp: `${name}::VARCHAR`,
    zoneless: type.includes('WITH TIME ZONE') ? 'false' : 'true',
  };
}

/** Most stamps look so: date and time to the second, without a zone. What follows about zones need not be asked of them. */
const isPlain = (stamp: string) => `${stamp} LIKE '____-__-_____:__:__'`;

/** Whether a stamp has an offset: a sign behind the date. Z and names of zones are seen by the parser itself. */
const hasOffset = (stamp: string) => `(instr(${stamp}, '+') > 0 OR instr(substr(${stamp}, 12), '-') > 0)`;

/** A cast as TIMESTAMP drops offsets, hence the test for them. */
function plainSql(text: string, stamp: string, utc: boolean): MomentSql {
  const zoned = `try_cast(${text} AS TIMESTAMPTZ)`;
  const plain = `try_cast(${text} AS TIMESTAMP)`;
  const time = utc
    ? `CASE WHEN ${isPlain(text)} THEN ${plain}
            WHEN ${hasOffset(text)} THEN ${zoned}::TIMESTAMP
            ELSE coalesce(${plain}, ${zoned}::TIMESTAMP) END`
    : zoned;
  const zoneless = `CASE WHEN ${isPlain('stamp')} THEN true
                         ELSE NOT (${hasOffset('stamp')} OR regexp_matches(stamp, '[A-Za-z]$')) END`;
  return { time, stamp, zoneless };
}

function patternSql(patterns: readonly string[], text: string, stamp: string, utc: boolean): MomentSql {
  const all = withVariants(patterns);
  const ofZone = (zone: (pattern: string) => boolean) => all.filter(zone);
  const local = (time: string) => (utc ? time : `${time}::TIMESTAMPTZ`);
  const read = (some: readonly string[], from = text) => `try_strptime(${from}, [${some.map(quote).join(', ')}])`;
  const times: string[] = [];
  const naive = ofZone((pattern) => !isZoned(pattern));
  const marked = ofZone((pattern) => pattern.endsWith('Z') && !pattern.endsWith('%Z'));
  const zoned = ofZone((pattern) => /%z$/i.test(pattern));
  const named = ofZone((pattern) => pattern.endsWith('%K')).map((pattern) => pattern.replace(/ ?%K$/, '%z'));
  if (naive.length > 0) times.push(local(read(naive)));
  if (marked.length > 0) times.push(utc ? read(marked) : `${read(marked)} AT TIME ZONE 'UTC'`);
  // Patterns with an offset and with the name of a zone are of one type, but not in one list.
  for (const pattern of zoned) times.push(utc ? `${read([pattern])}::TIMESTAMP` : read([pattern]));
  for (const pattern of named) {
    const time = read([pattern], offsetSql(text));
    times.push(utc ? `${time}::TIMESTAMP` : time);
  }
  // 24:00 is the end of a day, of which patterns do not know.
  const midnights = naive.filter((pattern) => pattern.includes('%H:%M'));
  if (midnights.length > 0) {
    const from = `replace(${text}, '24:00', '00:00')`;
    times.push(`CASE WHEN contains(${text}, '24:00') THEN ${local(`(${read(midnights, from)} + INTERVAL 1 DAY)`)} END`);
  }
  const zoneless =
    naive.length === 0
      ? 'false'
      : naive.length === all.length
        ? 'true'
        : `NOT regexp_matches(stamp, '([A-Za-z]|[+-]\\d{2}:?\\d{2})$')`;
  return { time: `coalesce(${times.join(', ')})`, stamp, zoneless };
}

const isZoned = (pattern: string) => /(%z|Z|%K)$/i.test(pattern);

/** A stamp with an offset in place of the short name of its zone; DuckDB takes some of them for those of other places. */
function offsetSql(text: string): string {
  const offsets = Object.entries(ZONE_HOURS).map(([zone, hours]) => `WHEN '${zone}' THEN '${offsetOf(hours)}'`);
  return `regexp_replace(${text}, ' ?[A-Z]+$', '') || CASE regexp_extract(${text}, '[A-Z]+$') ${offsets.join(' ')} END`;
}

/** The same without or with what is left out where it is zero: the time of day, seconds, parts of seconds. */
function withVariants(patterns: readonly string[]): string[] {
  const all = new Set(patterns);
  for (const pattern of patterns) {
    if (isZoned(pattern)) continue;
    all.add(pattern.replace(':%S', ''));
    all.add(pattern.replace(/%M(?=$| ?%p)/, '%M:%S'));
    all.add(pattern.replace(/[.,]%f/, ''));
    all.add(pattern.replace(/%S(?=$| ?%p)/, '%S.%f'));
    all.add(pattern.replace(/[ T]{1,3}%[HI]:.*$/, ''));
  }
  return [...all];
}

/** The seconds of a time of day, be it 9:30 or 930. */
function clockSql(text: string): string {
  const part = (nth: number) => `coalesce(try_cast(nullif(split_part(${text}, ':', ${nth}), '') AS DOUBLE), 0)`;
  const digits = `try_cast(${text} AS BIGINT)`;
  return `CASE WHEN contains(${text}, ':') THEN try_cast(split_part(${text}, ':', 1) AS DOUBLE) * 3600 + ${part(2)} * 60 + ${part(3)}
               WHEN ${digits} % 100 < 60 THEN ${digits} // 100 * 3600 + ${digits} % 100 * 60 END`;
}

function partsSql(columns: Partial<Record<Part, Column>>, utc: boolean, name: (column: Column) => string): MomentSql {
  const part = (which: Part, otherwise: string) =>
    columns[which] === undefined ? otherwise : `try_cast(${name(columns[which])} AS DOUBLE)`;
  const whole = (which: Part) => `try_cast(${part(which, 'NULL')} AS BIGINT)`;
  // Years of two digits are of this century; hours may be 1 to 24, so they are added.
  const year = `(${whole('year')} + CASE WHEN ${whole('year')} < 100 THEN 2000 ELSE 0 END)`;
  const clock = columns.clock === undefined ? '0' : clockSql(`${name(columns.clock)}::VARCHAR`);
  const seconds = `(${clock} + ${part('hour', '0')} * 3600 + ${part('minute', '0')} * 60 + ${part('second', '0')})`;
  const date = (month: string, of: string) => `try(make_timestamp(${year}, ${month}, ${of}, 0, 0, 0.0))`;
  const day =
    columns.yearday === undefined
      ? date(whole('month'), whole('day'))
      : `CASE WHEN ${whole('yearday')} BETWEEN 1 AND dayofyear(${date('12', '31')})
              THEN ${date('1', '1')} + to_days((${whole('yearday')} - 1)::INTEGER) END`;
  const time = `CASE WHEN ${seconds} BETWEEN 0 AND 86400 THEN ${day} + to_microseconds(try_cast(round(${seconds} * 1e6) AS BIGINT)) END`;
  return {
    time: utc ? time : `(${time})::TIMESTAMPTZ`,
    stamp: `concat_ws('-', ${Object.values(columns).map(name).join(', ')})`,
    zoneless: 'true',
  };
}
