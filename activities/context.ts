import type { Logger } from 'pino';
import type { RetentionPolicy } from '../config/retention.js';
import type { Notice } from '../dag/notice.js';
import type { Parallel } from '../ml/parallel.js';
import type { Pipelines } from '../pipelines/pipelines.js';
import type { Duck } from '../store/duck.js';
import type { Buckets } from '../store/objects/buckets.js';
import type { ObjectStore } from '../store/objects/object-store.js';
import type { SourceDatabases } from '../store/source-databases.js';
import type { Backfills } from '../store/tables/backfills.js';
import type { Failures } from '../store/tables/failures.js';
import type { LogLines } from '../store/tables/log-lines.js';
import type { ModelRegistry } from '../store/tables/model-registry.js';
import type { Notices } from '../store/tables/notices.js';
import type { Registry } from '../store/tables/registry.js';
import type { Retention } from '../store/tables/retention.js';
import type { StepCosts } from '../store/tables/step-costs.js';
import type { Triggers } from '../store/tables/triggers.js';
import type { AttemptLog } from './attempt-log.js';
import type { Tiding } from './notify.js';

/** What the steps depend on; the worker composes it, tests hand in their own. */
export interface Stores {
  pipelines: Pipelines;
  objects: ObjectStore;
  registry: Registry;
  logs: LogLines;
  models: ModelRegistry;
  backfills: Backfills;
  failures: Failures;
  notices: Notices;
  triggers: Triggers;
  costs: StepCosts;
  retention: Retention;
  alerts: Alerts;
  /** As it is set now. @throws MillraceError MR_CONFIG */
  retentionPolicy(): Promise<RetentionPolicy>;
  /** Buckets that sources lie in; opened when the first is read. */
  buckets(): Promise<Buckets>;
  databases: SourceDatabases;
  duck: Duck;
  parallel: Parallel;
  workbooks: Workbooks;
  log: Logger;
  meters: Meters;
  schedules: Schedules;
  /** Hash of a step's code: its import closure, the versions of the libraries it uses, the backend. */
  codeHash(step: string): string;
}

/** Reads Excel files: one long computation, which must not keep heartbeats waiting. */
export interface Workbooks {
  /** Names of the sheets that have cells. */
  sheets(path: string, signal: AbortSignal): Promise<string[]>;
  /** Writes a sheet as CSV. */
  toCsv(path: string, sheet: string, target: string, signal: AbortSignal): Promise<void>;
}

/** Tells people. */
export interface Alerts {
  /** Names of those who are to hear of it. */
  targetsOf(tiding: Tiding): Promise<string[]>;
  /** @throws MillraceError MR_ALERT when it could not be told, MR_CONFIG when it cannot be */
  send(target: string, notice: Notice): Promise<void>;
}

/** An attempt, as it is counted. */
export interface AttemptMeter {
  pipeline: string;
  step: string;
  phase: string;
}

/** Counts attempts while they run. */
export interface Meters {
  /** Returns what to call when the attempt has ended, with how. */
  begin(attempt: AttemptMeter): (state: string) => void;
}

/** What Temporal knows of schedules. */
export interface Schedules {
  /** The moment a schedule was to fire before `at`, by its times alone; null when it had none. */
  timeBefore(schedule: string, at: Date): Promise<Date | null>;
}

/** What one attempt of a step is given besides its input. */
export interface Attempt {
  signal: AbortSignal;
  /** Nobody tries again after this one. */
  last: boolean;
  log: AttemptLog;
  /** Told to Temporal with the next heartbeat. */
  progress(done: number, total: number, unit: string): void;
  /** Kept with the attempt: shapes of frames, memory, counts. */
  measure(name: string, value: number): void;
}
