-- SPDX-License-Identifier: Apache-2.0
-- Executions, their tasks, and an event for each transition. Times are nanoseconds since 1970.

CREATE TABLE runners (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- alive while it holds the byte of this number in the lock file
    name TEXT NOT NULL,
    started INTEGER NOT NULL
) STRICT;

CREATE TABLE plans (
    version TEXT PRIMARY KEY, -- a digest of the plan
    workflow TEXT NOT NULL,
    plan TEXT NOT NULL
) STRICT;

CREATE TABLE executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow TEXT NOT NULL,
    version TEXT NOT NULL REFERENCES plans (version),
    key TEXT, -- of idempotency
    state TEXT NOT NULL,
    input TEXT NOT NULL,
    context TEXT, -- the final one
    reason TEXT,
    unfinished INTEGER NOT NULL, -- tasks that have not ended
    created INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER
) STRICT;
CREATE UNIQUE INDEX executions_by_key ON executions (workflow, key) WHERE key IS NOT NULL;

CREATE TABLE tasks (
    execution INTEGER NOT NULL REFERENCES executions (id),
    position INTEGER NOT NULL, -- in the plan
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    verdict TEXT, -- of an ended one, for the rules of others: success, failed, neither
    waiting INTEGER NOT NULL, -- tasks of its `after:` that have not ended
    attempt INTEGER NOT NULL, -- the number of its newest run
    spent INTEGER NOT NULL, -- runs that ended and count as attempts
    lost INTEGER NOT NULL, -- runs that were lost with their runner
    due INTEGER NOT NULL, -- of a Ready one: not before
    token INTEGER NOT NULL, -- of the newest claim
    runner INTEGER, -- that claimed it last
    writes TEXT, -- {"set": {..}, "delete": [..]} of a Completed one
    log TEXT,
    reason TEXT,
    started INTEGER,
    ended INTEGER,
    PRIMARY KEY (execution, position)
) STRICT;
CREATE INDEX tasks_by_state ON tasks (execution, state, due, position)
    WHERE state IN ('Ready', 'Running');

CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    execution INTEGER NOT NULL REFERENCES executions (id),
    position INTEGER, -- of the task; null: the execution itself
    time INTEGER NOT NULL,
    from_state TEXT, -- both null: nothing changed, something was noticed
    to_state TEXT,
    runner INTEGER,
    attempt INTEGER,
    reason TEXT
) STRICT;
CREATE INDEX events_by_execution ON events (execution, number);
