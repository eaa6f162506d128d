-- SPDX-License-Identifier: Apache-2.0
-- Executions, their tasks, and an event for each transition. Times are nanoseconds since 1970.

CREATE TABLE runners (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- alive while it holds the byte of this number in the lock file
    name TEXT NOT NULL,
    started INTEGER NOT NULL,
    beat INTEGER NOT NULL, -- when it last said that it is alive
    ended INTEGER -- since then its claims are nobody's
) STRICT;
CREATE INDEX runners_alive ON runners (id) WHERE ended IS NULL;

CREATE TABLE plans (
    id INTEGER PRIMARY KEY,
    version TEXT NOT NULL UNIQUE, -- a digest of the plan
    workflow TEXT NOT NULL,
    round INTEGER NOT NULL -- of the newest claim; who comes new into the queue comes in here
) STRICT;

-- Long texts lie apart from what changes often: a row is written as a whole.
CREATE TABLE plan_texts (
    plan INTEGER PRIMARY KEY REFERENCES plans (id),
    text TEXT NOT NULL
) STRICT;

CREATE TABLE offers ( -- who has the code of which plan, while it lives
    plan INTEGER NOT NULL REFERENCES plans (id),
    runner INTEGER NOT NULL REFERENCES runners (id),
    PRIMARY KEY (plan, runner)
) STRICT, WITHOUT ROWID;
CREATE INDEX offers_by_runner ON offers (runner);

CREATE TABLE executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plan INTEGER NOT NULL REFERENCES plans (id),
    workflow TEXT NOT NULL,
    key TEXT, -- of idempotency
    state TEXT NOT NULL,
    reason TEXT,
    unfinished INTEGER NOT NULL, -- tasks that have not ended
    round INTEGER NOT NULL, -- of the newest task that became Ready
    deadline INTEGER, -- null: none, or it has ended
    created INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER
) STRICT;
CREATE UNIQUE INDEX executions_by_key ON executions (workflow, key) WHERE key IS NOT NULL;
CREATE INDEX executions_by_state ON executions (state, id);
CREATE INDEX executions_overdue ON executions (deadline) WHERE deadline IS NOT NULL;

CREATE TABLE payloads (
    execution INTEGER PRIMARY KEY REFERENCES executions (id),
    input TEXT NOT NULL,
    context TEXT -- the final one
) STRICT;

CREATE TABLE tasks (
    execution INTEGER NOT NULL REFERENCES executions (id),
    position INTEGER NOT NULL, -- in the plan
    plan INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    verdict TEXT, -- of an ended one, for the rules of others: success, failed, neither
    waiting INTEGER NOT NULL, -- tasks of its `after:` that have not ended
    attempt INTEGER NOT NULL, -- the number of its newest run
    spent INTEGER NOT NULL, -- runs that ended and count as attempts
    lost INTEGER NOT NULL, -- runs that were lost with their runner
    due INTEGER NOT NULL, -- of a Ready or Deferred one: not before
    queued INTEGER, -- 1: it can be claimed; 0: it waits until it is due; null: it does neither
    priority INTEGER NOT NULL,
    tag TEXT, -- of its concurrency
    round INTEGER NOT NULL, -- its turn among the executions of the plan
    token INTEGER NOT NULL, -- of the newest claim
    runner INTEGER, -- that claimed it last
    started INTEGER,
    ended INTEGER,
    reason TEXT,
    seen TEXT, -- {key: [position]}: whose writes a task below sees through it
    writes TEXT, -- {"set": {..}, "delete": [..]} of a Completed one
    log TEXT,
    PRIMARY KEY (execution, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_queue ON tasks (plan, tag, priority DESC, round, execution, position) WHERE queued = 1;
CREATE INDEX tasks_queue_of_one ON tasks (execution, tag, priority DESC, round, position) WHERE queued = 1;
CREATE INDEX tasks_due ON tasks (due) WHERE queued = 0;
CREATE INDEX tasks_live ON tasks (execution) WHERE state IN ('Ready', 'Running', 'Deferred');
CREATE INDEX tasks_running ON tasks (runner) WHERE state = 'Running';
CREATE INDEX tasks_tagged ON tasks (tag) WHERE state = 'Running' AND tag IS NOT NULL;

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
