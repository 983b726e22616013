-- Up Migration
-- What attempts said, for people. Lines stay with their run, also when Temporal has forgotten it.
CREATE TABLE log_lines (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  step text NOT NULL,
  phase text NOT NULL,
  batch integer NOT NULL,
  attempt integer NOT NULL,
  at timestamptz NOT NULL,
  level text NOT NULL CHECK (level IN ('info', 'warn', 'error')),
  message text NOT NULL,
  fields jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX log_lines_run ON log_lines (run_id, id);

-- Down Migration
DROP TABLE log_lines;
