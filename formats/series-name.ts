const YEAR = '(?:19|20)\\d{2}';
const MONTH = '(?:0[1-9]|1[0-2])';
const DAY = '(?:0[1-9]|[12]\\d|3[01])';
const CLOCK = '(?:[T_ -]\\d{2}[-_.:h]?\\d{2}(?:[-_.:m]?\\d{2})?(?:\\.\\d+)?s?(?:Z|UTC)?)?';
/** A day or a month as part of a name, perhaps with a time of day. */
const DATE = new RegExp(
  `(?<![\\p{L}\\d])(?:${YEAR}([-_.]?)${MONTH}\\1${DAY}${CLOCK}|${DAY}([-_.])${MONTH}\\2${YEAR}${CLOCK}|${YEAR}[-_]${MONTH}|${YEAR}[-_]?W\\d{2})(?![\\p{L}\\d])`,
  'gu',
);
const TIME_KEYS = /^(y|yr|year|m|mon|month|d|day|date|dt|ds|h|hr|hour|week|quarter|time|timestamp)$/i;
/** Names that programs give to the parts of a folder. */
const PART = /^(part|data|chunk|file)?[-_]?\d+([-_][0-9a-f-]+)*(\.c\d+)?(\.(snappy|zstd|gz))?$/i;
/** Names that programs give to sheets. */
const SHEET = /^(sheet|tabelle|feuil|hoja|foglio|blad|ark) ?\d*$/i;
const ENDING =
  /(\.(csv|tsv|tab|txt|dat|json|ndjson|jsonl|parquet|pq|xlsx|xlsm|db|sqlite|sqlite3|zip|gz|zst|zstd|gzip))+$/i;

/**
 * What the files of one series have in common, where each holds a day or a month of it: their path without endings and
 * without the days and months in it. Folders called `site=north` are `north`. It depends on nothing but the path, so
 * that tomorrow's file continues the series of today's.
 * @param path with `/`; behind an archive's name, that of the file in it
 */
export function seriesName(path: string): string {
  const parts = path.split('/');
  const keyed = parts.some((part) => /^[^=]+=[^=]+$/.test(part));
  const kept: string[] = [];
  for (const [at, part] of parts.entries()) {
    const last = at === parts.length - 1;
    if (!last && isTimeFolder(parts, at)) continue;
    const named = withoutKey(part);
    if (named === null) continue;
    const bare = withoutDates(named.replace(ENDING, ''));
    if (bare === '' || (last && at > 0 && (SHEET.test(bare) || (keyed && PART.test(bare))))) continue;
    if (bare !== kept.at(-1)) kept.push(bare);
  }
  return kept.join('/');
}

/** The value of `key=value`; null where the key is one of times. */
function withoutKey(part: string): string | null {
  const match = /^([^=]+)=([^=]+)$/.exec(part);
  if (match === null) return part;
  return TIME_KEYS.test(match[1]!) ? null : match[2]!;
}

/** Folders as in `2019/06/01/`: a year, and below it months, days and hours. */
function isTimeFolder(parts: readonly string[], at: number): boolean {
  let year = at;
  while (year >= 0 && at - year <= 3 && !new RegExp(`^${YEAR}$`).test(parts[year]!)) {
    if (!/^\d{1,2}$/.test(parts[year]!)) return false;
    year--;
  }
  return year >= 0 && at - year <= 3;
}

function withoutDates(name: string): string {
  const bare = name.replaceAll(DATE, '\0');
  if (bare === name) return name;
  // What stood between dates and names goes with them.
  return bare
    .replaceAll(/[-_. ]*\0(?:[-_. ]*(?:to|bis)?[-_. ]*\0)*[-_. ]*/g, '\0')
    .replaceAll(/^\0|\0$/g, '')
    .replaceAll('\0', '_');
}
