-- Up Migration
CREATE TABLE runs (
  id text PRIMARY KEY,
  pipeline text NOT NULL,
  workflow_id text NOT NULL,
  temporal_run_id text NOT NULL UNIQUE,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled', 'lost')),
  params jsonb NOT NULL,
  interval_start timestamptz,
  interval_end timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  result jsonb,
  error jsonb
);
CREATE INDEX runs_started ON runs (started_at DESC);

CREATE TABLE step_attempts (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  step text NOT NULL,
  phase text NOT NULL CHECK (phase IN ('once', 'plan', 'batch', 'gather')),
  batch integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled', 'lost')),
  worker text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  measures jsonb NOT NULL DEFAULT '{}',
  error jsonb,
  PRIMARY KEY (run_id, step, phase, batch, attempt)
);

CREATE TABLE chunks (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  sensor text NOT NULL,
  day date NOT NULL,
  readings integer NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  largest_gap_s double precision NOT NULL,
  share double precision NOT NULL,
  value_hash text NOT NULL,
  PRIMARY KEY (run_id, sensor, day)
);

CREATE TABLE quarantine (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  file text NOT NULL,
  record bigint NOT NULL,
  sensor text,
  reason text NOT NULL,
  raw text
);
CREATE INDEX quarantine_run ON quarantine (run_id);

CREATE TABLE metrics (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  step text NOT NULL,
  name text NOT NULL,
  value double precision,
  PRIMARY KEY (run_id, step, name)
);

CREATE TABLE models (
  name text PRIMARY KEY,
  champion integer,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE model_versions (
  model text NOT NULL REFERENCES models ON DELETE CASCADE,
  version integer NOT NULL,
  run_id text NOT NULL REFERENCES runs,
  parent integer,
  artefact jsonb NOT NULL,
  creator jsonb NOT NULL,
  params jsonb NOT NULL,
  lineage jsonb NOT NULL,
  metrics jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model, version),
  UNIQUE (model, run_id)
);
ALTER TABLE models ADD FOREIGN KEY (name, champion) REFERENCES model_versions (model, version) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE predictions (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  sensor text NOT NULL,
  day date NOT NULL,
  cluster integer NOT NULL,
  distance double precision NOT NULL,
  novel boolean NOT NULL,
  model text NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (run_id, sensor, day)
);
CREATE INDEX predictions_sensor ON predictions (sensor, day);

-- Down Migration
DROP TABLE predictions, metrics, quarantine, chunks, step_attempts;
ALTER TABLE models DROP CONSTRAINT models_name_champion_fkey;
DROP TABLE model_versions, models, runs;
