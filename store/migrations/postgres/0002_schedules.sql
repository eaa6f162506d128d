-- SPDX-License-Identifier: Apache-2.0
-- Schedules, and what became of their slots. A slot is the moment that a schedule means; it is due a
-- little later where the schedule has jitter.

CREATE TABLE schedules (
    workflow TEXT PRIMARY KEY,
    digest TEXT NOT NULL, -- of what is declared; one that has changed begins anew
    slot BIGINT, -- the next; null: there is none
    due BIGINT
);

CREATE TABLE slots (
    workflow TEXT NOT NULL,
    slot BIGINT NOT NULL,
    time BIGINT NOT NULL, -- when that was found
    outcome TEXT NOT NULL, -- started, queued, skipped, missed
    execution BIGINT, -- that was started
    missed BIGINT NOT NULL, -- slots up to this one that are not started any more
    reason TEXT,
    PRIMARY KEY (workflow, slot)
);
CREATE INDEX slots_queued ON slots (workflow, slot) WHERE outcome = 'queued';

ALTER TABLE executions ADD COLUMN slot BIGINT; -- that it was started for
CREATE INDEX executions_scheduled ON executions (workflow, id) WHERE slot IS NOT NULL AND ended IS NULL;
