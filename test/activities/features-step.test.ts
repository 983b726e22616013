import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFeatures } from '../../activities/features.js';
import { chunkFeatures, FEATURE_NAMES } from '../../ml/features/chunk-features.js';
import type { Tasks } from '../../ml/parallel.js';
import { readFrame } from '../../store/frames.js';
import { chunkSource, writeSource } from '../support/sensor-source.js';
import { inline, pathOf, runMapped, type TestStores, testStores } from '../support/stores.js';

let stores: TestStores;
beforeEach(async () => {
  stores = await testStores();
});
afterEach(() => stores.close());

const DAYS = ['2024-01-01', '2024-01-02', '2024-01-03'];
const SENSORS = ['w', 'x', 'y', 'z'];

const valueAt = (day: number, sensor: number, hour: number) => Math.sin(hour + day) * (sensor + 1) + day;
const midnight = (day: string) => Date.parse(`${day}T00:00:00Z`) * 1000;

/** Three days of four sensors, hourly: twelve chunks. */
async function writeHourly(): Promise<string> {
  const lines = ['time,sensor,value'];
  DAYS.forEach((day, d) => {
    for (let hour = 0; hour < 24; hour++) {
      SENSORS.forEach((sensor, s) => {
        lines.push(`${day}T${String(hour).padStart(2, '0')}:00:00Z,${sensor},${valueAt(d, s, hour)}`);
      });
    }
  });
  return writeSource(stores, { 'a.csv': `${lines.join('\n')}\n` });
}

/** Chunks a source and computes its features, noting the tasks that were run. */
async function features(source: string, overrides: Partial<TestStores> = {}) {
  const tasks: Tasks['features']['input'][] = [];
  const counting: TestStores = {
    ...stores,
    parallel: {
      ...inline,
      run: (task, input, signal) => {
        if (task === 'features') tasks.push(input as Tasks['features']['input']);
        return inline.run(task, input, signal);
      },
    },
    ...overrides,
  };
  const { chunks, manifest } = await chunkSource(stores, source);
  const { output, batches } = await runMapped(counting, 'features', createFeatures(counting), { chunks });
  const computed = tasks.reduce((sum, { offsets }) => sum + offsets.length - 1, 0);
  return { ...output, batches, computed, tasks, manifest, frame: await readFrame(stores.objects, output.ref) };
}

test('there is a row per chunk, by day and sensor, with the features of its own readings', async () => {
  const { frame, columns, ref } = await features(await writeHourly());
  expect(columns).toBe(FEATURE_NAMES.length);
  expect(ref.rows).toBe(12);
  expect(frame.columns).toEqual(FEATURE_NAMES);
  expect(frame.days).toEqual(DAYS.flatMap((day) => SENSORS.map(() => day)));
  expect(frame.sensors).toEqual(DAYS.flatMap(() => SENSORS));
  DAYS.forEach((day, d) => {
    SENSORS.forEach((_, s) => {
      const times = Float64Array.from({ length: 24 }, (_, hour) => midnight(day) + hour * 3600e6);
      const values = Float64Array.from({ length: 24 }, (_, hour) => valueAt(d, s, hour));
      const row = d * SENSORS.length + s;
      const expected = chunkFeatures(times, values, midnight(day), midnight(day) + 24 * 3600e6);
      expect(frame.data.slice(row * columns, (row + 1) * columns)).toEqual(expected);
    });
  });
  expect(stores.measures).toMatchObject({ rows: 12, columns });
});

test('the chunks of a day are shared out among the threads', async () => {
  const { tasks, computed } = await features(await writeHourly());
  expect(computed).toBe(12);
  expect(tasks.map(({ offsets }) => [...offsets])).toEqual(Array.from({ length: 6 }, () => [0, 24, 48]));
});

describe('what is there already is not computed again', () => {
  test('in a second run nothing is', async () => {
    const source = await writeHourly();
    const first = await features(source);
    expect(first).toMatchObject({ made: 12, kept: 0, computed: 12, batches: 1 });
    const second = await features(source);
    expect(second).toMatchObject({ made: 0, kept: 12, computed: 0, batches: 0 });
    expect(second.ref).toEqual(first.ref);
  });

  test('after one late row exactly one chunk is, from its own readings', async () => {
    const source = await writeHourly();
    const first = await features(source);
    await appendFile(join(source, 'a.csv'), '2024-01-02T00:30:00Z,x,99\n');
    const second = await features(source);
    expect(second).toMatchObject({ made: 1, kept: 11, computed: 1 });
    expect(second.tasks[0]!.values[1]).toBe(99);
    const changed = SENSORS.length + SENSORS.indexOf('x');
    for (let row = 0; row < 12; row++) {
      const same = Buffer.from(rowOf(second.frame, row).buffer).equals(Buffer.from(rowOf(first.frame, row).buffer));
      expect(same).toBe(row !== changed);
    }
  });

  test('chunks with gaps between them in the object of a day are read from the right rows', async () => {
    const source = await writeHourly();
    await features(source);
    await appendFile(join(source, 'a.csv'), '2024-01-02T00:30:00Z,w,98\n2024-01-02T00:30:00Z,z,99\n');
    const second = await features(source);
    expect(second).toMatchObject({ made: 2, computed: 2 });
    expect(second.tasks.map(({ values }) => values[1])).toEqual([98, 99]);
    expect(second.tasks.map(({ values }) => values.length)).toEqual([25, 25]);
  });

  test('other code computes all', async () => {
    const source = await writeHourly();
    await features(source);
    expect(await features(source, { codeHash: (step) => `newer ${step}` })).toMatchObject({ made: 12, computed: 12 });
  });
});

test('sensors with equal readings have equal rows', async () => {
  const source = await writeSource(stores, { 'a.csv': 'time,p,q\n2024-01-01,1,1\n2024-01-01 12:00:00,2,2\n' });
  const { frame, made } = await features(source);
  expect(made).toBe(2);
  expect(frame.sensors).toEqual(['a/p', 'a/q']);
  expect(rowOf(frame, 1)).toEqual(rowOf(frame, 0));
});

test('a day object that is too short is corrupt', async () => {
  const { manifest } = await features(await writeHourly());
  const [day] = manifest.days;
  const path = await pathOf(stores, day!);
  await stores.duck.session({ tz: 'UTC', signal: undefined }, async (duck) => {
    await duck.run(`CREATE TABLE short AS SELECT * FROM read_parquet('${path}') LIMIT 50`);
    await duck.run(`COPY short TO '${path}' (FORMAT parquet)`);
  });
  const again = features(join(stores.folder, 'source'), { codeHash: (step) => `newer ${step}` });
  await expect(again).rejects.toMatchObject({
    code: 'MR_OBJECT_CORRUPT',
    message: expect.stringMatching(/^the object .* has \d+ bytes, written were \d+/),
  });
  expect(await stores.objects.has(day!.uri)).toBe(false);
});

function rowOf({ data, columns }: { data: Float64Array; columns: string[] }, row: number): Float64Array {
  return data.slice(row * columns.length, (row + 1) * columns.length);
}
