/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_texts.c - the statements of the SQLite store. */
#include "store/sqlite.h"

#define QUESTION_MIGRATIONS "migrations"
#include "store/questions.h"

#define BRIEF                                                                                      \
    "execution, position, plan, name, state, verdict, waiting, attempt, spent, lost, due, token, " \
    "runner, priority, tag, seen, reason, started, ended, awaits, ask, patience"
#define WHOLE BRIEF ", writes, log"
#define EXECUTION(texts)                                                                           \
    "SELECT e.id, e.plan, e.workflow, p.version, e.key, e.state, e.reason, e.unfinished, "         \
    "e.deadline, e.slot, e.created, e.started, e.ended, "                                          \
    "e.role, e.parent, e.parent_position, e.parent_token, e.item, coalesce(e.root, e.id), "        \
    "coalesce(e.slot_day, 0)" texts " FROM executions e JOIN plans p ON p.id = e.plan "
#define PAYLOAD "JOIN payloads d ON d.execution = e.id "
#define HEAD    "SELECT priority, round, execution, position FROM tasks WHERE queued = 1 AND "
/* While one of a root has not ended, it may read what the others have. */
#define OLD                                                                                        \
    "(SELECT e.id FROM executions e WHERE e.ended < ?1 AND e.unfinished = 0 AND NOT EXISTS "       \
    "(SELECT 1 FROM executions r WHERE r.root = coalesce(e.root, e.id) AND r.root IS NOT NULL "    \
    "AND r.ended IS NULL) AND NOT EXISTS (SELECT 1 FROM executions r WHERE r.id = e.root AND "     \
    "r.ended IS NULL) ORDER BY e.id LIMIT ?2)"
/* The time is not asked for. */
#define UNUSED                                                                                     \
    "(SELECT p.id FROM plans p WHERE ?1 = ?1 AND " PLAN_IS_UNUSED "ORDER BY p.id LIMIT ?2)"
#define LIVE "state IN ('Ready', 'Running', 'Deferred')"

const char *const sqlite_texts[SQL_STATEMENTS] = {
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",

    /* Changes with what other connections have committed, and with nothing else. */
    [SQL_DATA_VERSION] = "PRAGMA data_version",

    [SQL_JOIN] = "INSERT INTO runners (name, started, beat) VALUES (?1, ?2, ?2)",
    [SQL_BEAT] = "UPDATE runners SET beat = ?2 WHERE id = ?1 AND ended IS NULL RETURNING id",
    [SQL_OFFER] =
        "INSERT INTO offers (plan, runner) VALUES (?1, ?2) ON CONFLICT (plan, runner) DO NOTHING",
    [SQL_END_RUNNER] = "UPDATE runners SET ended = ?2 WHERE id = ?1 AND ended IS NULL",
    [SQL_DROP_OFFERS] = "DELETE FROM offers WHERE runner = ?1",
    [SQL_RUNNERS] = "SELECT id, name, started, beat FROM runners WHERE ended IS NULL",
    [SQL_COUNT_OFFERS] = "SELECT count(*) FROM offers WHERE plan = ?1",

    [SQL_ADD_PLAN] = "INSERT INTO plans (version, workflow, round) VALUES (?1, ?2, 0) "
                     "ON CONFLICT (version) DO NOTHING",
    [SQL_ADD_PLAN_TEXT] =
        "INSERT INTO plan_texts (plan, text) VALUES (?1, ?2) ON CONFLICT (plan) DO NOTHING",
    [SQL_PLAN_ID] = "SELECT id FROM plans WHERE version = ?1",
    [SQL_ADD_EXECUTION] =
        "INSERT INTO executions (plan, workflow, key, state, unfinished, round, deadline, created, "
        "slot, role, parent, parent_position, parent_token, item, root, slot_day) VALUES (?1, ?2, "
        "?3, "
        "'Pending', ?4, (SELECT max(1, p.round) - 1 + ?8 FROM plans p WHERE p.id = ?1), ?5, ?6, "
        "?7, "
        "?9, ?10, ?11, ?12, ?13, ?14, CASE WHEN ?7 IS NOT NULL THEN ?15 END)",
    [SQL_ADD_PAYLOAD] = "INSERT INTO payloads (execution, input) VALUES (?1, ?2)",
    [SQL_ADD_TASK] =
        "INSERT INTO tasks (execution, position, plan, name, state, waiting, attempt, spent, lost, "
        "due, queued, priority, tag, round, token, root) "
        "VALUES (?1, ?2, ?3, ?4, CASE WHEN ?8 IS NULL THEN 'Pending' ELSE 'Ready' END, ?5, 0, 0, "
        "0, "
        "CASE WHEN ?8 IS NULL THEN 0 ELSE ?9 END, CASE WHEN ?8 IS NULL THEN NULL ELSE 1 END, ?6, "
        "?7, CASE WHEN ?8 IS NULL THEN 0 ELSE (SELECT e.round - ?8 FROM executions e WHERE e.id = "
        "?1) END, 0, ?10)",

    [SQL_PLAN_BY_ID] = "SELECT p.id, p.version, p.workflow, t.text FROM plans p "
                       "JOIN plan_texts t ON t.plan = p.id WHERE p.id = ?1",
    [SQL_EXECUTION_BRIEF] = EXECUTION("") "WHERE e.id = ?1",
    [SQL_EXECUTION_BY_ID] = EXECUTION(", d.input, d.context") PAYLOAD "WHERE e.id = ?1",
    [SQL_EXECUTION_BY_KEY] =
        EXECUTION(", d.input, d.context") PAYLOAD "WHERE e.workflow = ?1 AND e.key = ?2",
    [SQL_EXECUTIONS] =
        EXECUTION("") "WHERE e.id < ?1 AND CASE WHEN ?2 IS NULL THEN coalesce(e.role, "
                      "'workflow') = 'workflow' ELSE e.workflow = ?2 END AND "
                      "(?3 IS NULL OR e.state = ?3) ORDER BY e.id DESC LIMIT ?4",
    [SQL_EXECUTIONS_OF_PARENT] =
        EXECUTION("") "WHERE e.parent = ?1 AND e.role <> 'hook' AND e.ended IS NULL "
                      "ORDER BY e.id LIMIT ?2",
    [SQL_CHILDREN] = EXECUTION(", d.input, d.context") PAYLOAD
    "WHERE e.parent = ?1 AND e.parent_position = ?2 AND e.parent_token BETWEEN ?3 AND ?4 AND "
    "e.role <> 'hook' ORDER BY e.parent_token, e.item",
    [SQL_ADOPT] = "UPDATE executions SET parent_token = ?2 WHERE id = ?1 AND parent IS NOT NULL "
                  "RETURNING id",
    [SQL_COUNT_BELOW] = "SELECT count(*) FROM executions WHERE root = ?1 AND ended IS NULL",
    [SQL_TASK_BRIEF] = "SELECT " BRIEF " FROM tasks WHERE execution = ?1 AND position = ?2",
    [SQL_TASK_WHOLE] = "SELECT " WHOLE " FROM tasks WHERE execution = ?1 AND position = ?2",
    [SQL_TASKS_BRIEF] = "SELECT " BRIEF " FROM tasks WHERE execution = ?1 AND "
                        "(?2 IS NULL OR state = ?2) ORDER BY position",
    [SQL_TASKS_WHOLE] = "SELECT " WHOLE " FROM tasks WHERE execution = ?1 AND "
                        "(?2 IS NULL OR state = ?2) ORDER BY position",
    [SQL_EVENTS] = "SELECT number, position, time, from_state, to_state, runner, attempt, reason "
                   "FROM events WHERE execution = ?1 AND number > ?2 ORDER BY number",
    [SQL_DUE] = "SELECT " BRIEF " FROM tasks WHERE queued = 0 AND due <= ?1 ORDER BY due LIMIT ?2",
    [SQL_LOST] = "SELECT " BRIEF " FROM tasks INDEXED BY tasks_running WHERE state = 'Running' AND "
                 "?1 = ?1 AND runner > 0 AND (SELECT r.ended FROM runners r WHERE r.id = runner) "
                 "IS NOT NULL LIMIT ?2",
    [SQL_DOOMED] = "SELECT " BRIEF " FROM tasks WHERE state = 'Running' AND runner = ?1 AND "
                   "(SELECT e.state FROM executions e WHERE e.id = execution) IN "
                   "('Cancelled', 'Failed', 'Completed') LIMIT ?2",
    [SQL_NEXT_DUE] =
        "SELECT min(coalesce((SELECT due FROM tasks WHERE queued = 0 ORDER BY due LIMIT 1), "
        "9223372036854775807), coalesce((SELECT deadline FROM executions WHERE deadline IS NOT "
        "NULL ORDER BY deadline LIMIT 1), 9223372036854775807)), "
        "coalesce((SELECT min((SELECT t.ask FROM tasks t WHERE t.plan = o.plan AND t.ask IS NOT "
        "NULL AND (?2 = 0 OR t.root = ?2) ORDER BY t.ask LIMIT 1)) FROM offers o WHERE "
        "o.runner = ?1), 9223372036854775807)",
    [SQL_ASKED] = "SELECT " BRIEF " FROM tasks INDEXED BY tasks_asked WHERE ask IS NOT NULL AND "
                  "ask <= ?3 AND plan IN (SELECT o.plan FROM offers o WHERE o.runner = ?1) "
                  "AND (?2 = 0 OR root = ?2) ORDER BY ask LIMIT ?4",
    [SQL_ASK_AT] = "UPDATE tasks SET ask = ?4, token = token + 1, runner = ?5, reason = "
                   "coalesce(?6, reason) WHERE execution = ?1 AND position = ?2 AND token = ?3 AND "
                   "state = 'Deferred' AND ask IS NOT NULL RETURNING token",
    [SQL_UNSERVED] =
        EXECUTION("") "WHERE e.state IN ('Pending', 'Running') AND e.id > ?1 AND e.id <= ?2 AND "
                      "e.created <= ?3 AND e.unserved IS NULL AND NOT EXISTS (SELECT 1 FROM "
                      "offers o WHERE o.plan = e.plan) AND EXISTS (SELECT 1 FROM tasks t WHERE "
                      "t.execution = e.id AND t.queued = 1) ORDER BY e.id",
    [SQL_MARK_UNSERVED] = "UPDATE executions SET unserved = ?2 WHERE id = ?1",
    [SQL_UNMARK_UNSERVED] =
        "UPDATE executions SET unserved = NULL WHERE plan = ?1 AND unserved IS NOT NULL",
    [SQL_OVERDUE] = EXECUTION("") "WHERE e.deadline <= ?1 ORDER BY e.deadline LIMIT ?2",
    [SQL_STUCK] = EXECUTION(
        "") "WHERE e.state IN ('Pending', 'Running') AND e.id > ?1 AND e.id <= ?2 AND NOT EXISTS "
            "(SELECT 1 FROM tasks t INDEXED BY tasks_live WHERE t.execution = e.id AND t." LIVE
            ") ORDER BY e.id",
    [SQL_LAST_LIVE] =
        "SELECT max(id) FROM (SELECT id FROM executions WHERE state IN ('Pending', 'Running') AND "
        "id > ?1 ORDER BY id LIMIT ?2)",

    [SQL_HEAD] =
        HEAD "plan = ?1 AND tag IS ?2 ORDER BY priority DESC, round, execution, position LIMIT 1",
    [SQL_HEAD_OF_ONE] =
        HEAD "root = ?3 AND plan = ?1 AND tag IS ?2 ORDER BY priority DESC, round, execution, "
             "position LIMIT 1",
    [SQL_COUNT_TAG] = "SELECT count(*) FROM tasks WHERE tag IS NOT NULL AND tag = ?1 AND "
                      "state = 'Running'",
    [SQL_CLAIM] =
        "UPDATE tasks SET state = 'Running', attempt = attempt + 1 - resumes, resumes = 0, token "
        "= token + 1, runner = ?3, started = ?4, ended = NULL, reason = NULL, queued = NULL "
        "WHERE execution = ?1 AND position = ?2 AND state = 'Ready' AND queued = 1 "
        "AND EXISTS (SELECT 1 FROM executions e WHERE e.id = ?1 AND e.state IN ('Pending', "
        "'Running')) RETURNING " WHOLE,
    [SQL_ROUND_OF_PLAN] = "UPDATE plans SET round = ?2 WHERE id = ?1 AND round < ?2",

    /* A task that becomes Ready comes one round behind the one before it of its execution, but not
     * before what the plan has come to. */
    [SQL_NEXT_ROUND] = "UPDATE executions SET round = max(round + 1, "
                       "(SELECT p.round FROM plans p WHERE p.id = executions.plan)) "
                       "WHERE id = ?1 RETURNING CASE WHEN state IN ('Pending', 'Running') "
                       "THEN round ELSE -round END",
    [SQL_MOVE_TASK] =
        "UPDATE tasks SET state = ?5, due = ?6, verdict = ?7, reason = ?8, "
        "writes = CASE WHEN ?18 THEN writes ELSE ?9 END, log = coalesce(?10, log), "
        "patience = CASE WHEN ?18 THEN patience ELSE ?19 END, resumes = ?20, awaits = ?21, "
        "ask = CASE WHEN EXISTS (SELECT 1 FROM executions e WHERE e.id = ?1 AND e.state IN "
        "('Pending', 'Running')) THEN ?22 END, spent = CASE WHEN ?5 = 'Pending' THEN 0 ELSE spent "
        "+ ?11 END, lost = CASE WHEN ?5 = 'Pending' THEN 0 ELSE lost + ?12 END, "
        "seen = coalesce(?13, seen), waiting = CASE WHEN ?5 IN ('Pending', 'Deferred') THEN ?14 "
        "ELSE waiting END, "
        "queued = ?15, round = coalesce(?16, round), "
        "ended = CASE WHEN ?7 IS NOT NULL THEN ?17 END "
        "WHERE execution = ?1 AND position = ?2 AND state = ?3 AND (?4 = 0 OR token = ?4) "
        "RETURNING attempt",
    [SQL_MOVE_EXECUTION] =
        "UPDATE executions SET state = ?3, reason = ?4, "
        "started = CASE WHEN ?3 = 'Running' AND started IS NULL THEN ?5 ELSE started END, "
        "ended = CASE WHEN ?6 THEN ?5 END, "
        "deadline = CASE WHEN ?6 THEN NULL ELSE coalesce(?7, deadline) END "
        "WHERE id = ?1 AND state = ?2 RETURNING id",
    [SQL_SET_CONTEXT] = "UPDATE payloads SET context = ?2 WHERE execution = ?1",
    [SQL_HOLD] = "UPDATE tasks SET queued = CASE WHEN state <> 'Ready' THEN queued WHEN ?2 THEN "
                 "due <= ?3 END, ask = CASE WHEN ?2 AND awaits IS NOT NULL THEN ?3 END "
                 "WHERE execution = ?1 AND state IN ('Ready', 'Deferred')",
    [SQL_QUEUE] = "UPDATE tasks SET queued = 1 WHERE execution = ?1 AND position = ?2 AND state = "
                  "'Ready' AND queued = 0",
    /* In what an UPDATE returns, SQLite 3.40.1 takes IS NULL to be false whatever there is. */
    [SQL_COUNT_DOWN] =
        "UPDATE tasks SET waiting = max(waiting - 1, -1) WHERE execution = ?1 AND position = ?2 "
        "AND (waiting > 0 OR verdict IS NOT NULL) RETURNING CASE WHEN coalesce(verdict, '') = '' "
        "THEN waiting ELSE -2 - waiting END",
    [SQL_HAND_ON] = "UPDATE tasks SET waiting = ?3, seen = coalesce(?4, seen) WHERE execution = ?1 "
                    "AND position = ?2 AND verdict IS NOT NULL RETURNING position",
    [SQL_COUNT_UNFINISHED] = "UPDATE executions SET unfinished = unfinished + ?2 WHERE id = ?1 AND "
                             "unfinished + ?2 >= 0 RETURNING unfinished",
    [SQL_ADD_EVENT] = "INSERT INTO events (execution, position, time, from_state, to_state, "
                      "runner, attempt, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",

    [SQL_EXECUTIONS_SCHEDULED] =
        EXECUTION("") "WHERE e.workflow = ?1 AND e.slot IS NOT NULL AND e.ended IS NULL AND "
                      "e.parent IS NULL ORDER BY e.id LIMIT ?2",
    [SQL_SCHEDULES] = "SELECT workflow, digest, slot, due, paused FROM schedules "
                      "WHERE ?1 IS NULL OR workflow = ?1 ORDER BY workflow",
    [SQL_PUT_SCHEDULE] =
        "INSERT INTO schedules (workflow, digest, slot, due) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (workflow) DO UPDATE SET digest = ?2, slot = ?3, due = ?4",
    [SQL_SLOTS] = "SELECT workflow, slot, time, outcome, execution, missed, reason FROM slots "
                  "WHERE workflow = ?1 ORDER BY slot DESC LIMIT ?2",
    [SQL_SLOTS_QUEUED] = "SELECT workflow, slot, time, outcome, execution, missed, reason "
                         "FROM slots WHERE workflow = ?1 AND outcome = 'queued' "
                         "ORDER BY slot LIMIT ?2",
    [SQL_PUT_SLOT] =
        "INSERT INTO slots (workflow, slot, time, outcome, execution, missed, reason) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (workflow, slot) DO UPDATE "
        "SET time = ?3, outcome = ?4, execution = ?5, missed = missed + ?6, reason = ?7",

    [SQL_TRIGGERS] = TRIGGER "WHERE (?1 IS NULL OR workflow = ?1) AND "
                             "(?2 IS NULL OR name = ?2) ORDER BY workflow, name",
    [SQL_PUT_TRIGGER] =
        "INSERT INTO triggers (" TRIGGER_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
        "?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (workflow, name) DO UPDATE SET digest = ?3, "
        "due = ?4, runner = ?5, until = ?6, token = ?7, looked = ?8, fired = ?9, failed = ?10, "
        "failures = ?11, reason = ?12, kept = ?13",
    [SQL_HAS_FIRED] = "UPDATE firings SET seen = ?4 WHERE workflow = ?1 AND name = ?2 AND "
                      "key = ?3 RETURNING 1",
    [SQL_FIRINGS] = "SELECT workflow, name, key, time, outcome, execution, reason FROM firings "
                    "WHERE workflow = ?1 AND name = ?2 ORDER BY time DESC, key DESC LIMIT ?3",
    [SQL_PUT_FIRING] =
        "INSERT INTO firings (workflow, name, key, time, outcome, execution, reason, seen) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?4) ON CONFLICT (workflow, name, key) DO UPDATE "
        "SET time = ?4, outcome = ?5, execution = ?6, reason = ?7, seen = ?4",
    [SQL_PAUSE_TRIGGER] = "UPDATE triggers SET paused = ?3 WHERE workflow = ?1 AND name = ?2 "
                          "RETURNING 1",
    [SQL_PAUSE_SCHEDULE] = "UPDATE schedules SET paused = ?2 WHERE workflow = ?1 "
                           "RETURNING 1",

    [SQL_STATUS] =
        QUESTION_STATUS "UNION ALL SELECT 'bytes', CAST(page_count * page_size AS TEXT) FROM "
                        "pragma_page_count, pragma_page_size "
                        "UNION ALL SELECT 'unused_bytes', CAST(freelist_count * page_size AS TEXT) "
                        "FROM pragma_freelist_count, pragma_page_size "
                        "UNION ALL SELECT 'journal_mode', journal_mode FROM pragma_journal_mode "
                        "UNION ALL SELECT 'synchronous', CASE synchronous WHEN 2 THEN 'full' ELSE "
                        "CAST(synchronous AS TEXT) END FROM pragma_synchronous",
    [SQL_CHECK] = QUESTION_CHECK "UNION ALL SELECT 'the file is damaged', integrity_check FROM "
                                 "pragma_integrity_check WHERE integrity_check <> 'ok' "
                                 "UNION ALL SELECT 'a row refers to one that is not there', "
                                 "\"table\" FROM pragma_foreign_key_check",
    [SQL_PRUNE_EVENTS] = "DELETE FROM events WHERE execution IN " OLD,
    [SQL_PRUNE_TASKS] = "DELETE FROM tasks WHERE execution IN " OLD,
    [SQL_PRUNE_PAYLOADS] = "DELETE FROM payloads WHERE execution IN " OLD,
    [SQL_PRUNE_EXECUTIONS] = "DELETE FROM executions WHERE id IN " OLD,
    [SQL_PRUNE_SLOTS] = "DELETE FROM slots WHERE (workflow, slot) IN (SELECT workflow, slot FROM "
                        "slots WHERE time < ?1 AND outcome <> 'queued' LIMIT ?2)",
    [SQL_PRUNE_FIRINGS] =
        "DELETE FROM firings WHERE (workflow, name, key) IN (SELECT workflow, name, key FROM "
        "firings WHERE seen < ?1 LIMIT ?2)",
    [SQL_PRUNE_RUNNERS] =
        "DELETE FROM runners WHERE id IN (SELECT r.id FROM runners r WHERE r.ended < ?1 AND NOT "
        "EXISTS (SELECT 1 FROM tasks t WHERE t.state = 'Running' AND t.runner = r.id) LIMIT ?2)",
    [SQL_PRUNE_PLAN_TEXTS] = "DELETE FROM plan_texts WHERE plan IN " UNUSED,
    [SQL_PRUNE_PLANS] = "DELETE FROM plans WHERE id IN " UNUSED,
};
