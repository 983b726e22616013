-- Up Migration
-- The tables that a run read: of which content, and on which days each has readings.
CREATE TABLE source_files (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  path text NOT NULL,
  sha256 text NOT NULL,
  bytes bigint NOT NULL,
  readings bigint NOT NULL,
  days datemultirange NOT NULL,
  PRIMARY KEY (run_id, path)
);
CREATE INDEX source_files_sha256 ON source_files (sha256);
CREATE INDEX source_files_path ON source_files (path);

-- Down Migration
DROP TABLE source_files;
