import { columnOf, type Frame } from '../frame.js';
import { type FeatureGroup, groupOf, IN_SENSOR_UNIT } from './chunk-features.js';
import { meanOf, quantile } from './readings.js';

export type Scaling = 'standard' | 'signed-log';

export interface CreatorOptions {
  groups: readonly FeatureGroup[];
  scaling: Scaling;
  /** Columns with a larger share of missing values are dropped, 0 … 1. */
  maxMissing: number;
  /** Scaled values are cut to ± this many standard deviations; null: not at all. */
  limit: number | null;
  /** Give every group the same say, however many columns it has. */
  balance: boolean;
}

/**
 * How one surviving column is made: impute; where `log` is set sign(x)·ln(1 + |x|); (x - mean) / std; cut to the limit;
 * times weight.
 */
export interface FittedColumn {
  name: string;
  log: boolean;
  /** Stands in for missing values: the median of the training values. */
  fill: number;
  mean: number;
  /** Population standard deviation of the training values before it, more than 0. */
  std: number;
  /** 1 / √(columns of the group), or 1. */
  weight: number;
}

export interface DroppedColumn {
  name: string;
  reason: 'not in the chosen groups' | 'too empty' | 'too large' | 'constant' | 'duplicate';
  /** The column it repeats, where it is a duplicate. */
  of?: string;
}

/** Mean and spread of a raw feature at training time: what later runs are compared with. */
export interface Reference {
  name: string;
  mean: number;
  std: number;
  missing: number;
}

/** The fitted part of feature creation. Prediction uses this and nothing else of the training data. */
export interface FeatureCreator {
  limit: number | null;
  columns: FittedColumn[];
  dropped: DroppedColumn[];
  reference: Reference[];
  rows: number;
}

/**
 * Fits a creator: drops columns that are not chosen, too empty, too large, constant or duplicates of an earlier one,
 * and learns imputation values and scaling of the rest. Sums are taken in the order of the rows.
 * @throws RangeError when no column survives
 */
export function fitCreator(frame: Frame, options: CreatorOptions): FeatureCreator {
  const columns: FittedColumn[] = [];
  const dropped: DroppedColumn[] = [];
  const survivors: { name: string; filled: Float64Array }[] = [];
  const reference: Reference[] = [];
  frame.columns.forEach((name, at) => {
    const raw = columnOf(frame, at);
    const present = raw.filter((x) => !Number.isNaN(x));
    const { mean, std } = present.length === 0 ? { mean: Number.NaN, std: Number.NaN } : spreadOf(present);
    const missing = 1 - present.length / raw.length;
    reference.push({ name, mean, std, missing });
    const group = groupOf(name);
    if (group !== undefined && !options.groups.includes(group))
      dropped.push({ name, reason: 'not in the chosen groups' });
    else if (present.length === 0 || missing > options.maxMissing) dropped.push({ name, reason: 'too empty' });
    else {
      const fill = quantile(present.sort(), 0.5);
      const log = options.scaling === 'signed-log' && IN_SENSOR_UNIT.has(name);
      const filled = raw.map((x) => level(Number.isNaN(x) ? fill : x, log));
      const scaled = spreadOf(filled);
      const twin = survivors.find((other) => other.filled.every((x, row) => x === filled[row]));
      // Squares of values beyond 1e150 overflow: there is no spread to scale by, and JSON could not hold it.
      if (!Number.isFinite(scaled.std)) dropped.push({ name, reason: 'too large' });
      // Rounding leaves a trace of spread in columns that are constant in truth.
      else if (scaled.std <= 1e-12 * Math.max(1, Math.abs(scaled.mean))) dropped.push({ name, reason: 'constant' });
      else if (twin !== undefined) dropped.push({ name, reason: 'duplicate', of: twin.name });
      else {
        survivors.push({ name, filled });
        columns.push({ name, log, fill, mean: scaled.mean, std: scaled.std, weight: 1 });
      }
    }
  });
  if (columns.length === 0) throw new RangeError('no feature is left: all are constant, too empty or not chosen');
  if (options.balance) {
    for (const column of columns) {
      const group = groupOf(column.name);
      column.weight = 1 / Math.sqrt(columns.filter(({ name }) => groupOf(name) === group).length);
    }
  }
  return { limit: options.limit, columns, dropped, reference, rows: frame.days.length };
}

/**
 * Applies a fitted creator: its columns, without missing values, scaled.
 * @throws RangeError when the frame lacks a column of the creator
 */
export function transform(frame: Frame, creator: FeatureCreator): Frame {
  const rows = frame.days.length;
  const width = creator.columns.length;
  const data = new Float64Array(rows * width);
  const limit = creator.limit ?? Infinity;
  creator.columns.forEach(({ name, log, fill, mean, std, weight }, to) => {
    const from = frame.columns.indexOf(name);
    if (from === -1) throw new RangeError(`the feature "${name}" is not in the table`);
    for (let row = 0; row < rows; row++) {
      const raw = frame.data[row * frame.columns.length + from]!;
      const scaled = (level(Number.isNaN(raw) ? fill : raw, log) - mean) / std;
      data[row * width + to] = Math.max(-limit, Math.min(limit, scaled)) * weight;
    }
  });
  return { sensors: frame.sensors, days: frame.days, columns: creator.columns.map(({ name }) => name), data };
}

function level(x: number, log: boolean): number {
  return log ? Math.sign(x) * Math.log1p(Math.abs(x)) : x;
}

function spreadOf(values: Float64Array): { mean: number; std: number } {
  const mean = meanOf(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return { mean, std: Math.sqrt(squares / values.length) };
}
