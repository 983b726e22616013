-- Up Migration
-- Files and days that a run went on without, since they failed for good.
CREATE TABLE failed_items (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  step text NOT NULL,
  item text NOT NULL,
  day date,
  readings bigint,
  code text NOT NULL,
  message text NOT NULL,
  PRIMARY KEY (run_id, step, item)
);

-- What runs asked a person: what is to be done where something failed for good.
CREATE TABLE questions (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  nth integer NOT NULL,
  step text NOT NULL,
  phase text NOT NULL,
  batch integer NOT NULL,
  code text NOT NULL,
  message text NOT NULL,
  can text[] NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT now(),
  decision text CHECK (decision IN ('retry', 'skip', 'abort')),
  decided_at timestamptz,
  PRIMARY KEY (run_id, nth)
);

-- How often the work had been handed out before this attempt: attempts of each time are numbered on.
ALTER TABLE step_attempts ADD COLUMN round integer NOT NULL DEFAULT 0;

-- Down Migration
ALTER TABLE step_attempts DROP COLUMN round;
DROP TABLE questions, failed_items;
