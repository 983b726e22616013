import type { ClusterModel } from '../activities/model.js';
import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { checkZone, dayNumber, dayStart } from '../config/time-zone.js';
import { assign } from '../ml/cluster/kmeans.js';
import { chunkFeatures, FEATURE_NAMES } from '../ml/features/chunk-features.js';
import { type FeatureCreator, transform } from '../ml/features/creator.js';

/** A chunk to predict: its features by name, or its readings. */
export type Instance =
  | { features: Readonly<Record<string, number | null>> }
  | { day: string; tz: string; readings: readonly (readonly [time: string, value: number])[] };

export interface InstancePrediction {
  cluster: number;
  distance: number;
  /** It lies farther from its centre than any chunk in training did. */
  novel: boolean;
}

const COLUMNS = [...FEATURE_NAMES];
const POSITION = new Map(COLUMNS.map((name, at) => [name, at]));

/** A model and its feature creator in memory: predicts chunks one by one, as the prediction pipeline does. */
export class Predictor {
  readonly #centres: Float64Array;

  constructor(
    readonly model: string,
    readonly version: number,
    private readonly clusters: ClusterModel,
    private readonly creator: FeatureCreator,
  ) {
    this.#centres = Float64Array.from(clusters.centres.flat());
  }

  /** @throws MillraceError MR_PARAM naming the instance that cannot be used */
  predict(instances: readonly Instance[]): InstancePrediction[] {
    const rows = instances.length;
    const data = new Float64Array(rows * COLUMNS.length);
    instances.forEach((instance, row) => {
      data.set(
        'features' in instance ? fromFeatures(instance.features, row) : fromReadings(instance, row),
        row * COLUMNS.length,
      );
    });
    const names = new Array<string>(rows).fill('');
    const table = transform({ sensors: names, days: names, columns: COLUMNS, data }, this.creator);
    const labels = new Int32Array(rows);
    const squared = new Float64Array(rows);
    assign({ data: table.data, rows, width: table.columns.length }, this.#centres, labels, squared);
    return Array.from(labels, (label, row) => {
      const distance = Math.sqrt(squared[row]!);
      return { cluster: this.clusters.ids[label]!, distance, novel: distance > this.clusters.radius[label]! };
    });
  }
}

/** What is not named counts as missing, and gets what the creator learned for it. */
function fromFeatures(features: Readonly<Record<string, number | null>>, row: number): Float64Array {
  const out = new Float64Array(COLUMNS.length).fill(Number.NaN);
  let given = 0;
  for (const [name, value] of Object.entries(features)) {
    const at = POSITION.get(name);
    if (at === undefined) {
      throw new MillraceError(
        'MR_PARAM',
        `instances.${row}: there is no feature "${name}".${didYouMean(name, COLUMNS)}`,
        {
          allowed: `features: ${COLUMNS.join(', ')}`,
        },
      );
    }
    if (value === null) continue;
    out[at] = value;
    given++;
  }
  if (given > 0) return out;
  throw new MillraceError('MR_PARAM', `instances.${row}: no feature has a value`, {
    allowed: `features: ${COLUMNS.join(', ')}`,
  });
}

function fromReadings({ day, tz, readings }: Extract<Instance, { readings: unknown }>, row: number): Float64Array {
  checkZone(tz);
  const start = dayStart(dayNumber(day), tz);
  const end = dayStart(dayNumber(day) + 1, tz);
  // The last of several readings at one time is used, as in pipelines.
  const byTime = new Map<number, number>();
  readings.forEach(([text, value], at) => {
    const time = microseconds(text);
    if (Number.isNaN(time) || time < start || time >= end) {
      throw new MillraceError(
        'MR_PARAM',
        `instances.${row}.readings.${at}: ${JSON.stringify(text)} is not a time on ${day} in ${tz}`,
        {
          allowed: 'times with a zone, for example 2026-03-02T08:20:00Z, all on the day of the instance',
        },
      );
    }
    byTime.set(time, value);
  });
  const times = Float64Array.from(byTime.keys()).sort();
  return chunkFeatures(
    times,
    times.map((time) => byTime.get(time)!),
    start,
    end,
  );
}

/** µs since 1970 of an ISO time; NaN where it is none. `Date` drops what is finer than ms. */
function microseconds(text: string): number {
  const finer = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? '';
  return Date.parse(text) * 1000 + Number(finer.padEnd(3, '0'));
}
