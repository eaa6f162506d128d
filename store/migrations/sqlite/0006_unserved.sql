-- SPDX-License-Identifier: Apache-2.0
-- Executions that wait since no runner has the code of their plan, as far as that was told.

ALTER TABLE executions ADD COLUMN unserved INTEGER; -- when it was told; null: a runner has it
CREATE INDEX executions_unserved ON executions (plan) WHERE unserved IS NOT NULL;
