import { randomBytes } from 'node:crypto';
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type Env, readEnv } from '../config/env.js';
import { ERRORS, type ErrorCode, MillraceError } from '../config/errors.js';
import { WORKFLOW_QUEUE } from '../config/queues.js';
import { loadSettings, type Settings } from '../config/settings.js';
import type { StepStatus } from '../dag/plan.js';
import { type Database, openDatabase } from '../store/tables/database.js';
import { pipelineNamed } from './pipelines.js';

export type { StepStatus } from '../dag/plan.js';
export type { RunResult } from '../pipelines/steps.js';

export interface StartOptions {
  params?: Record<string, unknown>;
  /** `[start, end)`; two starts of one pipeline for one interval join. */
  interval?: { start: string; end: string };
  /** Name of the run; two starts with one key join. Otherwise each start is a run of its own. */
  key?: string;
}

export interface StartedRun {
  workflowId: string;
  /** Whether this call joined a run that was going on already. */
  joined: boolean;
}

/** How a run stands. */
export interface RunProgress {
  state: 'running' | 'done' | 'failed' | 'cancelled';
  steps: StepStatus[];
}

const POLL_MS = 150;

/** A connection to Millrace: starts pipelines, follows them and reads what they produced. */
export class Millrace {
  private constructor(
    readonly settings: Settings,
    readonly connection: Connection,
    readonly client: Client,
    readonly database: Database,
  ) {}

  /**
   * Connects to the services of the environment, or to the embedded ones in the work folder.
   * @throws MillraceError MR_SERVICE when they cannot be reached
   */
  static async connect(env: Env = readEnv()): Promise<Millrace> {
    const settings = await loadSettings(env);
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
    const database = openDatabase({ ...settings.database, max: 4 }, () => undefined);
    return new Millrace(settings, connection, new Client({ connection, namespace }), database);
  }

  /** Starts a run, or joins the one that goes on for the same interval or key. Params are checked first. */
  async start(name: string, { params = {}, interval, key }: StartOptions = {}): Promise<StartedRun> {
    pipelineNamed(name).parse(params);
    const workflowId = `${name}.${key ?? (interval === undefined ? uniqueKey() : `${interval.start}_${interval.end}`)}`;
    try {
      await this.client.workflow.start(name, {
        taskQueue: WORKFLOW_QUEUE,
        workflowId,
        args: [{ params, interval: interval ?? null }],
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: pipelineNamed(name).graph.title,
      });
      return { workflowId, joined: false };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return { workflowId, joined: true };
      throw error;
    }
  }

  /** The states of a run's steps as they change, until it ends. */
  async *follow(workflowId: string): AsyncGenerator<RunProgress> {
    const handle = this.client.workflow.getHandle(workflowId);
    let before = '';
    for (;;) {
      const state = await this.#state(handle);
      const steps = await this.#steps(handle);
      const progress: RunProgress = { state, steps };
      const text = JSON.stringify(progress);
      if (text !== before) yield progress;
      before = text;
      if (state !== 'running') return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /**
   * Waits for the end of a run and returns its result.
   * @throws MillraceError with the code the run failed with
   */
  async result<T>(workflowId: string): Promise<T> {
    try {
      return (await this.client.workflow.getHandle(workflowId).result()) as T;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw this.#unknown(workflowId);
      if (!(error instanceof WorkflowFailedError)) throw error;
      if (error.cause instanceof CancelledFailure)
        throw new MillraceError('MR_CANCELLED', `the run ${workflowId} was cancelled`);
      const { type, message } =
        error.cause instanceof ApplicationFailure ? error.cause : { type: undefined, message: String(error.cause) };
      throw new MillraceError(
        typeof type === 'string' && type in ERRORS ? (type as ErrorCode) : 'MR_RUN_FAILED',
        message,
      );
    }
  }

  /** Asks a run to stop; its steps end within seconds. @throws MillraceError MR_RUN_UNKNOWN */
  async cancel(workflowId: string): Promise<void> {
    try {
      await this.client.workflow.getHandle(workflowId).cancel();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw this.#unknown(workflowId);
      throw error;
    }
  }

  /** The states of a run's steps now; empty when no worker answers. */
  async steps(workflowId: string): Promise<StepStatus[]> {
    return this.#steps(this.client.workflow.getHandle(workflowId));
  }

  /** How Temporal says that an execution stands. @throws MillraceError MR_RUN_UNKNOWN when it was forgotten */
  async stateOf(workflowId: string, temporalRunId?: string): Promise<RunProgress['state']> {
    return this.#state(this.client.workflow.getHandle(workflowId, temporalRunId));
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.connection.close();
  }

  async #state(handle: WorkflowHandle): Promise<RunProgress['state']> {
    try {
      const { status } = await handle.describe();
      if (status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW' || status.name === 'PAUSED') return 'running';
      if (status.name === 'COMPLETED') return 'done';
      return status.name === 'CANCELLED' ? 'cancelled' : 'failed';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw this.#unknown(handle.workflowId);
      throw error;
    }
  }

  /** A worker that is down answers no query; the run goes on when it is back, so this is no error. */
  async #steps(handle: WorkflowHandle): Promise<StepStatus[]> {
    try {
      return await this.connection.withDeadline(Date.now() + 3000, () => handle.query<StepStatus[]>('state'));
    } catch {
      return [];
    }
  }

  #unknown(workflowId: string): MillraceError {
    return new MillraceError('MR_RUN_UNKNOWN', `there is no run "${workflowId}"`, {
      next: 'millrace runs list shows them',
    });
  }
}

function uniqueKey(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  return `${time}-${randomBytes(2).toString('hex')}`;
}
