-- Up Migration
-- What a person may want to know at once about a run.
CREATE TABLE notices (
  id text PRIMARY KEY,
  run_id text REFERENCES runs ON DELETE CASCADE,
  kind text NOT NULL,
  pipeline text NOT NULL,
  step text,
  code text,
  message text NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX notices_run ON notices (run_id);
CREATE INDEX notices_at ON notices (at DESC);

-- Who was told, and who could not be.
CREATE TABLE deliveries (
  notice text NOT NULL REFERENCES notices ON DELETE CASCADE,
  target text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
  tries integer NOT NULL DEFAULT 0,
  error text,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (notice, target)
);

-- Down Migration
DROP TABLE deliveries, notices;
