-- Up Migration
-- What an attempt put out: small JSON with the addresses of what it wrote. It tells which objects a run needs.
ALTER TABLE step_attempts ADD COLUMN output jsonb;

-- Down Migration
ALTER TABLE step_attempts DROP COLUMN output;
