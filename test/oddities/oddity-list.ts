import { DELIMITERS } from './delimiters.js';
import { ENCODINGS } from './encodings.js';
import { GAPS } from './gaps.js';
import { IDS } from './ids.js';
import { LINES } from './lines.js';
import { NAMES } from './names.js';
import { NUMBERS } from './numbers.js';
import { UNITS_WRITTEN } from './units.js';
import type { Oddity } from './written.js';

export const ODDITIES: Oddity[] = [
  ...DELIMITERS,
  ...NUMBERS,
  ...UNITS_WRITTEN,
  ...ENCODINGS,
  ...LINES,
  ...NAMES,
  ...IDS,
  ...GAPS,
];
