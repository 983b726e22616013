import { NEAR_ZERO } from './rules.js';

/** What the readings of a chunk look like that a person may want to know. */
export interface Signs {
  /** Median time between readings, in seconds; 0 of one reading. */
  interval: number;
  /** Whether 0 seems to stand for missing: it comes in a row, and no other reading is near. */
  zeros: boolean;
  /** Whether it only goes up, but for falls to near zero. */
  cumulative: boolean;
}

const LEAST_READINGS = 10;
const LEAST_ZEROS = 3;
/** A counter that begins again falls at least so far. */
const RESET = 0.1;
/** Steps up of a counter, as a part of all steps: a constant is none. */
const LEAST_RISING = 0.2;

/** Looks at the values of a chunk, in the order of their times. */
export function signsOf(values: Float64Array, interval: number): Signs {
  return { interval, zeros: hasZeroRun(values), cumulative: isCumulative(values) };
}

/** A sensor that is 0 or one other number, as a switch, has zeros that are readings. */
function hasZeroRun(values: Float64Array): boolean {
  let run = 0;
  let longest = 0;
  let nearest = Number.POSITIVE_INFINITY;
  let largest = 0;
  let others = 0;
  for (const value of values) {
    if (value === 0) {
      run++;
      if (run > longest) longest = run;
      continue;
    }
    run = 0;
    others++;
    const size = Math.abs(value);
    if (size < nearest) nearest = size;
    if (size > largest) largest = size;
  }
  return longest >= LEAST_ZEROS && others >= LEAST_READINGS && nearest >= NEAR_ZERO * largest && nearest < largest;
}

function isCumulative(values: Float64Array): boolean {
  if (values.length < LEAST_READINGS) return false;
  let rising = 0;
  for (let i = 1; i < values.length; i++) {
    const [before, value] = [values[i - 1]!, values[i]!];
    if (value > before) rising++;
    else if (value < before && !(value >= 0 && value < RESET * before)) return false;
  }
  return rising >= LEAST_READINGS && rising >= LEAST_RISING * (values.length - 1);
}
