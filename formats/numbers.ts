/** How numbers are written in a column. */
export interface NumberFormat {
  /** Null: no number has a fraction. */
  decimal: '.' | ',' | null;
  /** What stands between thousands; '' where nothing does. */
  group: '' | ',' | '.' | ' ' | "'";
  /** What stands behind numbers, as `°C` or `%`, the commonest first. */
  units: string[];
  /** Whether they are written as programs write numbers: a cast reads them. */
  plain: boolean;
}

/** What a cell says about how its numbers are written. */
export interface NumberEvidence {
  decimals: { '.': number; ',': number };
  groups: { ',': number; '.': number; ' ': number; "'": number };
  /** Cells as `1,234` and as `1.234`: a thousand or so, or a little more than one. */
  undecided: { ',': number; '.': number };
}

/** Spaces that group thousands: the plain one, and those that hold a line together. */
const SPACES = /[ \u00a0\u202f\u2009]/g;
const PLAIN = /^[+\-\u2212]?(\d+|\d*\.\d+|\d+\.)([eE][+-]?\d+)?$/;
const NUMBER = /^([+\-\u2212]?)(\d[\d.,' \u00a0\u202f\u2009]*|[.,]\d+)([eE][+-]?\d+)?$/;
/** A number and a unit: letters and signs that no number has. */
const WITH_UNIT =
  /^([+\-\u2212]?[\d.,][\d.,' \u00a0\u202f\u2009]*(?:[eE][+-]?\d+)?)\s?([%‰°µμΩa-zA-Z²³][%‰°µμΩa-zA-Z0-9²³/·.^*-]{0,11})$/;

/** Whether a cell is a number in any of the ways in which people write them; a unit may follow. */
export function isNumber(cell: string): boolean {
  return PLAIN.test(cell) || writtenAs(splitUnit(cell).number) !== null;
}

export function splitUnit(cell: string): { number: string; unit: string | null } {
  const match = WITH_UNIT.exec(cell);
  if (match === null || /^(e[+-]?\d*|x[\da-f]+)$/i.test(match[2]!)) return { number: cell, unit: null };
  return { number: match[1]!.trim(), unit: match[2]! };
}

export function noEvidence(): NumberEvidence {
  return { decimals: { '.': 0, ',': 0 }, groups: { ',': 0, '.': 0, ' ': 0, "'": 0 }, undecided: { ',': 0, '.': 0 } };
}

/** Adds what the cells of a column say. */
export function weigh(cells: Iterable<string>, evidence: NumberEvidence): void {
  for (const cell of cells) {
    const written = writtenAs(splitUnit(cell).number);
    if (written === null) continue;
    if (written.undecided !== null) evidence.undecided[written.undecided]++;
    if (written.decimal !== null) evidence.decimals[written.decimal]++;
    if (written.group !== null) evidence.groups[written.group]++;
  }
}

interface Written {
  decimal: '.' | ',' | null;
  group: ',' | '.' | ' ' | "'" | null;
  undecided: '.' | ',' | null;
}

const NOTHING: Written = { decimal: null, group: null, undecided: null };

/** What one number uses; null: it is none. */
function writtenAs(text: string): Written | null {
  if (/^[+-]?\d+$/.test(text)) return NOTHING;
  const match = NUMBER.exec(text);
  if (match === null) return null;
  const body = match[2]!.replace(SPACES, ' ');
  const all = body.replaceAll(/\d/g, '');
  const marks = [...new Set(all)];
  if (marks.length === 0) return NOTHING;
  const last = all.at(-1)!;
  const count = (mark: string) => body.split(mark).length - 1;
  if (marks.length === 1) {
    const [mark] = marks as [',' | '.' | ' ' | "'"];
    if (mark === ' ' || mark === "'" || count(mark) > 1)
      return isGrouped(body, mark) ? { ...NOTHING, group: mark } : null;
    const [whole, fraction] = body.split(mark) as [string, string];
    const either = fraction.length === 3 && /^[1-9]\d{0,2}$/.test(whole);
    return either ? { ...NOTHING, undecided: mark } : { ...NOTHING, decimal: mark };
  }
  if (marks.length > 2 || (last !== '.' && last !== ',') || count(last) > 1) return null;
  const group = marks.find((mark) => mark !== last) as ',' | '.' | ' ' | "'";
  return isGrouped(body.slice(0, body.indexOf(last)), group) ? { ...NOTHING, decimal: last, group } : null;
}

const isGrouped = (whole: string, mark: string): boolean => {
  const [first, ...rest] = whole.split(mark);
  return first!.length >= 1 && first!.length <= 3 && rest.length > 0 && rest.every((each) => each.length === 3);
};

/** How sure a decision is: `certain` has only one reading, `likely` the better of two, `guess` has nothing for it. */
export type Sure = 'certain' | 'likely' | 'guess';

export interface NumberDecision {
  decimal: '.' | ',' | null;
  sure: Sure;
  why: string;
}

/**
 * The decimal mark of a file, from what its cells say. Where only cells like `1,234` are, a file whose cells are
 * separated by semicolons is taken for one with decimal commas: that is why it has semicolons.
 */
export function decideDecimal(evidence: NumberEvidence, delimiter: string): NumberDecision {
  const { decimals, groups, undecided } = evidence;
  const comma = decimals[','] + groups['.'];
  const dot = decimals['.'] + groups[','];
  if (comma > 0 && dot === 0) return { decimal: ',', sure: 'certain', why: `${comma} numbers are written so` };
  if (dot > 0 && comma === 0) return { decimal: '.', sure: 'certain', why: `${dot} numbers are written so` };
  if (dot === 0 && comma === 0) {
    if (undecided[','] === 0 && undecided['.'] === 0)
      return { decimal: null, sure: 'certain', why: 'no number has a fraction' };
    // Sensors have three decimals more often than their readings have dots between thousands.
    if (undecided['.'] > 0) return { decimal: '.', sure: 'likely', why: 'all that have a dot look like 1.234' };
    const decimal = delimiter === ';' ? ',' : '.';
    return { decimal, sure: 'guess', why: `all that have a comma look like 1,234; the delimiter is ${delimiter}` };
  }
  const decimal = comma > dot ? ',' : '.';
  return {
    decimal,
    sure: 'likely',
    why: `${Math.max(comma, dot)} numbers are written so, ${Math.min(comma, dot)} not`,
  };
}

/** How the numbers of a column are written, where the decimal mark is known. */
export function formatOf(cells: readonly string[], decimal: NumberFormat['decimal']): NumberFormat {
  const evidence = noEvidence();
  weigh(cells, evidence);
  const { groups, undecided } = evidence;
  const other = decimal === ',' ? '.' : ',';
  const group = ([' ', "'", other] as const).find((mark) => groups[mark] > 0) ?? (undecided[other] > 0 ? other : '');
  const units = new Map<string, number>();
  for (const cell of cells) {
    const { number, unit } = splitUnit(cell);
    if (unit !== null && isNumber(number)) units.set(unit, (units.get(unit) ?? 0) + 1);
  }
  return {
    decimal,
    group,
    units: [...units].sort(([, a], [, b]) => b - a).map(([unit]) => unit),
    plain: decimal !== ',' && cells.every((cell) => PLAIN.test(cell) || !isNumber(cell)) && !cells.some(hasMinusSign),
  };
}

/** Some write a minus with the sign that printers have for it. */
const hasMinusSign = (cell: string) => cell.startsWith('\u2212');

/** The number that a cell is, written so; null: it is none. */
export function parseNumber(cell: string, { decimal, group, units }: NumberFormat): number | null {
  const text = cell.trim().replace('\u2212', '-');
  const split = splitUnit(text);
  const bare = split.unit !== null && units.includes(split.unit) ? split.number : text;
  if (!isNumber(bare)) return null;
  const whole = group === '' ? bare : group === ' ' ? bare.replaceAll(SPACES, '') : bare.replaceAll(group, '');
  const number = Number(decimal === ',' ? whole.replace(',', '.') : whole);
  return Number.isNaN(number) ? null : number;
}
