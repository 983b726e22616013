-- Up Migration
-- The run that a run was made from, and what a run was pinned to when it began.
ALTER TABLE runs ADD COLUMN rerun_of text;
ALTER TABLE runs ADD COLUMN pins jsonb;

-- Down Migration
ALTER TABLE runs DROP COLUMN pins, DROP COLUMN rerun_of;
