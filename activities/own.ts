import { MillraceError } from '../config/errors.js';
import type { StepCall } from '../dag/plan.js';
import type { ChunkReadings, ChunkWork, OnceWork, StepTools } from '../pipelines/own-step.js';
import { readFrame, readJson, writeFrame } from '../store/frames.js';
import { hashJson } from '../store/hash.js';
import type { Chunks, Manifest } from './chunk.js';
import { chunkTable } from './chunk-table.js';
import type { Attempt, Stores } from './context.js';
import { mappedActivities } from './mapped.js';
import { type OnceActivity, once } from './once.js';
import { type DayPart, groupsOf, type Readings, readGroup } from './readings.js';

type Inputs = Record<string, unknown>;
type ChunkInputs = Inputs & { chunks: Chunks };

/** What steps of projects do is not known: so many readings a second is a guess, on which the size of batches depends. */
const READINGS_PER_SECOND = 1e6;
/** So long steps of projects compute before heartbeats have their turn. */
const TURN_MS = 50;
/** More than that goes into a table: each output is held in the history of the run, and passed to other steps. */
const MOST_OUTPUT = 100_000;

/** A step of a project that makes a row of each chunk. */
export function createChunkStep(stores: Stores, name: string, work: ChunkWork) {
  return mappedActivities(stores, ownChunkTable(stores, name, work));
}

/** The same, before it is cut into activities. */
export function ownChunkTable(stores: Stores, name: string, work: ChunkWork) {
  const paramsOf = (inputs: Inputs) => Object.fromEntries(work.params.map((param) => [param, inputs[param]]));
  return chunkTable<ChunkInputs>(stores, {
    name,
    columns: work.columns,
    readingsPerSecond: READINGS_PER_SECOND,
    codeHash: (inputs) => hashJson([stores.codeHash(name), paramsOf(inputs)]),
    async rows(part, readings, inputs, { signal }) {
      const params = paramsOf(inputs);
      const data = new Float64Array(part.chunks.length * work.columns.length);
      let at = 0;
      let turn = performance.now();
      for (const chunk of chunksOf(part, readings)) {
        for (const value of rowOf(name, work, chunk, params)) data[at++] = value;
        if (performance.now() - turn < TURN_MS) continue;
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        turn = performance.now();
      }
      return data;
    },
  });
}

/** The numbers of a chunk, in the order of the columns. */
export function rowOf(name: string, { columns, of }: ChunkWork, chunk: ChunkReadings, params: Inputs): number[] {
  const where = `${name} of the sensor ${chunk.sensor} on ${chunk.day}`;
  let row: Readonly<Record<string, number>>;
  try {
    row = of(chunk, params);
  } catch (cause) {
    throw new MillraceError('MR_STEP', `${where}: ${messageOf(cause)}`, {}, { cause });
  }
  return columns.map((column) => {
    const value: unknown = row?.[column];
    if (typeof value === 'number') return value;
    throw new MillraceError('MR_STEP', `${where}: "${column}" is ${JSON.stringify(value) ?? String(value)}`, {
      allowed: `a number for each of ${columns.join(', ')}; NaN where there is none`,
    });
  });
}

const messageOf = (cause: unknown) => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));

function* chunksOf({ day, chunks }: DayPart, { times, values }: Readings): Generator<ChunkReadings> {
  let from = 0;
  for (const { sensor, rows } of chunks) {
    const to = from + rows;
    yield {
      sensor,
      day: day.day,
      start: day.start,
      end: day.end,
      times: times.subarray(from, to),
      values: values.subarray(from, to),
    };
    from = to;
  }
}

/** A step of a project that is done once in a run. */
export function createOnceStep(stores: Stores, name: string, work: OnceWork): OnceActivity<Inputs, object> {
  const run = async ({ inputs }: StepCall<Inputs>, attempt: Attempt) =>
    checked(name, await work.run(inputs, toolsOf(stores, attempt)));
  return work.kept ? once<Inputs, object>(stores, name, { key: identityOf, run }) : run;
}

/** What an input says, whatever lies where and however much of it was kept from before. */
function identityOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(identityOf);
  if (typeof value !== 'object' || value === null) return value;
  if ('valueHash' in value) return value.valueHash;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !['made', 'kept'].includes(name))
      .map(([name, inner]) => [name, identityOf(inner)]),
  );
}

/** @throws MillraceError MR_STEP where an output is none */
function checked(name: string, output: unknown): object {
  const fail = (found: string, allowed: string): never => {
    throw new MillraceError('MR_STEP', `what ${name} gives ${found}`, { allowed });
  };
  if (typeof output !== 'object' || output === null || Array.isArray(output))
    return fail(`is ${JSON.stringify(output) ?? String(output)}`, 'an object, as { "rows": 12 }');
  const size = Buffer.byteLength(JSON.stringify(output));
  if (size > MOST_OUTPUT)
    return fail(
      `is ${size} bytes long`,
      `at most ${MOST_OUTPUT} bytes; write what is large with tools.write, and give what that returns`,
    );
  return output;
}

function toolsOf(stores: Stores, { signal, log, progress, measure }: Attempt): StepTools {
  return {
    signal,
    log,
    progress,
    measure,
    read: (table) => readFrame(stores.objects, table.ref),
    async *readings(chunks) {
      const { days } = await readJson<Manifest>(stores.objects, chunks);
      for (const group of groupsOf(days.map(({ chunks: own, ...day }) => ({ day, chunks: own })))) {
        const readings = await readGroup(stores, group, { signal });
        for (const [at, part] of group.entries()) yield* chunksOf(part, readings[at]!);
      }
    },
    async write(rows) {
      const { sensors, days, columns, data } = rows;
      if (sensors.length !== days.length || data.length !== days.length * columns.length)
        throw new MillraceError(
          'MR_STEP',
          `a table of ${sensors.length} sensors and ${days.length} days with ${columns.length} columns has ${data.length} numbers`,
          { allowed: 'as many sensors as days, and a number for each of them and each column' },
        );
      const ref = await writeFrame(stores.objects, 'features', rows);
      return { ref, columns: columns.length, made: days.length, kept: 0 };
    },
  };
}
