-- Up Migration
-- The schedule that started a run; its interval ends when the schedule fired.
ALTER TABLE runs ADD COLUMN schedule text;
CREATE INDEX runs_firing ON runs (schedule, interval_end) WHERE schedule IS NOT NULL;

-- The last day that a version and those before it were trained on, and why it did or did not become champion.
ALTER TABLE model_versions ADD COLUMN trained_to date;
ALTER TABLE model_versions ADD COLUMN decision jsonb;

-- Who was champion when, and why; the newest row is the champion of `models`.
CREATE TABLE championships (
  model text NOT NULL,
  version integer NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason text NOT NULL,
  FOREIGN KEY (model, version) REFERENCES model_versions ON DELETE CASCADE
);
CREATE INDEX championships_model ON championships (model, since DESC);
INSERT INTO championships (model, version, since, reason)
  SELECT name, champion, created_at, 'champion before reasons were recorded' FROM models WHERE champion IS NOT NULL;

-- Whoever holds a token may use the REST server from beyond loopback. Only the hash is kept.
CREATE TABLE tokens (
  name text PRIMARY KEY,
  sha256 bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);

-- Down Migration
DROP TABLE tokens, championships;
ALTER TABLE model_versions DROP COLUMN decision, DROP COLUMN trained_to;
DROP INDEX runs_firing;
ALTER TABLE runs DROP COLUMN schedule;
