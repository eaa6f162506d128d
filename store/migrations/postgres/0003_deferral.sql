-- SPDX-License-Identifier: Apache-2.0
-- Tasks that wait for a time or for a condition, and then go on with their attempt. What they wrote
-- before is in `writes`; `due` of one that waits for a condition is when its patience ends.

ALTER TABLE tasks ADD COLUMN awaits TEXT; -- the condition that a Deferred one waits for; null: a time
ALTER TABLE tasks ADD COLUMN ask BIGINT; -- when that is asked next; null: not while its execution is held
ALTER TABLE tasks ADD COLUMN patience BIGINT; -- when this attempt has waited for long enough; null: never
ALTER TABLE tasks ADD COLUMN resumes SMALLINT NOT NULL DEFAULT 0; -- 1: its next run goes on with the attempt
CREATE INDEX tasks_asked ON tasks (plan, ask) WHERE ask IS NOT NULL;
