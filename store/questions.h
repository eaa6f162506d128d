/* SPDX-License-Identifier: Apache-2.0 */
/* questions.h - what an operator asks of a store, in SQL that every kind of store understands. */
#ifndef WEIR_STORE_QUESTIONS_H
#define WEIR_STORE_QUESTIONS_H

/* Names and values. */
#define QUESTION_STATUS                                                                            \
    "SELECT 'schema' AS name, CAST(max(number) AS TEXT) AS value FROM " QUESTION_MIGRATIONS        \
    " UNION ALL SELECT 'executions.' || state, CAST(count(*) AS TEXT) FROM executions GROUP BY "   \
    "state "                                                                                       \
    "UNION ALL SELECT 'tasks', CAST(count(*) AS TEXT) FROM tasks "                                 \
    "UNION ALL SELECT 'events', CAST(count(*) AS TEXT) FROM events "                               \
    "UNION ALL SELECT 'plans', CAST(count(*) AS TEXT) FROM plans "                                 \
    "UNION ALL SELECT 'runners', CAST(count(*) AS TEXT) FROM runners WHERE ended IS NULL "         \
    "UNION ALL SELECT 'oldest_ended', CAST(coalesce(min(ended), 0) AS TEXT) FROM executions "

/* All of a trigger, in this order in every kind of store. */
#define TRIGGER_COLUMNS                                                                            \
    "workflow, name, digest, due, runner, until, token, looked, fired, failed, failures, reason, " \
    "kept"
/* A look of a runner that has ended is nobody's. It stays in the row: who ends a runner does not
 * wait for those that hold triggers, nor they for it. */
#define TRIGGER                                                                                    \
    "SELECT workflow, name, digest, due, CASE WHEN EXISTS (SELECT 1 FROM runners r WHERE r.id = "  \
    "runner AND r.ended IS NULL) THEN runner END, until, token, looked, fired, failed, failures, " \
    "reason, kept, paused FROM triggers "

/* Whether nobody needs plan `p` any more. The newest of all stays, so that no number comes twice:
 * SQLite would give it again. */
#define PLAN_IS_UNUSED                                                                             \
    "p.id < (SELECT max(id) FROM plans) AND p.id NOT IN (SELECT e.plan FROM executions e) AND "    \
    "p.id NOT IN (SELECT o.plan FROM offers o) AND NOT (p.id = (SELECT max(q.id) FROM plans q "    \
    "WHERE q.workflow = p.workflow) AND (p.workflow IN (SELECT s.workflow FROM schedules s) OR "   \
    "p.workflow IN (SELECT t.workflow FROM triggers t))) "

#define ROW "'execution ' || e.id"

/* What is wrong, and where. */
#define QUESTION_CHECK                                                                             \
    "SELECT 'its state is not that of its newest event' AS name, " ROW                             \
    " AS value FROM executions e WHERE e.state <> coalesce((SELECT v.to_state FROM events v "      \
    "WHERE v.execution = e.id AND v.position IS NULL AND v.to_state IS NOT NULL ORDER BY "         \
    "v.number DESC LIMIT 1), '') "                                                                 \
    "UNION ALL SELECT 'the state of its task ' || t.name || ' is not that of its newest event', "  \
    "'execution ' || t.execution FROM tasks t WHERE t.state <> coalesce((SELECT v.to_state FROM "  \
    "events v WHERE v.execution = t.execution AND v.position = t.position AND v.to_state IS NOT "  \
    "NULL ORDER BY v.number DESC LIMIT 1), '') "                                                   \
    "UNION ALL SELECT 'its count of unfinished tasks is wrong', " ROW                              \
    " FROM executions e WHERE e.unfinished <> (SELECT count(*) FROM tasks t WHERE t.execution = "  \
    "e.id AND t.state IN ('Pending', 'Ready', 'Running', 'Deferred')) "                            \
    "UNION ALL SELECT 'a result of its task ' || v.position || ' was recorded twice', "            \
    "'execution ' || v.execution FROM events v WHERE v.to_state = 'Completed' AND v.position IS "  \
    "NOT NULL GROUP BY v.execution, v.position HAVING count(*) > 1 "                               \
    "UNION ALL SELECT 'its input is missing', " ROW                                                \
    " FROM executions e WHERE NOT EXISTS (SELECT 1 FROM payloads d WHERE d.execution = e.id) "     \
    "UNION ALL SELECT 'there are events of it, and nothing else', 'execution ' || v.execution "    \
    "FROM events v WHERE NOT EXISTS (SELECT 1 FROM executions e WHERE e.id = v.execution) GROUP "  \
    "BY v.execution "

#endif
