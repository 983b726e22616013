-- Up Migration
-- The tables of pipelines that make a row of numbers of each chunk, a number to a row.
CREATE TABLE chunk_values (
  run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
  sensor text NOT NULL,
  day date NOT NULL,
  name text NOT NULL,
  value double precision NOT NULL,
  PRIMARY KEY (run_id, sensor, day, name)
);
CREATE INDEX chunk_values_name ON chunk_values (name, sensor, day);

-- Down Migration
DROP TABLE chunk_values;
