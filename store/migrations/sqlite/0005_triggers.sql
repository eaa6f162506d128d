-- SPDX-License-Identifier: Apache-2.0
-- Triggers: what a runner looks at from time to time, and what they have fired on. One runner looks
-- at a trigger at a time; it holds it until `until`. Schedules and triggers can be paused.

CREATE TABLE triggers (
    workflow TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL, -- of what is declared
    due INTEGER NOT NULL, -- when it is looked at next
    runner INTEGER, -- that looks just now; null: nobody does
    until INTEGER, -- then it is anybody's again
    token INTEGER NOT NULL, -- of the newest look
    looked INTEGER, -- when the newest look ended
    fired INTEGER, -- when it last fired
    failures INTEGER NOT NULL, -- looks that failed, in succession
    failed INTEGER, -- when the newest failure was
    reason TEXT, -- of that
    kept TEXT, -- what its function keeps from look to look
    paused INTEGER, -- since; null: it is not
    PRIMARY KEY (workflow, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE firings (
    workflow TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL, -- it fires on each once
    time INTEGER NOT NULL,
    outcome TEXT NOT NULL, -- started, refused, failed
    execution INTEGER, -- that was started
    reason TEXT,
    seen INTEGER NOT NULL, -- when somebody last asked for the key
    PRIMARY KEY (workflow, name, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX firings_newest ON firings (workflow, name, time);

ALTER TABLE schedules ADD COLUMN paused INTEGER; -- since; null: it is not
