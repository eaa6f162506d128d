-- SPDX-License-Identifier: Apache-2.0
-- Executions, their tasks, and an event for each transition. Times are nanoseconds since 1970.
-- Whoever changes a task holds the row of its execution, by FOR NO KEY UPDATE.

CREATE TABLE runners (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    started BIGINT NOT NULL,
    beat BIGINT NOT NULL, -- when it last said that it is alive
    ended BIGINT -- since then its claims are nobody's
);
CREATE INDEX runners_alive ON runners (id) WHERE ended IS NULL;

CREATE TABLE plans (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version TEXT NOT NULL UNIQUE, -- a digest of the plan
    workflow TEXT NOT NULL,
    round BIGINT NOT NULL -- of a claim not long ago; who comes new into the queue comes in here
);

CREATE TABLE plan_texts (
    plan BIGINT PRIMARY KEY REFERENCES plans (id),
    text TEXT NOT NULL
);

CREATE TABLE offers ( -- who has the code of which plan, while it lives
    plan BIGINT NOT NULL REFERENCES plans (id),
    runner BIGINT NOT NULL REFERENCES runners (id),
    PRIMARY KEY (plan, runner)
);
CREATE INDEX offers_by_runner ON offers (runner);

CREATE TABLE executions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan BIGINT NOT NULL REFERENCES plans (id),
    workflow TEXT NOT NULL,
    key TEXT, -- of idempotency
    state TEXT NOT NULL,
    reason TEXT,
    unfinished BIGINT NOT NULL, -- tasks that have not ended
    round BIGINT NOT NULL, -- of the newest task that became Ready
    deadline BIGINT, -- null: none, or it has ended
    created BIGINT NOT NULL,
    started BIGINT,
    ended BIGINT
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX executions_by_key ON executions (workflow, key) WHERE key IS NOT NULL;
CREATE INDEX executions_by_state ON executions (state, id);
CREATE INDEX executions_overdue ON executions (deadline) WHERE deadline IS NOT NULL;

CREATE TABLE payloads (
    execution BIGINT PRIMARY KEY REFERENCES executions (id),
    input TEXT NOT NULL,
    context TEXT -- the final one
);

CREATE TABLE tasks (
    execution BIGINT NOT NULL REFERENCES executions (id),
    position BIGINT NOT NULL, -- in the plan
    plan BIGINT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    verdict TEXT, -- of an ended one, for the rules of others: success, failed, neither
    waiting BIGINT NOT NULL, -- tasks of its `after:` that have not ended
    attempt BIGINT NOT NULL, -- the number of its newest run
    spent BIGINT NOT NULL, -- runs that ended and count as attempts
    lost BIGINT NOT NULL, -- runs that were lost with their runner
    due BIGINT NOT NULL, -- of a Ready or Deferred one: not before
    queued SMALLINT, -- 1: it can be claimed; 0: it waits until it is due; null: it does neither
    priority BIGINT NOT NULL,
    tag TEXT NOT NULL, -- of its concurrency; '': none
    round BIGINT NOT NULL, -- its turn among the executions of the plan
    token BIGINT NOT NULL, -- of the newest claim
    runner BIGINT, -- that claimed it last
    started BIGINT,
    ended BIGINT,
    reason TEXT,
    seen TEXT, -- {key: [position]}: whose writes a task below sees through it
    writes TEXT, -- {"set": {..}, "delete": [..]} of a Completed one
    log TEXT,
    PRIMARY KEY (execution, position)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX tasks_queue ON tasks (plan, tag, priority DESC, round, execution, position) WHERE queued = 1;
CREATE INDEX tasks_due ON tasks (due) WHERE queued = 0;
CREATE INDEX tasks_live ON tasks (execution) WHERE state IN ('Ready', 'Running', 'Deferred');
CREATE INDEX tasks_running ON tasks (runner) WHERE state = 'Running';
CREATE INDEX tasks_tagged ON tasks (tag) WHERE state = 'Running' AND tag <> '';

-- Without a foreign key, which would cost more than the event.
CREATE TABLE events (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution BIGINT NOT NULL,
    position BIGINT, -- of the task; null: the execution itself
    time BIGINT NOT NULL,
    from_state TEXT, -- both null: nothing changed, something was noticed
    to_state TEXT,
    runner BIGINT,
    attempt BIGINT,
    reason TEXT
);
CREATE INDEX events_by_execution ON events (execution, number);
