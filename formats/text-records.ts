/** A record of a text as it stands. */
export interface TextRecord {
  text: string;
  /** Whether it has the cells it should have, as far as can be said without asking the reader. */
  whole: boolean;
}

/** A quote that is not closed after so many lines never is. */
const MOST_LINES = 1000;
/** In longer ones cells are counted, be there quotes or not. */
export const MOST_RECORD_CHARS = 1 << 14;

/**
 * Parts lines into records. A cell in quotes may have several lines; a quote that is not closed, or that would make a
 * record of several lines with too few cells or too many, costs only the line in which it stands.
 * @param lines without blank ones
 * @param last whether no other lines follow; else the last may be left for later
 */
export function parted(
  lines: readonly string[],
  delimiter: string,
  width: number,
  last: boolean,
): { records: TextRecord[]; rest: string[] } {
  const records: TextRecord[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    if (!line.includes('"')) {
      records.push({ text: line, whole: hasCells(line, delimiter, width) });
      at++;
      continue;
    }
    const many = recordLines(lines, at, delimiter, width);
    if (many === null && !last) break;
    if (many === 1) {
      // What is odd within a line is for the reader to judge.
      const whole = line.length <= MOST_RECORD_CHARS || cellsIn(line, delimiter) === width;
      records.push({ text: line, whole });
    } else if (many) records.push({ text: lines.slice(at, at + many).join('\n'), whole: true });
    else records.push({ text: line, whole: false });
    at += many || 1;
  }
  return { records, rest: lines.slice(at) };
}

/** Whether a line without quotes has so many cells, and only empty ones behind them. */
function hasCells(line: string, delimiter: string, width: number): boolean {
  let cells = 1;
  for (let at = line.indexOf(delimiter); at !== -1; at = line.indexOf(delimiter, at + 1)) {
    if (++cells > width) return line.slice(at).replaceAll(delimiter, '') === '';
  }
  return cells === width;
}

/** Over how many lines the record goes that begins here; 0: over none as it should be, null: more lines are needed. */
function recordLines(lines: readonly string[], from: number, delimiter: string, width: number): number | null {
  const begun: Begun = { cells: 1, quoted: false };
  const end = Math.min(lines.length, from + MOST_LINES);
  for (let at = from; at < end; at++) {
    const goesOn = scanned(lines[at]!, delimiter, begun);
    if (at === from && goesOn !== true) return 1;
    if (goesOn === null) return 0;
    if (!goesOn) return begun.cells === width ? at - from + 1 : 0;
  }
  return end - from < MOST_LINES ? null : 0;
}

function cellsIn(line: string, delimiter: string): number {
  const begun: Begun = { cells: 1, quoted: false };
  scanned(line, delimiter, begun);
  return begun.cells;
}

interface Begun {
  cells: number;
  /** Whether the last of them is in quotes that are not closed yet. */
  quoted: boolean;
}

/** Goes through a line of a record: whether it goes on in the next one. Null: something follows a closing quote. */
function scanned(line: string, delimiter: string, begun: Begun): boolean | null {
  for (let at = 0; ; ) {
    if (!begun.quoted && line[at] !== '"') {
      const end = line.indexOf(delimiter, at);
      if (end === -1) return false;
      begun.cells++;
      at = end + 1;
      continue;
    }
    const end = line.indexOf('"', begun.quoted ? at : at + 1);
    begun.quoted = true;
    if (end === -1) return true;
    at = end + 1;
    if (line[at] === '"') {
      at++;
      continue;
    }
    begun.quoted = false;
    if (at === line.length) return false;
    if (line[at] !== delimiter) return null;
    begun.cells++;
    at++;
  }
}
