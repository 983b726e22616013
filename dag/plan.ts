import type { OnFailure, Question } from './failure.js';

/** A run of a pipeline, as every activity of it sees it. */
export interface RunInfo {
  runId: string;
  workflowId: string;
  temporalRunId: string;
  pipeline: string;
}

/** Where one input of a step comes from: fixed when the run was resolved, or the output of an earlier step. */
export type PlanInput = { value: unknown } | { step: string };

export interface RetryPolicy {
  maxAttempts: number;
  initialSeconds: number;
  backoff: number;
  maxSeconds: number;
}

export interface PlanStep {
  name: string;
  activity: string;
  queue: string;
  /** Mapped steps plan a worklist, work on it in batches and gather. */
  mapped: boolean;
  doc: string;
  inputs: Record<string, PlanInput>;
  retry: RetryPolicy;
  /** Longest time one attempt may take. */
  timeoutSeconds: number;
  /** Its outputs are made anew, also those that are there; or those of some chunks. */
  fresh?: Fresh;
}

/** All of it, or what belongs to chunks of some days and sensors, or to some files; names are globs. */
export type Fresh = true | { days: { from: string; to: string } | null; sensors: string[]; files: string[] };

/** The whole of a run as data: what `resolve` returns and the runner carries out from history. */
export interface Plan {
  run: RunInfo;
  steps: PlanStep[];
  /** The step whose output is the run's result. */
  result: string;
  /** Shown in Temporal's UI. */
  title: string;
  interval: string | null;
  /** What follows when a step failed for good; the run fails where nothing is said. */
  onFailure?: OnFailure;
  /** Its deadlines, where it has some. */
  watch?: Watch;
  /** Why there is nothing to do: then the plan has no steps. */
  nothing?: string;
}

/** Deadlines, and what the runs before took. */
export interface Watch {
  /** Of the run, from its beginning. */
  deadlineMs: number | null;
  /** Of steps, from the beginning of each. */
  stepDeadlines: Record<string, number>;
  /** By step; empty where there is no run to go by. */
  expectedMs: Record<string, number>;
}

export interface StepCall<I = Record<string, unknown>> {
  run: RunInfo;
  step: string;
  inputs: I;
  /** What is there already is made anew; or what of it belongs to some chunks. */
  fresh?: Fresh;
  /** How often this work of the run was handed out before. */
  round?: number;
}

/** Where the items of a mapped step lie, and the slices of it that are still to be made. */
export interface MapPlan {
  worklist: string;
  items: number;
  kept: number;
  batches: Slice[];
}

/** Items `from` (inclusive) to `to` (exclusive) of a worklist. */
export interface Slice {
  from: number;
  to: number;
}

export interface BatchCall<I = Record<string, unknown>> extends StepCall<I> {
  worklist: string;
  slice: Slice;
  batch: number;
  batches: number;
  /**
   * What fails for good is left out: each item is worked on by itself. With an error, none is: they are known to fail
   * with it.
   */
  leave?: 'each' | { code: string; message: string };
}

/** What a batch left out, and where that is said; null when nothing. */
export type BatchEnd = { failed: number; uri: string; sha256: string } | null;

export interface GatherCall<I = Record<string, unknown>> extends StepCall<I> {
  worklist: string;
  made: number;
  kept: number;
  /** What batches left out, in the end; undefined where nothing ever failed for good. */
  failed?: { uri: string; sha256: string }[];
}

/** `asks`: a person is to decide what follows from a failure. */
export type StepState = 'waiting' | 'running' | 'asks' | 'done' | 'failed' | 'cancelled';

/** The state of one step, as the `state` query answers and the command line shows. */
export interface StepStatus {
  name: string;
  state: StepState;
  batches: number;
  batchesDone: number;
  items: number;
  kept: number;
  /** Items that failed for good, and that the run goes on without. */
  failed: number;
  startedAt: string | null;
  endedAt: string | null;
}

/** How a run stands, as the `standing` query answers. */
export interface RunStanding {
  steps: StepStatus[];
  /** Whether it is held between its batches. */
  paused: boolean;
  /** What a person is to decide before it goes on. */
  questions: Question[];
}
