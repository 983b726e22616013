import { randomBytes } from 'node:crypto';
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type Env, readEnv } from '../config/env.js';
import { isErrorCode, MillraceError } from '../config/errors.js';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import { loadSettings, type Settings } from '../config/settings.js';
import type { StepStatus } from '../dag/plan.js';
import type { PipelineParams } from '../pipelines/index.js';
import type { Pipelines } from '../pipelines/pipelines.js';
import type { RunResult } from '../pipelines/steps.js';
import { loadProject } from '../project/load.js';
import { hashJson } from '../store/hash.js';
import type { ObjectStore } from '../store/objects/object-store.js';
import { openObjects } from '../store/objects/open.js';
import { checkDatabase, type Database, openDatabase } from '../store/tables/database.js';
import { untilOver } from './ending.js';
import { followRun, lookAt, type RunProgress, standingOf, unknownRun } from './progress.js';
import { firstRequest, hasEnded, runIdOf } from './run-ids.js';
import { listRuns, type RunSummary } from './runs.js';

export type { StepStatus } from '../dag/plan.js';
/** What a run for an interval without a whole day gives. */
export interface Nothing {
  nothing: string;
}
export type { PipelineParams } from '../pipelines/index.js';
export type { InspectionResult, ResultBase, RunResult, TableResult } from '../pipelines/steps.js';
export type { RunProgress } from './progress.js';
export type { RunSummary } from './runs.js';

export interface StartOptions<Params = Record<string, unknown>> {
  params?: Params;
  /** `[start, end)`; two starts of one pipeline for one interval join. */
  interval?: { start: string; end: string };
  /** Name of the run; two starts with one key join. Otherwise each start is a run of its own. */
  key?: string;
  /** With a key: a run of that key that has ended is not run again, and the same key for another request is refused. */
  once?: boolean;
}

/** The params of a pipeline that is known by its name, else any. */
export type ParamsOf<Name extends string> = Name extends keyof PipelineParams
  ? PipelineParams[Name]
  : Record<string, unknown>;

export interface StartedRun {
  workflowId: string;
  /** As runs are listed: the workflow's id, with a number when it ran before. */
  runId: string;
  /** Whether this call joined a run that was going on already. */
  joined: boolean;
}

/** Few are enough for a client that reads; a smaller limit of the settings goes before. */
const MOST_CONNECTIONS = 4;

/** A connection to Millrace: starts pipelines, follows them and reads what they produced. */
export class Millrace {
  private constructor(
    readonly settings: Settings,
    readonly connection: Connection,
    readonly client: Client,
    readonly database: Database,
    /** The built-in ones, and those of the project in the work folder. */
    readonly pipelines: Pipelines,
  ) {}

  /**
   * Connects to the services of the environment, or to the embedded ones in the work folder.
   * @param project the pipelines there are; left out: those of Millrace, and of the project that `millrace.yaml` names
   * @throws MillraceError MR_SERVICE when they cannot be reached, MR_PROJECT when the project cannot be loaded
   */
  static async connect(env: Env = readEnv(), project?: Pipelines): Promise<Millrace> {
    const settings = await loadSettings(env);
    const pipelines = project ?? (await loadProject(env)).pipelines;
    const { namespace, ...options } = settings.temporal;
    const { address } = options;
    let connection: Connection;
    try {
      connection = await Connection.connect({ ...options, connectTimeout: '5 s' });
    } catch (cause) {
      throw new MillraceError(
        'MR_SERVICE',
        `Temporal at ${address} cannot be reached`,
        { next: 'start it (millrace up), or check TEMPORAL_ADDRESS' },
        { cause },
      );
    }
    const database = openDatabase(
      { ...settings.database, max: Math.min(settings.database.max, MOST_CONNECTIONS) },
      () => undefined,
    );
    await checkDatabase(database).catch(async (error: unknown) => {
      await Promise.allSettled([database.close(), connection.close()]);
      throw error;
    });
    return new Millrace(settings, connection, new Client({ connection, namespace }), database, pipelines);
  }

  /**
   * Starts a run, or joins the one that goes on for the same interval or key. Params are checked first.
   * @throws MillraceError MR_PARAM; MR_KEY_REUSED when `once` finds the key with another request
   */
  async start<Name extends string>(name: Name, options: StartOptions<ParamsOf<Name>> = {}): Promise<StartedRun> {
    const { params = {}, key, once = false } = options;
    const { graph, parse } = this.pipelines.named(name);
    const parsed = parse(params);
    const interval = options.interval === undefined ? null : normalized(options.interval);
    const workflowId = `${name}.${key ?? (interval === null ? uniqueKey() : `${interval.start}_${interval.end}`)}`;
    const request = { params, interval };
    const hash = hashJson(request);
    const reused = () =>
      new MillraceError('MR_KEY_REUSED', `the run ${workflowId} was started with other params`, {
        next: 'send the same request, or another key',
      });
    if (once) {
      const first = await firstRequest(this.database, workflowId);
      if (first !== null) {
        if (hashJson([first.params, first.interval]) !== hashJson([parsed, interval])) throw reused();
        return { workflowId, runId: first.id, joined: true };
      }
    }
    for (;;) {
      try {
        const { firstExecutionRunId } = await this.client.workflow.start(name, {
          taskQueue: WORKFLOW_QUEUE,
          workflowId,
          args: [request],
          memo: { request: hash },
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: once ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE',
          staticSummary: graph.title,
        });
        return { workflowId, runId: await runIdOf(this.database, workflowId, firstExecutionRunId), joined: false };
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      const there = this.client.workflow.getHandle(workflowId);
      const { runId: temporalRunId, memo, status } = await there.describe();
      if (once && memo?.request !== undefined && memo.request !== hash) throw reused();
      if (once || (status.name === 'RUNNING' && !(await hasEnded(this.database, temporalRunId))))
        return { workflowId, runId: await runIdOf(this.database, workflowId, temporalRunId), joined: true };
      // It has ended, or is about to: whoever has seen its end and starts anew gets a new one.
      await untilOver(this, workflowId, temporalRunId);
    }
  }

  /**
   * The states of a run's steps as they change, until it ends or the signal is aborted.
   * @param temporalRunId which of the workflow's executions; the newest when it is left out
   */
  follow(workflowId: string, signal?: AbortSignal, temporalRunId?: string): AsyncGenerator<RunProgress> {
    return followRun(this, this.client.workflow.getHandle(workflowId, temporalRunId), signal);
  }

  /**
   * Waits for the end of a run and returns its result.
   * @throws MillraceError with the code the run failed with
   */
  async result<T = RunResult>(workflowId: string): Promise<T> {
    try {
      return (await this.client.workflow.getHandle(workflowId).result()) as T;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw unknownRun(workflowId);
      if (!(error instanceof WorkflowFailedError)) throw error;
      const cause = error.cause instanceof ActivityFailure ? error.cause.cause : error.cause;
      if (cause instanceof CancelledFailure)
        throw new MillraceError('MR_CANCELLED', `the run ${workflowId} was cancelled`);
      const { type, message } =
        cause instanceof ApplicationFailure ? cause : { type: undefined, message: String(cause) };
      throw new MillraceError(isErrorCode(type) ? type : 'MR_RUN_FAILED', message);
    }
  }

  /** Asks a run to stop; its steps end within seconds. @throws MillraceError MR_RUN_UNKNOWN */
  async cancel(workflowId: string): Promise<void> {
    try {
      await this.client.workflow.getHandle(workflowId).cancel();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw unknownRun(workflowId);
      throw error;
    }
  }

  /** The states of a run's steps now; empty when no worker answers. */
  async steps(workflowId: string): Promise<StepStatus[]> {
    return (await standingOf(this, this.client.workflow.getHandle(workflowId))).steps;
  }

  /** How Temporal says that an execution stands. @throws MillraceError MR_RUN_UNKNOWN when it was forgotten */
  async stateOf(workflowId: string, temporalRunId?: string): Promise<RunProgress['state']> {
    return (await lookAt(this.client.workflow.getHandle(workflowId, temporalRunId))).state;
  }

  /** The newest runs. */
  async list(options: { limit?: number; pipeline?: string; schedule?: string } = {}): Promise<RunSummary[]> {
    return listRuns(this, { limit: 20, ...options });
  }

  #objects: Promise<ObjectStore> | undefined;

  /** The object store, opened when it is first needed. */
  objects(): Promise<ObjectStore> {
    this.#objects ??= openObjects(this.settings);
    return this.#objects;
  }

  async close(): Promise<void> {
    (await this.#objects)?.close();
    await this.database.close();
    await this.connection.close();
  }
}

/** An interval in the one way to write it, so that the same moments are the same run. */
function normalized({ start, end }: { start: string; end: string }): { start: string; end: string } {
  const [from, to] = [new Date(start), new Date(end)];
  if (from.getTime() < to.getTime()) return { start: from.toISOString(), end: to.toISOString() };
  throw new MillraceError('MR_PARAM', `the interval from ${start} to ${end} is none`, {
    allowed: 'two moments, the end after the start, for example 2026-03-14T00:00:00Z',
  });
}

function uniqueKey(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  return `${time}-${randomBytes(2).toString('hex')}`;
}
