-- SPDX-License-Identifier: Apache-2.0
-- Schedules, and what became of their slots. A slot is the moment that a schedule means; it is due a
-- little later where the schedule has jitter.

CREATE TABLE schedules (
    workflow TEXT PRIMARY KEY,
    digest TEXT NOT NULL, -- of what is declared; one that has changed begins anew
    slot INTEGER, -- the next; null: there is none
    due INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
    workflow TEXT NOT NULL,
    slot INTEGER NOT NULL,
    time INTEGER NOT NULL, -- when that was found
    outcome TEXT NOT NULL, -- started, queued, skipped, missed
    execution INTEGER, -- that was started
    missed INTEGER NOT NULL, -- slots up to this one that are not started any more
    reason TEXT,
    PRIMARY KEY (workflow, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX slots_queued ON slots (workflow, slot) WHERE outcome = 'queued';

ALTER TABLE executions ADD COLUMN slot INTEGER; -- that it was started for
CREATE INDEX executions_scheduled ON executions (workflow, id) WHERE slot IS NOT NULL AND ended IS NULL;
