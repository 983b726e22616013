import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChunkTable } from '../../activities/chunk-table.js';
import { createFit } from '../../activities/fit.js';
import { createChunkStep, createOnceStep } from '../../activities/own.js';
import { type ChunkReadings, chunkStep, onceStep, type StepTools } from '../../pipelines/own-step.js';
import { readFrame } from '../../store/frames.js';
import { type Chunked, chunkSource, writeSource } from '../support/sensor-source.js';
import { RUN, runMapped, type TestStores, testStores } from '../support/stores.js';

const LONG = 'time,sensor,value';
const TEXT = [
  LONG,
  ...['2026-03-01T00:00:00Z,a,1', '2026-03-01T12:00:00Z,a,5', '2026-03-02T06:00:00Z,a,2'],
  ...['2026-03-01T00:00:00Z,b,-4', '2026-03-01T08:00:00Z,b,0.5', '2026-03-01T16:00:00Z,b,0.25'],
].join('\n');

let stores: TestStores;
let source: Chunked;
let seen: ChunkReadings[] = [];

const spans = chunkStep({
  name: 'spans',
  doc: 'finds how far readings go',
  columns: ['span', 'hour'],
  takes: { factor: 'param' },
  of(chunk, { factor }: { factor: number }) {
    seen.push(chunk);
    const { values, times, start } = chunk;
    return { hour: (times.at(-1)! - start) / 3_600e6, span: factor * (Math.max(...values) - Math.min(...values)) };
  },
});

/** Each of its own name, so that none finds what another kept. */
let odd = 0;
const work = (of: (chunk: ChunkReadings) => unknown) => {
  const name = `odd-${++odd}`;
  const step = chunkStep({ name, doc: 'is odd', columns: ['a', 'b'], of: of as () => { a: number; b: number } });
  return createChunkStep(stores, name, step.work as never);
};

beforeAll(async () => {
  stores = await testStores();
  source = await chunkSource(stores, await writeSource(stores, { 'a.csv': TEXT }));
});
afterAll(() => stores.close());

const run = (factor = 1, own = stores) =>
  runMapped(own, 'spans', createChunkStep(own, 'spans', spans.work as never), { chunks: source.chunks, factor });
const rows = async ({ ref }: ChunkTable) => {
  const { sensors, days, columns, data } = await readFrame(stores.objects, ref);
  return { columns, rows: days.map((day, row) => [sensors[row], day, ...data.slice(row * 2, row * 2 + 2)]) };
};

describe('a step that makes a row of each chunk', () => {
  it('is given the readings of one sensor on one day, and its params', async () => {
    seen = [];
    const { output } = await run();
    expect(await rows(output)).toEqual({
      columns: ['span', 'hour'],
      rows: [
        ['a', '2026-03-01', 4, 12],
        ['b', '2026-03-01', 4.5, 16],
        ['a', '2026-03-02', 0, 6],
      ],
    });
    expect(output).toMatchObject({ columns: 2, made: 3, kept: 0 });
    const midnight = Date.UTC(2026, 2, 1) * 1000;
    expect(seen[1]).toEqual({
      sensor: 'b',
      day: '2026-03-01',
      start: midnight,
      end: midnight + 86_400e6,
      times: Float64Array.of(midnight, midnight + 8 * 3_600e6, midnight + 16 * 3_600e6),
      values: Float64Array.of(-4, 0.5, 0.25),
    });
  });

  it('is not asked again for what it made of the same readings', async () => {
    await run();
    seen = [];
    const { output } = await run();
    expect(seen).toEqual([]);
    expect(output).toMatchObject({ made: 0, kept: 3 });
  });

  it('is asked again with other params, and with other code', async () => {
    await run();
    seen = [];
    expect((await rows((await run(2)).output)).rows[0]).toEqual(['a', '2026-03-01', 8, 12]);
    expect(seen).toHaveLength(3);
    await run(2, { ...stores, codeHash: (step) => `other code of ${step}` });
    expect(seen).toHaveLength(6);
  });

  it('makes features that a creator can be fitted to', async () => {
    const { output } = await run();
    const inputs = {
      ...{ features: output, parent: null, holdout: { from: null, chunks: 0, reason: '' } },
      ...{ groups: ['shape' as const], scaling: 'standard' as const, maxMissing: 0.5, limit: 3, balance: true },
    };
    await createFit(stores)({ run: RUN, step: 'fit', inputs: inputs as never }, stores.attempt());
    expect(stores.measures).toMatchObject({ columns: 2, dropped: 0 });
  });

  it('may give NaN where there is no number', async () => {
    const { output } = await runMapped(
      stores,
      'odd',
      work(() => ({ a: Number.NaN, b: 1 })),
      { chunks: source.chunks },
    );
    expect([...(await readFrame(stores.objects, output.ref)).data]).toEqual([NaN, 1, NaN, 1, NaN, 1]);
  });

  it.each<[string, () => unknown, string]>([
    ['a text', () => ({ a: '1', b: 2 }), '"a" is "1"'],
    ['too little', () => ({ a: 1 }), '"b" is undefined'],
    ['nothing', () => undefined, '"a" is undefined'],
  ])('fails at once when it gives %s, and says of what', async (_, of, why) => {
    await expect(runMapped(stores, 'odd', work(of), { chunks: source.chunks })).rejects.toMatchObject({
      code: 'MR_STEP',
      message: expect.stringContaining(`of the sensor a on 2026-03-01: ${why}`),
    });
  });

  it('fails at once when it throws, and says of what and where', async () => {
    const of = ({ day }: ChunkReadings) => {
      if (day === '2026-03-02') throw new RangeError('too late');
      return { a: 1, b: 1 };
    };
    await expect(runMapped(stores, 'odd', work(of), { chunks: source.chunks })).rejects.toMatchObject({
      code: 'MR_STEP',
      message: expect.stringMatching(/^odd-\d+ of the sensor a on 2026-03-02: RangeError: too late\n.*own\.test\.ts/s),
    });
  });

  it('stops soon when it is cancelled', async () => {
    const stop = new AbortController();
    const slow = work(() => {
      const end = performance.now() + 60;
      while (performance.now() < end);
      return { a: 1, b: 1 };
    });
    const call = { run: RUN, step: 'odd', inputs: { chunks: source.chunks }, fresh: true as const };
    const { worklist, batches } = await slow.plan(call, stores.attempt());
    setTimeout(() => stop.abort(new Error('cancelled')), 20);
    const own = { ...call, worklist, slice: batches[0]!, batch: 1, batches: 1 };
    await expect(slow.batch(own, stores.attempt(stop.signal))).rejects.toThrow('cancelled');
  });
});

describe('a step that is done once', () => {
  let times = 0;
  const once = <O extends object>(
    runs: (inputs: Record<string, unknown>, tools: StepTools) => Promise<O>,
    kept?: boolean,
    name = 'count',
  ) => {
    const takes = {} as Record<string, string>;
    const step = onceStep({ name, doc: 'counts', takes, gives: 'x', ...(kept !== undefined && { kept }), run: runs });
    const activity = createOnceStep(stores, name, step.work as never);
    return (inputs: Record<string, unknown>) => activity({ run: RUN, step: name, inputs }, stores.attempt());
  };

  it('gives what it gave before for the same inputs, however much of them was kept', async () => {
    const count = once(async () => ({ times: ++times }), undefined, 'count-kept');
    const { output: table } = await run();
    const first = await count({ table, least: 1 });
    expect(await count({ table: { ...table, made: 17, kept: 1 }, least: 1 })).toEqual(first);
    expect(await count({ table, least: 2 })).not.toEqual(first);
    expect(await count({ table: (await run(3)).output, least: 1 })).not.toEqual(first);
  });

  it('is done each time where it says so', async () => {
    const count = once(async () => ({ times: ++times }), false, 'count-anew');
    expect(await count({ n: 1 })).not.toEqual(await count({ n: 1 }));
  });

  it('reads tables and readings, and writes tables', async () => {
    const { output: table } = await run();
    const halves = once(async (_inputs, { read, readings, write }) => {
      const rows = await read(table);
      const sums: number[] = [];
      for await (const { values } of readings(source.chunks)) sums.push(values.reduce((sum, x) => sum + x, 0));
      return { table: await write({ ...rows, columns: ['sum'], data: Float64Array.from(sums) }) };
    });
    const { table: written } = (await halves({ table })) as { table: ChunkTable };
    const frame = await readFrame(stores.objects, written.ref);
    expect(frame.columns).toEqual(['sum']);
    expect([...frame.data]).toEqual([6, -3.25, 2]);
    expect(frame.sensors).toEqual(['a', 'b', 'a']);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'what count gives is undefined'],
    ['a list', [1], 'what count gives is [1]'],
    ['too much', { text: 'x'.repeat(100_001) }, 'what count gives is 100012 bytes long'],
  ])('fails at once when it gives %s', async (_, output, why) => {
    const step = once(async () => output as object, false);
    await expect(step({})).rejects.toMatchObject({ code: 'MR_STEP', message: expect.stringContaining(why) });
  });

  it('fails at once when the table that it writes does not add up', async () => {
    const step = once((_inputs, { write }) =>
      write({ sensors: ['a'], days: ['2026-03-01'], columns: ['x', 'y'], data: Float64Array.of(1) }),
    );
    await expect(step({ of: 'it' })).rejects.toMatchObject({
      code: 'MR_STEP',
      message: expect.stringContaining('a table of 1 sensors and 1 days with 2 columns has 1 numbers'),
    });
  });

  it('leaves its own errors to the retries', async () => {
    const step = once(() => Promise.reject(new TypeError('fetch failed')), false);
    await expect(step({})).rejects.toThrow(new TypeError('fetch failed'));
  });
});
