-- Up Migration
-- What starts pipelines by itself, beside schedules: files that arrive, and others that have published.
CREATE TABLE triggers (
  name text PRIMARY KEY,
  pipeline text NOT NULL,
  after text,
  declaration jsonb NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  looked_at timestamptz,
  error text
);

-- Up to where each source was handed over: which file, as which content, since when it is so.
CREATE TABLE trigger_files (
  trigger text NOT NULL REFERENCES triggers ON DELETE CASCADE,
  path text NOT NULL,
  print text NOT NULL,
  modified_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  arrival text,
  handed_over boolean NOT NULL DEFAULT false,
  PRIMARY KEY (trigger, path)
);

-- The trigger that started a run.
ALTER TABLE runs ADD COLUMN trigger text;

-- Down Migration
ALTER TABLE runs DROP COLUMN trigger;
DROP TABLE trigger_files, triggers;
