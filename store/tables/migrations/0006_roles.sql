-- Up Migration
-- What a token lets its holder do. Those there are could do everything.
ALTER TABLE tokens ADD COLUMN role text NOT NULL DEFAULT 'admin' CHECK (role IN ('read', 'operate', 'admin'));
ALTER TABLE tokens ALTER COLUMN role DROP DEFAULT;

-- Who changed what over REST.
CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  caller text,
  address text NOT NULL,
  act text NOT NULL,
  target text NOT NULL,
  status integer NOT NULL
);

-- Down Migration
DROP TABLE audit;
ALTER TABLE tokens DROP COLUMN role;
