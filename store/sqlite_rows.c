/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_rows.c - the rows of the SQLite store. */
#include "store/sqlite.h"

#include <string.h>

#define TASK_COLUMNS                                                                               \
    "position, name, state, verdict, waiting, attempt, spent, lost, due, token, runner, writes, "  \
    "log, reason "
#define EXECUTION_COLUMNS                                                                          \
    "id, workflow, version, key, state, input, context, reason, unfinished, created "

const char *const sqlite_texts[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_JOIN] = "INSERT INTO runners (name, started) VALUES (?1, ?2)",
    [SQL_ADD_PLAN] = "INSERT INTO plans (version, workflow, plan) VALUES (?1, ?2, ?3) "
                     "ON CONFLICT (version) DO NOTHING",
    [SQL_ADD_EXECUTION] =
        "INSERT INTO executions (workflow, version, key, state, input, unfinished, created) "
        "VALUES (?1, ?2, ?3, 'Pending', ?4, ?5, ?6)",
    [SQL_ADD_TASK] = "INSERT INTO tasks (execution, position, name, state, waiting, attempt, "
                     "spent, lost, due, token) VALUES (?1, ?2, ?3, 'Pending', ?4, 0, 0, 0, 0, 0)",
    [SQL_EXECUTION_BY_ID] = "SELECT " EXECUTION_COLUMNS "FROM executions WHERE id = ?1",
    [SQL_EXECUTION_BY_KEY] =
        "SELECT " EXECUTION_COLUMNS "FROM executions WHERE workflow = ?1 AND key = ?2",
    [SQL_TASK] = "SELECT " TASK_COLUMNS "FROM tasks WHERE execution = ?1 AND position = ?2",
    [SQL_TASKS] = "SELECT " TASK_COLUMNS "FROM tasks WHERE execution = ?1 ORDER BY position",
    [SQL_TASKS_IN_STATE] =
        "SELECT " TASK_COLUMNS "FROM tasks WHERE execution = ?1 AND state = ?2 ORDER BY position",
    [SQL_NEXT_READY] = "SELECT " TASK_COLUMNS "FROM tasks WHERE execution = ?1 AND state = 'Ready' "
                       "ORDER BY due, position LIMIT 1",
    [SQL_EVENTS] = "SELECT number, position, time, from_state, to_state, runner, attempt, reason "
                   "FROM events WHERE execution = ?1 ORDER BY number",
    [SQL_MOVE_TASK] =
        "UPDATE tasks SET state = ?5, due = ?6, verdict = ?7, reason = ?8, writes = ?9, log = ?10, "
        "spent = spent + ?11, lost = lost + ?12, "
        "attempt = attempt + (?5 = 'Running'), token = token + (?5 = 'Running'), "
        "runner = CASE WHEN ?5 = 'Running' THEN ?13 ELSE runner END, "
        "started = CASE WHEN ?5 = 'Running' THEN ?14 ELSE started END, "
        "ended = CASE WHEN ?7 IS NOT NULL THEN ?14 ELSE ended END "
        "WHERE execution = ?1 AND position = ?2 AND state = ?3 AND (?4 = 0 OR token = ?4) "
        "AND (?5 <> 'Running' OR EXISTS (SELECT 1 FROM executions "
        "WHERE id = ?1 AND executions.state IN ('Pending', 'Running'))) "
        "RETURNING attempt",
    [SQL_MOVE_EXECUTION] =
        "UPDATE executions SET state = ?3, reason = ?4, context = ?5, "
        "started = CASE WHEN ?3 = 'Running' AND started IS NULL THEN ?6 ELSE started END, "
        "ended = CASE WHEN ?7 THEN ?6 ELSE NULL END WHERE id = ?1 AND state = ?2 RETURNING id",
    [SQL_COUNT_DOWN] = "UPDATE tasks SET waiting = waiting - 1 WHERE execution = ?1 AND "
                       "position = ?2 AND waiting > 0 RETURNING waiting",
    [SQL_COUNT_ENDED] = "UPDATE executions SET unfinished = unfinished - 1 WHERE id = ?1 AND "
                        "unfinished > 0 RETURNING unfinished",
    [SQL_ADD_EVENT] = "INSERT INTO events (execution, position, time, from_state, to_state, "
                      "runner, attempt, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
};

/* --- Binding and reading --- */

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC); /* NULL is null */
}

/* 0 stands for null where it means "none". */
static void bind_some(sqlite3_stmt *statement, int at, int64_t value)
{
    if (value != 0)
        sqlite3_bind_int64(statement, at, value);
}

static const char *text_at(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

static const char *const verdicts[] = {NULL, "success", "failed", "neither"};

static store_verdict read_verdict(const char *text)
{
    for (size_t i = 1; text != NULL && i < sizeof verdicts / sizeof *verdicts; i++)
        if (strcmp(verdicts[i], text) == 0)
            return (store_verdict)i;
    return STORE_OPEN;
}

static store_execution read_execution(sqlite3_stmt *row)
{
    return (store_execution){.id = sqlite3_column_int64(row, 0),
                             .workflow = text_at(row, 1),
                             .version = text_at(row, 2),
                             .key = text_at(row, 3),
                             .state = store_state_read(text_at(row, 4)),
                             .input = text_at(row, 5),
                             .context = text_at(row, 6),
                             .reason = text_at(row, 7),
                             .unfinished = sqlite3_column_int64(row, 8),
                             .created = sqlite3_column_int64(row, 9)};
}

static store_task read_task(sqlite3_stmt *row)
{
    return (store_task){.position = sqlite3_column_int64(row, 0),
                        .name = text_at(row, 1),
                        .state = store_state_read(text_at(row, 2)),
                        .verdict = read_verdict(text_at(row, 3)),
                        .waiting = sqlite3_column_int64(row, 4),
                        .attempt = sqlite3_column_int64(row, 5),
                        .spent = sqlite3_column_int64(row, 6),
                        .lost = sqlite3_column_int64(row, 7),
                        .due = sqlite3_column_int64(row, 8),
                        .token = sqlite3_column_int64(row, 9),
                        .runner = sqlite3_column_int64(row, 10),
                        .writes = text_at(row, 11),
                        .log = text_at(row, 12),
                        .reason = text_at(row, 13)};
}

static store_event read_event(sqlite3_stmt *row)
{
    bool task = sqlite3_column_type(row, 1) != SQLITE_NULL;

    return (store_event){.number = sqlite3_column_int64(row, 0),
                         .position = task ? sqlite3_column_int64(row, 1) : -1,
                         .time = sqlite3_column_int64(row, 2),
                         .from = store_state_read(text_at(row, 3)),
                         .to = store_state_read(text_at(row, 4)),
                         .runner = sqlite3_column_int64(row, 5),
                         .attempt = sqlite3_column_int64(row, 6),
                         .reason = text_at(row, 7)};
}

/* --- Queries --- */

typedef struct query {
    sqlite_statement which;
    store_take_execution execution; /* one of the three */
    store_take_task task;
    store_take_event event;
    void *arg;
} query;

static weir_status give_row(const query *q, sqlite3_stmt *row, weir_error **error)
{
    if (q->execution != NULL) {
        store_execution execution = read_execution(row);
        return q->execution(q->arg, &execution, error);
    }
    if (q->task != NULL) {
        store_task task = read_task(row);
        return q->task(q->arg, &task, error);
    }
    store_event event = read_event(row);
    return q->event(q->arg, &event, error);
}

/* Gives each row; WEIR_NOT_FOUND: there was none. */
static weir_status give_rows(sqlite_store *store, const query *q, weir_error **error)
{
    sqlite3_stmt *row = store->statements[q->which];
    weir_status status = WEIR_OK;
    size_t count = 0;
    int code = SQLITE_DONE;

    while (status == WEIR_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        status = give_row(q, row, error);
        count++;
    }
    if (status == WEIR_OK && code != SQLITE_DONE)
        status = sqlite_fail(store, "be read", error);
    sqlite3_reset(row);
    return status == WEIR_OK && count == 0 ? WEIR_NOT_FOUND : status;
}

weir_status sqlite_find_execution(weir_store *base, int64_t id, const char *workflow,
                                  const char *key, store_take_execution take, void *arg,
                                  weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    query q = {.which = id != 0 ? SQL_EXECUTION_BY_ID : SQL_EXECUTION_BY_KEY,
               .execution = take,
               .arg = arg};
    sqlite3_stmt *statement = sqlite_prepare(store, q.which, error);

    if (statement == NULL)
        return WEIR_IO;
    if (id != 0) {
        sqlite3_bind_int64(statement, 1, id);
    } else {
        bind_text(statement, 1, workflow);
        bind_text(statement, 2, key);
    }
    return give_rows(store, &q, error);
}

static weir_status find(weir_store *base, const query *q, int64_t execution, int64_t position,
                        const char *state, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, q->which, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    if (q->which == SQL_TASK)
        sqlite3_bind_int64(statement, 2, position);
    else if (state != NULL)
        bind_text(statement, 2, state);
    return give_rows(store, q, error);
}

weir_status sqlite_find_task(weir_store *base, int64_t execution, int64_t position,
                             store_take_task take, void *arg, weir_error **error)
{
    query q = {.which = SQL_TASK, .task = take, .arg = arg};

    return find(base, &q, execution, position, NULL, error);
}

weir_status sqlite_next_ready(weir_store *base, int64_t execution, store_take_task take, void *arg,
                              weir_error **error)
{
    query q = {.which = SQL_NEXT_READY, .task = take, .arg = arg};

    return find(base, &q, execution, 0, NULL, error);
}

weir_status sqlite_each_task(weir_store *base, int64_t execution, store_state state,
                             store_take_task take, void *arg, weir_error **error)
{
    query q = {
        .which = state != STORE_NONE ? SQL_TASKS_IN_STATE : SQL_TASKS, .task = take, .arg = arg};
    weir_status status =
        find(base, &q, execution, 0, state != STORE_NONE ? store_state_text(state) : NULL, error);

    return status == WEIR_NOT_FOUND ? WEIR_OK : status;
}

weir_status sqlite_each_event(weir_store *base, int64_t execution, store_take_event take, void *arg,
                              weir_error **error)
{
    query q = {.which = SQL_EVENTS, .event = take, .arg = arg};
    weir_status status = find(base, &q, execution, 0, NULL, error);

    return status == WEIR_NOT_FOUND ? WEIR_OK : status;
}

/* --- Events --- */

weir_status sqlite_note(weir_store *base, int64_t execution, const store_event *event,
                        weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_ADD_EVENT, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    if (event->position >= 0)
        sqlite3_bind_int64(statement, 2, event->position);
    sqlite3_bind_int64(statement, 3, event->time);
    bind_text(statement, 4, event->from != STORE_NONE ? store_state_text(event->from) : NULL);
    bind_text(statement, 5, event->to != STORE_NONE ? store_state_text(event->to) : NULL);
    bind_some(statement, 6, event->runner);
    bind_some(statement, 7, event->attempt);
    bind_text(statement, 8, event->reason);
    return sqlite_do(store, SQL_ADD_EVENT, "record an event", error);
}

/* --- New rows --- */

weir_status sqlite_add_plan(weir_store *base, const char *version, const char *workflow,
                            const char *plan, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_ADD_PLAN, error);

    if (statement == NULL)
        return WEIR_IO;
    bind_text(statement, 1, version);
    bind_text(statement, 2, workflow);
    bind_text(statement, 3, plan);
    return sqlite_do(store, SQL_ADD_PLAN, "record a plan", error);
}

weir_status sqlite_add_execution(weir_store *base, const store_execution *row, int64_t *ret_id,
                                 weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_ADD_EXECUTION, error);

    if (statement == NULL)
        return WEIR_IO;
    bind_text(statement, 1, row->workflow);
    bind_text(statement, 2, row->version);
    bind_text(statement, 3, row->key);
    bind_text(statement, 4, row->input);
    sqlite3_bind_int64(statement, 5, row->unfinished);
    sqlite3_bind_int64(statement, 6, row->created);
    weir_status status = sqlite_do(store, SQL_ADD_EXECUTION, "record an execution", error);
    if (status != WEIR_OK)
        return status;
    *ret_id = sqlite3_last_insert_rowid(store->database);
    store_event event = {.position = -1, .time = row->created, .to = STORE_PENDING};
    return sqlite_note(base, *ret_id, &event, error);
}

weir_status sqlite_add_task(weir_store *base, int64_t execution, const store_task *row,
                            int64_t time, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_ADD_TASK, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    sqlite3_bind_int64(statement, 2, row->position);
    bind_text(statement, 3, row->name);
    sqlite3_bind_int64(statement, 4, row->waiting);
    weir_status status = sqlite_do(store, SQL_ADD_TASK, "record a task", error);
    store_event event = {.position = row->position, .time = time, .to = STORE_PENDING};
    return status == WEIR_OK ? sqlite_note(base, execution, &event, error) : status;
}

/* --- Changes --- */

/* Runs an update that returns one number; WEIR_NOT_FOUND: it found no row. */
static weir_status update(sqlite_store *store, sqlite_statement which, int64_t *ret,
                          weir_error **error)
{
    sqlite3_stmt *statement = store->statements[which];
    int code = sqlite3_step(statement);
    bool found = code == SQLITE_ROW;

    if (found) {
        *ret = sqlite3_column_int64(statement, 0);
        code = sqlite3_step(statement);
    }
    weir_status status = code == SQLITE_DONE ? WEIR_OK : sqlite_fail(store, "be written", error);
    sqlite3_reset(statement);
    return status == WEIR_OK && !found ? WEIR_NOT_FOUND : status;
}

static void bind_task_move(sqlite3_stmt *statement, const store_task_move *move)
{
    sqlite3_bind_int64(statement, 1, move->execution);
    sqlite3_bind_int64(statement, 2, move->position);
    bind_text(statement, 3, store_state_text(move->from));
    sqlite3_bind_int64(statement, 4, move->token);
    bind_text(statement, 5, store_state_text(move->to));
    sqlite3_bind_int64(statement, 6, move->due);
    bind_text(statement, 7, verdicts[move->verdict]);
    bind_text(statement, 8, move->reason);
    bind_text(statement, 9, move->writes);
    bind_text(statement, 10, move->log);
    sqlite3_bind_int64(statement, 11, move->spent);
    sqlite3_bind_int64(statement, 12, move->lost);
    bind_some(statement, 13, move->runner);
    sqlite3_bind_int64(statement, 14, move->time);
}

static weir_status refuse(const char *what, int64_t number, store_state from, store_state to,
                          weir_error **error)
{
    return weir_error_set(error, WEIR_STATE, "%s %lld cannot go from %s to %s", what,
                          (long long)number, store_state_text(from), store_state_text(to));
}

weir_status sqlite_move_task(weir_store *base, const store_task_move *move, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    bool ends = store_state_is_end(move->to);
    int64_t attempt = 0;

    if (!store_may_move(true, move->from, move->to) || ends != (move->verdict != STORE_OPEN))
        return refuse("task", move->position, move->from, move->to, error);
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_MOVE_TASK, error);
    if (statement == NULL)
        return WEIR_IO;
    bind_task_move(statement, move);
    weir_status status = update(store, SQL_MOVE_TASK, &attempt, error);
    if (status == WEIR_NOT_FOUND)
        return refuse("task", move->position, move->from, move->to, error);
    store_event event = {.position = move->position,
                         .time = move->time,
                         .from = move->from,
                         .to = move->to,
                         .runner = move->runner,
                         .attempt = attempt,
                         .reason = move->reason};
    return status == WEIR_OK ? sqlite_note(base, move->execution, &event, error) : status;
}

weir_status sqlite_move_execution(weir_store *base, const store_execution_move *move,
                                  weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    int64_t id;

    if (!store_may_move(false, move->from, move->to))
        return refuse("execution", move->execution, move->from, move->to, error);
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_MOVE_EXECUTION, error);
    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, move->execution);
    bind_text(statement, 2, store_state_text(move->from));
    bind_text(statement, 3, store_state_text(move->to));
    bind_text(statement, 4, move->reason);
    bind_text(statement, 5, move->context);
    sqlite3_bind_int64(statement, 6, move->time);
    sqlite3_bind_int(statement, 7, store_state_is_end(move->to));
    weir_status status = update(store, SQL_MOVE_EXECUTION, &id, error);
    if (status == WEIR_NOT_FOUND)
        return refuse("execution", move->execution, move->from, move->to, error);
    store_event event = {.position = -1,
                         .time = move->time,
                         .from = move->from,
                         .to = move->to,
                         .runner = move->runner,
                         .reason = move->reason};
    return status == WEIR_OK ? sqlite_note(base, move->execution, &event, error) : status;
}

static weir_status count(weir_store *base, sqlite_statement which, int64_t execution,
                         int64_t position, int64_t *ret, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, which, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    if (which == SQL_COUNT_DOWN)
        sqlite3_bind_int64(statement, 2, position);
    weir_status status = update(store, which, ret, error);
    if (status != WEIR_NOT_FOUND)
        return status;
    return weir_error_set(error, WEIR_STATE, "nothing is left to be waited for in execution %lld",
                          (long long)execution);
}

weir_status sqlite_count_down(weir_store *base, int64_t execution, int64_t position,
                              int64_t *ret_waiting, weir_error **error)
{
    return count(base, SQL_COUNT_DOWN, execution, position, ret_waiting, error);
}

weir_status sqlite_count_ended(weir_store *base, int64_t execution, int64_t *ret_unfinished,
                               weir_error **error)
{
    return count(base, SQL_COUNT_ENDED, execution, 0, ret_unfinished, error);
}
