import type { ValueColumn } from '../formats/layout.js';
import type { NumberFormat } from '../formats/numbers.js';
import { quote } from '../store/sql.js';

/** Spaces that group thousands or stand before a unit. */
const SPACES = '[ \\x{00A0}\\x{202F}\\x{2009}]';

/** The number that a cell is, as DOUBLE; NULL where it is none. */
export function valueSql({ number, words }: Pick<ValueColumn, 'number' | 'words'>, type: string, cell: string): string {
  if (type !== 'VARCHAR') return `try_cast(${cell} AS DOUBLE)`;
  if (words !== null)
    return `CASE lower(trim(${cell})) WHEN ${quote(words[0])} THEN 1::DOUBLE WHEN ${quote(words[1])} THEN 0::DOUBLE END`;
  return number === null ? anyNumberSql(cell) : numberSql(number, cell);
}

function numberSql(format: NumberFormat, cell: string): string {
  const { decimal, group, units, plain } = format;
  if (plain) return decimal === null ? anyNumberSql(cell) : plainNumberSql(cell);
  const bare = units.reduce(withoutUnit, `replace(trim(${cell}, ' \u00a0'), '\u2212', '-')`);
  // Where the decimal mark is known, the other one groups thousands, also where that comes only further down.
  const grouping = group || (decimal === ',' ? '.' : ',');
  const mark = grouping === ' ' ? SPACES : `\\x{${grouping.codePointAt(0)!.toString(16)}}`;
  const whole = `(\\d{1,3}(${mark}\\d{3})+|\\d*)`;
  const pattern = `[+-]?${whole}([${decimal ?? '.'}]\\d*)?([eE][+-]?\\d+)?`;
  const ungrouped = `regexp_replace(${bare}, ${quote(mark)}, '', 'g')`;
  const number = decimal === ',' ? `replace(${ungrouped}, ',', '.')` : ungrouped;
  return `CASE WHEN regexp_full_match(${bare}, ${quote(pattern)}) THEN try_cast(${number} AS DOUBLE)
               WHEN regexp_full_match(${bare}, '(?i)[+-]?(inf|infinity|nan)') THEN try_cast(${bare} AS DOUBLE) END`;
}

/** A cast, and where that fails, without the commas that group thousands. */
const plainNumberSql = (cell: string) =>
  `coalesce(try_cast(${cell} AS DOUBLE),
            CASE WHEN regexp_full_match(trim(${cell}), '[+-]?\\d{1,3}(,\\d{3})+(\\.\\d*)?') THEN try_cast(replace(${cell}, ',', '') AS DOUBLE) END)`;

/** Where no number seen has a fraction, either mark may come; not where it could group thousands. */
function anyNumberSql(cell: string): string {
  return `coalesce(try_cast(${cell} AS DOUBLE),
            CASE WHEN regexp_full_match(trim(${cell}), '[+-]?\\d+,(\\d{1,2}|\\d{4,})') THEN try_cast(replace(${cell}, ',', '.') AS DOUBLE) END)`;
}

function withoutUnit(text: string, unit: string): string {
  return `CASE WHEN ends_with(${text}, ${quote(unit)}) THEN rtrim(left(${text}, -${[...unit].length}), ' \u00a0') ELSE ${text} END`;
}
