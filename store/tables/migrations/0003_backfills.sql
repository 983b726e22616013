-- Up Migration
-- Runs of a pipeline for many intervals that are over. The workflow does the work; this is what is shown.
CREATE TABLE backfills (
  id text PRIMARY KEY,
  pipeline text NOT NULL,
  declaration jsonb NOT NULL,
  state text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);

-- Its intervals, oldest first. How each stands says the newest of its runs.
CREATE TABLE backfill_intervals (
  backfill text NOT NULL REFERENCES backfills ON DELETE CASCADE,
  nth integer NOT NULL,
  start_at timestamptz NOT NULL,
  end_at timestamptz NOT NULL,
  PRIMARY KEY (backfill, nth)
);

-- The backfill that started a run.
ALTER TABLE runs ADD COLUMN backfill text;
CREATE INDEX runs_interval ON runs (pipeline, interval_start, interval_end, started_at DESC);

-- Down Migration
DROP INDEX runs_interval;
ALTER TABLE runs DROP COLUMN backfill;
DROP TABLE backfill_intervals, backfills;
