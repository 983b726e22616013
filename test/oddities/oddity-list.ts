import { BOOKS } from './books.js';
import { BROKEN } from './broken.js';
import { DAYS } from './days.js';
import { DELIMITERS } from './delimiters.js';
import { ENCODINGS } from './encodings.js';
import { GAPS } from './gaps.js';
import { IDS } from './ids.js';
import { JSONS } from './json.js';
import { KINDS } from './kinds.js';
import { FAR_DOWN } from './later.js';
import { LAYOUTS } from './layouts.js';
import { LINES } from './lines.js';
import { LOGGERS } from './loggers.js';
import { NAMES } from './names.js';
import { NUMBERS } from './numbers.js';
import { PACKED } from './packed.js';
import { SITES } from './sites.js';
import { TIMES } from './times.js';
import { UNITS_WRITTEN } from './units.js';
import type { Oddity } from './written.js';
import { ZONED_NAMES } from './zoned-names.js';

export const ODDITIES: Oddity[] = [
  ...DELIMITERS,
  ...NUMBERS,
  ...UNITS_WRITTEN,
  ...ENCODINGS,
  ...LINES,
  ...NAMES,
  ...LOGGERS,
  ...IDS,
  ...LAYOUTS,
  ...SITES,
  ...TIMES,
  ...ZONED_NAMES,
  ...DAYS,
  ...GAPS,
  ...BROKEN,
  ...FAR_DOWN,
  ...PACKED,
  ...KINDS,
  ...JSONS,
  ...BOOKS,
];
