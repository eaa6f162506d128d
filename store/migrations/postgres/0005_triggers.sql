-- SPDX-License-Identifier: Apache-2.0
-- Triggers: what a runner looks at from time to time, and what they have fired on. One runner looks
-- at a trigger at a time; it holds it until `until`. Schedules and triggers can be paused.

CREATE TABLE triggers (
    workflow TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL, -- of what is declared
    due BIGINT NOT NULL, -- when it is looked at next
    runner BIGINT, -- that looks just now; null: nobody does
    until BIGINT, -- then it is anybody's again
    token BIGINT NOT NULL, -- of the newest look
    looked BIGINT, -- when the newest look ended
    fired BIGINT, -- when it last fired
    failures BIGINT NOT NULL, -- looks that failed, in succession
    failed BIGINT, -- when the newest failure was
    reason TEXT, -- of that
    kept TEXT, -- what its function keeps from look to look
    paused BIGINT, -- since; null: it is not
    PRIMARY KEY (workflow, name)
);

CREATE TABLE firings (
    workflow TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL, -- it fires on each once
    time BIGINT NOT NULL,
    outcome TEXT NOT NULL, -- started, refused, failed
    execution BIGINT, -- that was started
    reason TEXT,
    seen BIGINT NOT NULL, -- when somebody last asked for the key
    PRIMARY KEY (workflow, name, key)
);
CREATE INDEX firings_newest ON firings (workflow, name, time);

ALTER TABLE schedules ADD COLUMN paused BIGINT; -- since; null: it is not
