import type { Chunks } from '../activities/chunk.js';
import type { ChunkTable } from '../activities/chunk-table.js';
import { STEP_QUEUES } from '../config/queues.js';
import { DeclarationError } from '../dag/check.js';
import { type StepKind, stepKind } from '../dag/declare.js';
import type { RetryPolicy } from '../dag/plan.js';

/** The readings of one sensor on one day. */
export interface ChunkReadings {
  sensor: string;
  /** YYYY-MM-DD. */
  day: string;
  /** When the day begins and ends, µs since 1970. */
  start: number;
  end: number;
  /** µs since 1970, ascending; at least one. */
  times: Float64Array;
  /** As many as times, all finite. */
  values: Float64Array;
}

/** Numbers by sensor and day. */
export interface TableRows {
  sensors: string[];
  /** YYYY-MM-DD. */
  days: string[];
  columns: string[];
  /** A row after the other, `rows × columns`; NaN is missing. */
  data: Float64Array;
}

/** What a step that is done once works with. */
export interface StepTools {
  /** Aborted when the run is cancelled, or the worker stops: hand it on to what takes long. */
  signal: AbortSignal;
  log: {
    info(message: string, fields?: Record<string, unknown>): void;
    warn(message: string, fields?: Record<string, unknown>): void;
  };
  /** Shown while the step goes on. */
  progress(done: number, total: number, unit: string): void;
  /** A number that is kept with the attempt, beside its memory. */
  measure(name: string, value: number): void;
  /** The rows of a table that a step before made. */
  read(table: ChunkTable): Promise<TableRows>;
  /** The readings of all chunks, a day after the other. */
  readings(chunks: Chunks): AsyncIterable<ChunkReadings>;
  /** Stores rows; what it returns is handed to steps that take a table. */
  write(rows: TableRows): Promise<ChunkTable>;
}

/** How a row of numbers is made of each chunk. */
export interface ChunkWork {
  columns: readonly string[];
  /** The inputs that are params. */
  params: readonly string[];
  of(readings: ChunkReadings, params: Record<string, unknown>): Readonly<Record<string, number>>;
}

/** What is done once in a run. */
export interface OnceWork {
  kept: boolean;
  run(inputs: Record<string, unknown>, tools: StepTools): Promise<object>;
}

/** A kind of step with what it does: a worker of the kind `own` carries it out. */
export interface OwnStep<I, O> extends StepKind<I, O> {
  readonly work: ChunkWork | OnceWork;
}

const COLUMN = /^[A-Za-z_][A-Za-z0-9_]*$/;
const KEYS = ['key', 'sensor', 'day'];

interface About {
  /** Lower-case words joined by hyphens; also the name of its activity. */
  name: string;
  doc: string;
  retry?: Partial<RetryPolicy>;
  /** Longest time one attempt may take; default 600. */
  timeoutSeconds?: number;
}

/**
 * A step that makes a row of numbers of each chunk. Rows are kept by what the chunk holds: with the same code and
 * params they are not computed again. What it gives is a table as `features` gives, so the steps after it are the same.
 * @param step.columns names of the numbers
 * @param step.takes inputs beside the chunks, each of them `param`
 * @param step.of computes the numbers of one chunk; NaN is missing. It must depend on nothing but what it is given
 * @throws DeclarationError where the columns are none
 */
export function chunkStep<const C extends readonly string[], P extends object = Record<never, never>>(
  step: About & {
    columns: C;
    takes?: { readonly [K in keyof P]: 'param' };
    of(readings: ChunkReadings, params: P): Readonly<Record<C[number], number>>;
  },
): OwnStep<{ chunks: Chunks } & P, ChunkTable> {
  type Inputs = { chunks: Chunks } & P;
  const { columns, takes, of } = step;
  checkColumns(step.name, columns);
  const inputs = { chunks: 'chunks', ...takes } as { [K in keyof Inputs]: string };
  const kind = stepKind<Inputs, ChunkTable>({ ...common(step), mapped: true, takes: inputs, gives: 'features' });
  const work: ChunkWork = {
    columns,
    params: Object.keys(takes ?? {}),
    of: (readings, params) => of(readings, params as P),
  };
  return { ...kind, work };
}

/** They stand in tables beside the key of each row. */
function checkColumns(name: string, columns: readonly string[]): void {
  const twice = columns.find((column, at) => columns.indexOf(column) !== at);
  if (twice !== undefined) throw new DeclarationError(`step "${name}": two columns are called "${twice}"`);
  const wrong = columns.find((column) => !COLUMN.test(column) || KEYS.includes(column));
  if (wrong === undefined && columns.length > 0) return;
  throw new DeclarationError(
    `step "${name}": ${wrong === undefined ? 'it has no columns' : `"${wrong}" is no name of a column`}; names have letters, digits and _, and are none of ${KEYS.join(', ')}`,
  );
}

/**
 * A step that is done once in a run. Its output is small, as it goes through Temporal: what is large is written with
 * `tools.write`.
 * @param step.takes the kind of edge each input takes, `param` for params
 * @param step.gives the kind of edge that leaves it
 * @param step.kept whether its output is used again for the same code, params and inputs; default yes. No for steps
 *   that tell others, or ask them
 */
export function onceStep<I extends object, O extends object>(
  step: About & {
    takes: { readonly [K in keyof I]: string };
    gives: string;
    kept?: boolean;
    run(inputs: I, tools: StepTools): Promise<O>;
  },
): OwnStep<I, O> {
  const kind = stepKind<I, O>({ ...common(step), takes: step.takes, gives: step.gives });
  const work: OnceWork = { kept: step.kept ?? true, run: (inputs, tools) => step.run(inputs as I, tools) };
  return { ...kind, work };
}

function common({ name, doc, retry, timeoutSeconds }: About) {
  return {
    activity: name,
    queue: STEP_QUEUES.own,
    doc,
    ...(retry !== undefined && { retry }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  };
}

/** Whether a kind of step is one of a project. */
export function isOwnStep<I, O>(kind: StepKind<I, O>): kind is OwnStep<I, O> {
  return 'work' in kind;
}
