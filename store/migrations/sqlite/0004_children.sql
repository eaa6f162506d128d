-- SPDX-License-Identifier: Apache-2.0
-- Executions that others have begun: by a task that ends with them, or as a hook. All below one that
-- nobody has begun are of its root.

ALTER TABLE executions ADD COLUMN role TEXT; -- workflow, item, hook; null: nobody has begun it
ALTER TABLE executions ADD COLUMN parent INTEGER; -- the execution that has
ALTER TABLE executions ADD COLUMN parent_position INTEGER; -- its task; null: itself
ALTER TABLE executions ADD COLUMN parent_token INTEGER; -- of that task's run
ALTER TABLE executions ADD COLUMN item INTEGER; -- which of its items
ALTER TABLE executions ADD COLUMN root INTEGER; -- null: itself
CREATE INDEX executions_of_parent ON executions (parent, parent_position, parent_token, item) WHERE parent IS NOT NULL;
CREATE INDEX executions_of_root ON executions (root) WHERE root IS NOT NULL AND ended IS NULL;

ALTER TABLE tasks ADD COLUMN root INTEGER NOT NULL DEFAULT 0;
UPDATE tasks SET root = execution;
DROP INDEX tasks_queue_of_one;
CREATE INDEX tasks_queue_of_root ON tasks (root, plan, tag, priority DESC, round, execution, position) WHERE queued = 1;
