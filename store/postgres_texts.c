/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_texts.c - the statements of the PostgreSQL store. */
#include "store/postgres.h"

#define QUESTION_MIGRATIONS "weir_migrations"
#include "store/questions.h"

#define BRIEF                                                                                      \
    "t.execution, t.position, t.plan, t.name, t.state, t.verdict, t.waiting, t.attempt, t.spent, " \
    "t.lost, t.due, t.token, t.runner, t.priority, nullif(t.tag, ''), t.seen, t.reason, "          \
    "t.started, t.ended, t.awaits, t.ask, t.patience"
#define WHOLE BRIEF ", t.writes, t.log"
#define EXECUTION(texts)                                                                           \
    "SELECT e.id, e.plan, e.workflow, p.version, e.key, e.state, e.reason, e.unfinished, "         \
    "e.deadline, e.slot, e.created, e.started, e.ended, "                                          \
    "e.role, e.parent, e.parent_position, e.parent_token, e.item, coalesce(e.root, e.id), "        \
    "coalesce(e.slot_day, 0)" texts " FROM executions e JOIN plans p ON p.id = e.plan "
#define PAYLOAD  "JOIN payloads d ON d.execution = e.id "
#define PAYLOADS ", d.input, d.context"
#define HELD     " FOR NO KEY UPDATE OF e"
#define FREE     HELD " SKIP LOCKED"
/* A task with its execution, of which nobody holds either. */
#define LISTED    "SELECT " BRIEF " FROM tasks t JOIN executions e ON e.id = t.execution WHERE "
#define FREE_BOTH " FOR NO KEY UPDATE OF t, e SKIP LOCKED"
#define RUNS      "state IN ('Pending', 'Running')"
#define HEADS                                                                                      \
    "SELECT t.priority, t.round, t.execution, t.position FROM tasks t JOIN executions e "          \
    "ON e.id = t.execution WHERE t.queued = 1 AND t.plan = $1 AND t.tag = $2 AND e." RUNS
#define IN_TURN " ORDER BY t.priority DESC, t.round, t.execution, t.position LIMIT $3" FREE_BOTH
#define TASKS(columns)                                                                             \
    "SELECT " columns " FROM tasks t WHERE t.execution = $1 AND ($2::text IS NULL OR "             \
    "t.state = $2) ORDER BY t.position"
#define EVENT                                                                                      \
    "INSERT INTO events (execution, position, time, from_state, to_state, runner, attempt, "       \
    "reason) "

/* Rows are found one by one, in the order of an index, also where the server has not counted them
 * yet: it would take a table for small, and read all of it. */
#define BY_INDEX                                                                                   \
    "set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), "    \
    "set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)"

/* A task that becomes Ready takes its place in the queue, unless its execution is held: one
 * round behind the one before it of its execution, but not before what the plan has come to. */
#define MOVE_TASK                                                                                  \
    "WITH place AS (UPDATE executions SET round = greatest(round + 1, (SELECT p.round FROM "       \
    "plans p WHERE p.id = executions.plan)) WHERE id = $1 AND $5::text = 'Ready' "                 \
    "RETURNING round, " RUNS " AS runs), "                                                         \
    "moved AS (UPDATE tasks SET state = $5, due = $6::bigint, verdict = $7, reason = $8, "         \
    "writes = CASE WHEN $17 <> 0 THEN writes ELSE $9 END, log = coalesce($10, log), "              \
    "patience = CASE WHEN $17 <> 0 THEN patience ELSE $18 END, resumes = $19, awaits = $20, "      \
    "ask = CASE WHEN EXISTS (SELECT 1 FROM executions e WHERE e.id = $1 AND e." RUNS               \
    ") THEN $21::bigint END, spent = CASE WHEN $5 = 'Pending' THEN 0 ELSE spent + $11 END, "       \
    "lost = CASE WHEN $5 = 'Pending' THEN 0 ELSE lost + $12 END, seen = coalesce($13, seen), "     \
    "waiting = CASE WHEN $5 IN ('Pending', 'Deferred') THEN $14 ELSE waiting END, "                \
    "queued = CASE WHEN $5 = 'Ready' THEN (SELECT CASE WHEN runs THEN ($6 <= $15::bigint)::int "   \
    "END FROM "                                                                                    \
    "place) WHEN $5 = 'Deferred' AND $6 <> 0 THEN 0 END, "                                         \
    "round = coalesce((SELECT round FROM place), round), "                                         \
    "ended = CASE WHEN $7::text IS NOT NULL THEN $15::bigint END "                                 \
    "WHERE execution = $1 AND position = $2 AND state = $3 AND ($4::bigint = 0 OR token = $4) "    \
    "RETURNING attempt, queued), noted AS (" EVENT                                                 \
    "SELECT $1, $2, $15, $3, $5, $16::bigint, nullif(attempt, 0), $8 FROM moved) "

const char *const postgres_texts[PG_STATEMENTS] = {
    [PG_BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    [PG_BEGIN_WRITE] = "BEGIN ISOLATION LEVEL READ COMMITTED",
    /* What waits for others ends after $1 ms, and what nobody goes on with after $2 ms. */
    [PG_OPEN] = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000, "
                "set_config('lock_timeout', $1, true), "
                "set_config('idle_in_transaction_session_timeout', $2, true), " BY_INDEX,
    [PG_NUMBER] = "SELECT pg_current_xact_id()",
    [PG_COMMIT] = "COMMIT",
    [PG_ROLLBACK] = "ROLLBACK",
    [PG_IS_THERE] = "SELECT 1",
    [PG_TELL] = "SELECT pg_notify('weir.' || left(current_schema(), 58), $1)",

    [PG_JOIN] = "INSERT INTO runners (name, started, beat) VALUES ($1, $2, $2) RETURNING id",
    [PG_BEAT] = "UPDATE runners SET beat = $2 WHERE id = $1 AND ended IS NULL RETURNING id",
    [PG_OFFER] =
        "INSERT INTO offers (plan, runner) VALUES ($1, $2) ON CONFLICT (plan, runner) DO NOTHING",
    /* One that somebody holds is just beating, or ended by another. */
    [PG_END_RUNNER] = "WITH gone AS (UPDATE runners SET ended = $2 WHERE id = (SELECT id FROM "
                      "runners WHERE id = $1 AND ended IS NULL FOR UPDATE SKIP LOCKED) RETURNING "
                      "id) DELETE FROM offers WHERE runner IN (SELECT id FROM gone)",
    [PG_RUNNERS] = "SELECT id, name, started, beat FROM runners WHERE ended IS NULL ORDER BY id",
    [PG_COUNT_OFFERS] = "SELECT count(*) FROM offers WHERE plan = $1",

    [PG_ADD_PLAN] = "INSERT INTO plans (version, workflow, round) VALUES ($1, $2, 0) "
                    "ON CONFLICT (version) DO NOTHING",
    [PG_PLAN_ID] = "SELECT id FROM plans WHERE version = $1 FOR KEY SHARE", /* nobody prunes it */
    [PG_ADD_PLAN_TEXT] =
        "INSERT INTO plan_texts (plan, text) VALUES ($1, $2) ON CONFLICT (plan) DO NOTHING",
    [PG_ADD_EXECUTION] =
        "WITH made AS (INSERT INTO executions (plan, workflow, key, state, unfinished, round, "
        "deadline, created, slot, role, parent, parent_position, parent_token, item, root, "
        "slot_day) "
        "VALUES ($1, $2, $3, 'Pending', $4, (SELECT greatest(1, p.round) - 1 + $9 FROM plans p "
        "WHERE p.id "
        "= $1), $5, $6, $8, $10, $11, $12, $13, $14, $15, CASE WHEN $8::bigint IS NOT NULL THEN "
        "$16::bigint END) RETURNING id), "
        "filed AS (INSERT INTO payloads (execution, input) SELECT id, $7 FROM made), "
        "noted AS (INSERT INTO events (execution, time, to_state) SELECT id, $6, 'Pending' FROM "
        "made) SELECT id FROM made",
    [PG_ADD_TASK] =
        "WITH noted AS (INSERT INTO events (execution, position, time, from_state, to_state) "
        "SELECT $1, $2, $8, v.f, v.t FROM (VALUES (NULL, 'Pending'), ('Pending', 'Ready')) AS "
        "v(f, t) WHERE v.t = 'Pending' OR $9) "
        "INSERT INTO tasks (execution, position, plan, name, state, waiting, attempt, spent, lost, "
        "due, queued, priority, tag, round, token, root) VALUES ($1, $2, $3, $4, CASE WHEN $9 THEN "
        "'Ready' ELSE 'Pending' END, $5, 0, 0, 0, CASE WHEN $9 THEN $8::bigint ELSE 0 END, CASE "
        "WHEN $9 THEN 1 END, $6, coalesce($7, ''), CASE WHEN $9 THEN (SELECT e.round - $10 FROM "
        "executions e WHERE e.id = $1) ELSE 0 END, 0, $11)",

    [PG_PLAN_BY_ID] = "SELECT p.id, p.version, p.workflow, t.text FROM plans p "
                      "JOIN plan_texts t ON t.plan = p.id WHERE p.id = $1",
    /* Two that start with one key come one after the other. */
    [PG_LOCK_KEY] =
        "SELECT pg_advisory_xact_lock(hashtextextended($1::text || chr(1) || $2::text, 7))",
    [PG_EXECUTION_BRIEF] = EXECUTION("") "WHERE e.id = $1",
    [PG_EXECUTION_BRIEF_HELD] = EXECUTION("") "WHERE e.id = $1" HELD,
    [PG_EXECUTION_BY_ID] = EXECUTION(PAYLOADS) PAYLOAD "WHERE e.id = $1",
    [PG_EXECUTION_BY_KEY] = EXECUTION(PAYLOADS) PAYLOAD "WHERE e.workflow = $1 AND e.key = $2",
    [PG_EXECUTIONS] =
        EXECUTION("") "WHERE e.id < $1 AND CASE WHEN $2::text IS NULL THEN coalesce(e.role, "
                      "'workflow') = 'workflow' ELSE e.workflow = $2 END AND "
                      "($3::text IS NULL OR e.state = $3) ORDER BY e.id DESC LIMIT $4",
    [PG_EXECUTIONS_OF_PARENT] =
        EXECUTION("") "WHERE e.parent = $1 AND e.role <> 'hook' AND e.ended IS NULL "
                      "ORDER BY e.id LIMIT $2",
    [PG_CHILDREN] = EXECUTION(PAYLOADS) PAYLOAD
    "WHERE e.parent = $1 AND e.parent_position = $2 AND e.parent_token BETWEEN $3 AND $4 AND "
    "e.role <> 'hook' ORDER BY e.parent_token, e.item",
    [PG_ADOPT] = "UPDATE executions SET parent_token = $2 WHERE id = $1 AND parent IS NOT NULL "
                 "RETURNING id",
    [PG_COUNT_BELOW] = "SELECT count(*) FROM executions WHERE root = $1 AND ended IS NULL",
    [PG_TASK_BRIEF] = "SELECT " BRIEF " FROM tasks t WHERE t.execution = $1 AND t.position = $2",
    [PG_TASK_WHOLE] = "SELECT " WHOLE " FROM tasks t WHERE t.execution = $1 AND t.position = $2",
    [PG_TASKS_BRIEF] = TASKS(BRIEF),
    [PG_TASKS_WHOLE] = TASKS(WHOLE),
    [PG_EVENTS] = "SELECT number, position, time, from_state, to_state, runner, attempt, reason "
                  "FROM events WHERE execution = $1 AND number > $2 ORDER BY number",
    [PG_DUE] = LISTED "t.queued = 0 AND t.due <= $1 ORDER BY t.due LIMIT $2" FREE_BOTH,
    [PG_LOST] = LISTED "$1::bigint IS NOT NULL AND t.state = 'Running' AND t.runner > 0 AND EXISTS "
                       "(SELECT 1 FROM runners r WHERE r.id = t.runner AND r.ended IS NOT NULL) "
                       "LIMIT $2" FREE_BOTH,
    [PG_DOOMED] = LISTED "t.state = 'Running' AND t.runner = $1 AND e.state IN ('Cancelled', "
                         "'Failed', 'Completed') LIMIT $2",
    [PG_NEXT_DUE] =
        "SELECT least(coalesce((SELECT due FROM tasks WHERE queued = 0 ORDER BY due LIMIT 1), "
        "9223372036854775807), coalesce((SELECT deadline FROM executions WHERE deadline IS NOT "
        "NULL ORDER BY deadline LIMIT 1), 9223372036854775807)), "
        "coalesce((SELECT min((SELECT t.ask FROM tasks t WHERE t.plan = o.plan AND t.ask IS NOT "
        "NULL AND ($2::bigint = 0 OR t.root = $2) ORDER BY t.ask LIMIT 1)) FROM offers o "
        "WHERE o.runner = $1), 9223372036854775807)",
    [PG_ASKED] = LISTED "t.ask <= $3 AND t.plan IN (SELECT o.plan FROM offers o WHERE o.runner = "
                        "$1) AND ($2::bigint = 0 OR t.root = $2) ORDER BY t.ask LIMIT $4" FREE_BOTH,
    [PG_ASK_AT] = "UPDATE tasks SET ask = $4, token = token + 1, runner = $5, reason = "
                  "coalesce($6, reason) WHERE execution = $1 AND position = $2 AND token = $3 AND "
                  "state = 'Deferred' AND ask IS NOT NULL RETURNING token",
    [PG_UNSERVED] =
        EXECUTION("") "WHERE e.state IN ('Pending', 'Running') AND e.id > $1 AND e.id <= $2 AND "
                      "e.created <= $3 AND e.unserved IS NULL AND NOT EXISTS (SELECT 1 FROM "
                      "offers o WHERE o.plan = e.plan) AND EXISTS (SELECT 1 FROM tasks t WHERE "
                      "t.execution = e.id AND t.queued = 1) ORDER BY e.id" FREE,
    [PG_MARK_UNSERVED] = "UPDATE executions SET unserved = $2 WHERE id = $1",
    [PG_UNMARK_UNSERVED] =
        "UPDATE executions SET unserved = NULL WHERE id IN (SELECT id FROM executions WHERE "
        "plan = $1 AND unserved IS NOT NULL ORDER BY id FOR NO KEY UPDATE)",
    [PG_OVERDUE] = EXECUTION("") "WHERE e.deadline <= $1 ORDER BY e.deadline LIMIT $2" FREE,
    [PG_LAST_LIVE] = "SELECT coalesce(max(id), 0) FROM (SELECT id FROM executions WHERE " RUNS
                     " AND id > $1 ORDER BY id LIMIT $2) AS live",
    [PG_STUCK] =
        EXECUTION("") "WHERE e." RUNS " AND e.id > $1 AND e.id <= $2 AND NOT EXISTS (SELECT 1 FROM "
                      "tasks t WHERE t.execution = e.id AND t.state IN ('Ready', 'Running', "
                      "'Deferred')) ORDER BY e.id" FREE,

    [PG_HEADS] = HEADS IN_TURN,
    [PG_HEADS_OF_ONE] = HEADS " AND t.root = $4" IN_TURN,
    [PG_LOCK_TAGS] = "SELECT pg_advisory_xact_lock(hashtextextended('weir tags', 7))",
    [PG_COUNT_TAG] =
        "SELECT count(*) FROM tasks WHERE tag <> '' AND tag = $1 AND state = 'Running'",
    /* By the primary key: written so that the indexes of what is Ready, of whose size the server
     * knows nothing yet, are not taken for better. */
    [PG_CLAIM] =
        "WITH wanted AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS "
        "w(e, p, n)), t AS (UPDATE tasks SET state = 'Running', attempt = attempt + 1 - "
        "resumes, resumes = 0, token = token + 1, runner = $3, started = $4, ended = NULL, reason "
        "= NULL, queued = NULL FROM "
        "wanted w WHERE execution = w.e AND position = w.p AND state || '' = 'Ready' AND queued + "
        "0 = 1 "
        "RETURNING w.n, tasks.*), noted AS (" EVENT
        "SELECT execution, position, $4, 'Ready', 'Running', $3, attempt, NULL FROM t ORDER BY n) "
        "SELECT " WHOLE " FROM t ORDER BY n",
    /* Where another is at it, its round is as good. */
    [PG_PASS_ROUND] = "UPDATE plans SET round = $2 WHERE id = (SELECT id FROM plans WHERE id = $1 "
                      "AND round < $2 FOR NO KEY UPDATE SKIP LOCKED)",
    [PG_IS_LEFT] = "SELECT 1 FROM tasks WHERE queued = 1 AND plan = $1 AND tag = $2 AND "
                   "($3::bigint = 0 OR root = $3) LIMIT 1",

    [PG_MOVE_TASK] = MOVE_TASK "SELECT coalesce(queued, 0) FROM moved",
    [PG_MOVE_TASK_FOR_SURE] = MOVE_TASK "SELECT 1 / count(*) FROM moved",
    [PG_MOVE_EXECUTION] =
        "WITH moved AS (UPDATE executions SET state = $3, reason = $4, started = CASE WHEN "
        "$3 = 'Running' AND started IS NULL THEN $5::bigint ELSE started END, ended = CASE WHEN $6 "
        "<> 0 "
        "THEN $5 END, deadline = CASE WHEN $6 <> 0 THEN NULL ELSE coalesce($7, deadline) END "
        "WHERE id = $1 AND state = $2 RETURNING id), "
        "filed AS (UPDATE payloads SET context = $8 WHERE $9 <> 0 AND execution IN (SELECT id FROM "
        "moved)), noted AS (" EVENT
        "SELECT id, NULL, $5, $2, $3, $10::bigint, NULL, $4 FROM moved) SELECT id FROM moved",
    [PG_HOLD] = "UPDATE tasks SET queued = CASE WHEN state <> 'Ready' THEN queued WHEN $2 <> 0 "
                "THEN (due <= $3)::int END, ask = CASE WHEN $2 <> 0 AND awaits IS NOT NULL THEN "
                "$3::bigint END WHERE execution = $1 AND state IN ('Ready', 'Deferred')",
    [PG_QUEUE] = "UPDATE tasks SET queued = 1 WHERE execution = $1 AND position = $2 AND state = "
                 "'Ready' AND queued = 0",
    [PG_COUNT_DOWN] =
        "UPDATE tasks SET waiting = greatest(waiting - 1, -1) WHERE execution = $1 AND position = "
        "$2 AND (waiting > 0 OR verdict IS NOT NULL) RETURNING CASE WHEN verdict IS NULL THEN "
        "waiting ELSE -2 - waiting END",
    [PG_HAND_ON] = "UPDATE tasks SET waiting = $3, seen = coalesce($4, seen) WHERE execution = $1 "
                   "AND position = $2 AND verdict IS NOT NULL RETURNING position::bigint",
    [PG_COUNT_UNFINISHED] = "UPDATE executions SET unfinished = unfinished + $2 WHERE id = $1 AND "
                            "unfinished + $2 >= 0 RETURNING unfinished",
    [PG_ADD_EVENT] = EVENT "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",

    [PG_EXECUTIONS_SCHEDULED] =
        EXECUTION("") "WHERE e.workflow = $1 AND e.slot IS NOT NULL AND e.ended IS NULL AND "
                      "e.parent IS NULL ORDER BY e.id LIMIT $2",
    [PG_LOCK_SCHEDULE] = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 8))",
    [PG_SCHEDULES] = "SELECT workflow, digest, slot, due, paused FROM schedules "
                     "WHERE $1::text IS NULL OR workflow = $1 ORDER BY workflow",
    [PG_PUT_SCHEDULE] =
        "INSERT INTO schedules (workflow, digest, slot, due) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (workflow) DO UPDATE SET digest = $2, slot = $3, due = $4",
    [PG_SLOTS] = "SELECT workflow, slot, time, outcome, execution, missed, reason FROM slots "
                 "WHERE workflow = $1 ORDER BY slot DESC LIMIT $2",
    [PG_SLOTS_QUEUED] = "SELECT workflow, slot, time, outcome, execution, missed, reason "
                        "FROM slots WHERE workflow = $1 AND outcome = 'queued' "
                        "ORDER BY slot LIMIT $2",
    [PG_PUT_SLOT] =
        "INSERT INTO slots (workflow, slot, time, outcome, execution, missed, reason) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workflow, slot) DO UPDATE "
        "SET time = $3, outcome = $4, execution = $5, missed = slots.missed + $6, reason = $7",

    [PG_LOCK_TRIGGER] =
        "SELECT pg_advisory_xact_lock(hashtextextended($1::text || chr(1) || $2::text, 9))",
    [PG_TRIGGERS] = TRIGGER "WHERE ($1::text IS NULL OR workflow = $1) AND "
                            "($2::text IS NULL OR name = $2) ORDER BY workflow, name",
    [PG_PUT_TRIGGER] =
        "INSERT INTO triggers (" TRIGGER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, "
        "$8, $9, $10, $11, $12, $13) ON CONFLICT (workflow, name) DO UPDATE SET digest = $3, "
        "due = $4, runner = $5, until = $6, token = $7, looked = $8, fired = $9, failed = $10, "
        "failures = $11, reason = $12, kept = $13",
    [PG_HAS_FIRED] = "UPDATE firings SET seen = $4 WHERE workflow = $1 AND name = $2 AND "
                     "key = $3 RETURNING CAST(1 AS bigint)",
    [PG_FIRINGS] = "SELECT workflow, name, key, time, outcome, execution, reason FROM firings "
                   "WHERE workflow = $1 AND name = $2 ORDER BY time DESC, key DESC LIMIT $3",
    [PG_PUT_FIRING] =
        "INSERT INTO firings (workflow, name, key, time, outcome, execution, reason, seen) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $4) ON CONFLICT (workflow, name, key) DO UPDATE "
        "SET time = $4, outcome = $5, execution = $6, reason = $7, seen = $4",
    [PG_PAUSE_TRIGGER] = "UPDATE triggers SET paused = $3 WHERE workflow = $1 AND name = $2 "
                         "RETURNING CAST(1 AS bigint)",
    [PG_PAUSE_SCHEDULE] = "UPDATE schedules SET paused = $2 WHERE workflow = $1 "
                          "RETURNING CAST(1 AS bigint)",

    [PG_STATUS] = QUESTION_STATUS
    "UNION ALL SELECT 'bytes', sum(pg_total_relation_size(c.oid))::text FROM pg_class c WHERE "
    "c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' "
    "UNION ALL SELECT 'synchronous_commit', current_setting('synchronous_commit') "
    "UNION ALL SELECT 'server', current_setting('server_version') "
    "UNION ALL SELECT 'connections', count(*)::text FROM pg_stat_activity WHERE datname = "
    "current_database() "
    "UNION ALL SELECT 'oldest_snapshot_age', coalesce(max(age(backend_xmin)), 0)::text FROM "
    "pg_stat_activity",
    [PG_CHECK] = QUESTION_CHECK,
    [PG_PRUNE] =
        "WITH old AS (SELECT x.id FROM executions x WHERE x.ended < $1 AND x.unfinished = 0 AND "
        "NOT "
        "EXISTS (SELECT 1 FROM executions r WHERE r.root = coalesce(x.root, x.id) AND r.ended IS "
        "NULL) AND NOT EXISTS (SELECT 1 FROM executions r WHERE r.id = x.root AND r.ended IS NULL) "
        "ORDER BY x.id LIMIT $2 FOR UPDATE SKIP LOCKED), e AS (DELETE FROM events WHERE execution "
        "IN (SELECT id "
        "FROM old)), t AS (DELETE FROM tasks WHERE execution IN (SELECT id FROM old)), d AS "
        "(DELETE "
        "FROM payloads WHERE execution IN (SELECT id FROM old)), x AS (DELETE FROM executions "
        "WHERE "
        "id IN (SELECT id FROM old) RETURNING id) SELECT count(*) FROM x",
    [PG_PRUNE_SLOTS] = "DELETE FROM slots WHERE (workflow, slot) IN (SELECT workflow, slot FROM "
                       "slots WHERE time < $1 AND outcome <> 'queued' LIMIT $2)",
    [PG_PRUNE_FIRINGS] =
        "DELETE FROM firings WHERE (workflow, name, key) IN (SELECT workflow, name, key FROM "
        "firings WHERE seen < $1 LIMIT $2)",
    [PG_PRUNE_RUNNERS] =
        "DELETE FROM runners WHERE id IN (SELECT r.id FROM runners r WHERE r.ended < $1 AND NOT "
        "EXISTS (SELECT 1 FROM tasks t WHERE t.state = 'Running' AND t.runner = r.id) LIMIT $2)",
    /* Who is about to use one holds it; once it is held, nobody is, but somebody may have been. */
    [PG_HOLD_UNUSED_PLANS] =
        "SELECT array_agg(u.id)::text FROM (SELECT p.id FROM plans p WHERE " PLAN_IS_UNUSED
        "ORDER BY p.id LIMIT $1 FOR UPDATE SKIP LOCKED) u",
    [PG_PRUNE_PLANS] = "WITH unused AS (SELECT p.id FROM plans p WHERE p.id = ANY($1::bigint[]) "
                       "AND " PLAN_IS_UNUSED "), t AS (DELETE FROM plan_texts WHERE plan IN "
                       "(SELECT id FROM unused)), x AS (DELETE FROM plans WHERE id IN (SELECT id "
                       "FROM unused) RETURNING id) SELECT count(*) FROM x",
};
