import type { ColumnType, Generated } from 'kysely';
import type { BackfillDeclaration } from '../../config/backfill.js';
import type { Role } from '../../config/roles.js';
import type { TriggerDeclaration } from '../../config/trigger.js';
import type { Decision, Question } from '../../dag/failure.js';
import type { Notice } from '../../dag/notice.js';
import type { Ref } from '../../dag/ref.js';

/** The tables, as queries see them; `migrations/` makes them. */
export interface Tables {
  runs: RunsTable;
  step_attempts: StepAttemptsTable;
  metrics: { run_id: string; step: string; name: string; value: number | null };
  models: { name: string; champion: number | null; created_at: Generated<Date> };
  model_versions: ModelVersionsTable;
  chunks: {
    run_id: string;
    sensor: string;
    day: string;
    readings: number;
    share: number;
    largest_gap_s: number;
    value_hash: string;
  };
  quarantine: {
    run_id: string;
    file: string;
    record: string;
    sensor: string | null;
    reason: string;
    raw: string | null;
  };
  predictions: PredictionsTable;
  chunk_values: { run_id: string; sensor: string; day: string; name: string; value: number };
  championships: { model: string; version: number; since: Generated<Date>; reason: string };
  backfills: BackfillsTable;
  backfill_intervals: { backfill: string; nth: number; start_at: Date; end_at: Date };
  failed_items: FailedItemsTable;
  questions: QuestionsTable;
  triggers: TriggersTable;
  trigger_files: TriggerFilesTable;
  notices: NoticesTable;
  deliveries: DeliveriesTable;
  log_lines: LogLinesTable;
  source_files: {
    run_id: string;
    path: string;
    sha256: string;
    bytes: string;
    readings: string;
    days: string;
  };
  audit: {
    id: Generated<string>;
    at: Generated<Date>;
    caller: string | null;
    address: string;
    act: string;
    target: string;
    status: number;
  };
  tokens: { name: string; sha256: Buffer; role: Role; created_at: Generated<Date>; last_used_at: Date | null };
}

export type RunState = 'running' | 'done' | 'failed' | 'cancelled' | 'lost';

/** Written as JSON text, read as a value. */
type Json<T> = ColumnType<T, string, string>;

export interface RunError {
  code: string;
  message: string;
  step: string | null;
}

interface RunsTable {
  id: string;
  pipeline: string;
  workflow_id: string;
  temporal_run_id: string;
  state: RunState;
  params: Json<Record<string, unknown>>;
  interval_start: Date | null;
  interval_end: Date | null;
  schedule: string | null;
  backfill: string | null;
  trigger: string | null;
  rerun_of: string | null;
  paused_at: Date | null;
  pins: Json<Record<string, unknown> | null> | null;
  started_at: Generated<Date>;
  ended_at: Date | null;
  result: Json<Record<string, unknown> | null> | null;
  error: Json<RunError | null> | null;
}

export type BackfillState = 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

interface BackfillsTable {
  id: string;
  pipeline: string;
  declaration: Json<BackfillDeclaration>;
  state: BackfillState;
  created_at: Generated<Date>;
  ended_at: Date | null;
}

interface StepAttemptsTable {
  run_id: string;
  step: string;
  phase: 'once' | 'plan' | 'batch' | 'gather';
  batch: number;
  attempt: number;
  round: Generated<number>;
  state: RunState;
  worker: string;
  started_at: Generated<Date>;
  ended_at: Date | null;
  measures: Json<Record<string, number>>;
  error: Json<RunError | null> | null;
  output: Json<unknown> | null;
}

interface FailedItemsTable {
  run_id: string;
  step: string;
  item: string;
  day: string | null;
  readings: ColumnType<string | null, number | null, number | null>;
  code: string;
  message: string;
}

interface QuestionsTable {
  run_id: string;
  nth: number;
  step: string;
  phase: Question['phase'];
  batch: number;
  code: string;
  message: string;
  can: Decision[];
  asked_at: Generated<Date>;
  decision: Decision | null;
  decided_at: Date | null;
}

interface TriggersTable {
  name: string;
  pipeline: string;
  after: string | null;
  declaration: Json<TriggerDeclaration>;
  paused: Generated<boolean>;
  created_at: Generated<Date>;
  looked_at: Date | null;
  error: string | null;
}

interface TriggerFilesTable {
  trigger: string;
  path: string;
  print: string;
  modified_at: Date;
  seen_at: Date;
  arrival: string | null;
  handed_over: boolean;
}

interface NoticesTable {
  id: string;
  run_id: string | null;
  kind: Notice['kind'];
  pipeline: string;
  step: string | null;
  code: string | null;
  message: string;
  at: Date;
}

export type DeliveryState = 'waiting' | 'delivered' | 'failed';

interface DeliveriesTable {
  notice: string;
  target: string;
  state: DeliveryState;
  tries: Generated<number>;
  error: string | null;
  changed_at: Generated<Date>;
}

interface LogLinesTable {
  id: Generated<string>;
  run_id: string;
  step: string;
  phase: 'once' | 'plan' | 'batch' | 'gather';
  batch: number;
  attempt: number;
  at: Date;
  level: 'info' | 'warn' | 'error';
  message: string;
  fields: Json<Record<string, unknown>>;
}

interface ModelVersionsTable {
  model: string;
  version: number;
  run_id: string;
  parent: number | null;
  artefact: Json<Ref>;
  creator: Json<Ref>;
  params: Json<Record<string, unknown>>;
  lineage: Json<Record<string, unknown>>;
  metrics: Json<Record<string, unknown>>;
  trained_to: string | null;
  decision: Json<Record<string, unknown> | null> | null;
  created_at: Generated<Date>;
}

interface PredictionsTable {
  run_id: string;
  sensor: string;
  day: string;
  cluster: number;
  distance: number;
  novel: boolean;
  model: string;
  version: number;
}
