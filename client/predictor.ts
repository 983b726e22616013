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

/** A model and its feature creator in memory: predicts chunks one by one, as the prediction pipeline does. */
export class Predictor {
  readonly #centres: Float64Array;
  /** All that can be named: our features, and those of a project that the model was trained on. */
  readonly #columns: string[];
  readonly #position: Map<string, number>;
  /** Of those of a project, what the model sees. */
  readonly #own: string[];

  constructor(
    readonly model: string,
    readonly version: number,
    private readonly clusters: ClusterModel,
    private readonly creator: FeatureCreator,
  ) {
    this.#centres = Float64Array.from(clusters.centres.flat());
    const ours = new Set(FEATURE_NAMES);
    this.#columns = [...FEATURE_NAMES, ...creator.reference.map(({ name }) => name).filter((name) => !ours.has(name))];
    this.#position = new Map(this.#columns.map((name, at) => [name, at]));
    this.#own = creator.columns.map(({ name }) => name).filter((name) => !ours.has(name));
  }

  /** @throws MillraceError MR_PARAM naming the instance that cannot be used */
  predict(instances: readonly Instance[]): InstancePrediction[] {
    const rows = instances.length;
    const columns = this.#columns;
    const data = new Float64Array(rows * columns.length).fill(Number.NaN);
    instances.forEach((instance, row) => {
      const own =
        'features' in instance ? this.#fromFeatures(instance.features, row) : this.#fromReadings(instance, row);
      data.set(own, row * columns.length);
    });
    const names = new Array<string>(rows).fill('');
    const table = transform({ sensors: names, days: names, columns, data }, this.creator);
    const labels = new Int32Array(rows);
    const squared = new Float64Array(rows);
    assign({ data: table.data, rows, width: table.columns.length }, this.#centres, labels, squared);
    return Array.from(labels, (label, row) => {
      const distance = Math.sqrt(squared[row]!);
      return { cluster: this.clusters.ids[label]!, distance, novel: distance > this.clusters.radius[label]! };
    });
  }

  /** What is not named counts as missing, and gets what the creator learned for it. */
  #fromFeatures(features: Readonly<Record<string, number | null>>, row: number): Float64Array {
    const allowed = `features: ${this.#columns.join(', ')}`;
    const out = new Float64Array(this.#columns.length).fill(Number.NaN);
    let given = 0;
    for (const [name, value] of Object.entries(features)) {
      const at = this.#position.get(name);
      if (at === undefined) {
        const near = didYouMean(name, this.#columns);
        throw new MillraceError('MR_PARAM', `instances.${row}: there is no feature "${name}".${near}`, { allowed });
      }
      if (value === null) continue;
      out[at] = value;
      given++;
    }
    if (given > 0) return out;
    throw new MillraceError('MR_PARAM', `instances.${row}: no feature has a value`, { allowed });
  }

  #fromReadings(instance: Extract<Instance, { readings: unknown }>, row: number): Float64Array {
    if (this.#own.length === 0) return fromReadings(instance, row);
    throw new MillraceError(
      'MR_PARAM',
      `instances.${row}: ${this.model} version ${this.version} sees features that a project makes of readings`,
      { allowed: `features by name: ${this.#own.join(', ')}` },
    );
  }
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
