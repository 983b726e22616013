-- Up Migration
-- The run that a run was made from, what a run was pinned to when it began, and since when it is held.
ALTER TABLE runs ADD COLUMN rerun_of text;
ALTER TABLE runs ADD COLUMN pins jsonb;
ALTER TABLE runs ADD COLUMN paused_at timestamptz;

-- Down Migration
ALTER TABLE runs DROP COLUMN paused_at, DROP COLUMN pins, DROP COLUMN rerun_of;
