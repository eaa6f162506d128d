/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_rows.c - rows of the SQLite store: reading them, and new ones. */
#include <string.h>

#include "store/sqlite.h"

/* --- Binding and reading --- */

static const char *text_at(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

static store_execution read_execution(sqlite3_stmt *row)
{
    bool whole = sqlite3_column_count(row) > 20;

    return (store_execution){.id = sqlite3_column_int64(row, 0),
                             .plan = sqlite3_column_int64(row, 1),
                             .workflow = text_at(row, 2),
                             .version = text_at(row, 3),
                             .key = text_at(row, 4),
                             .state = store_state_read(text_at(row, 5)),
                             .reason = text_at(row, 6),
                             .unfinished = sqlite3_column_int64(row, 7),
                             .deadline = sqlite3_column_int64(row, 8),
                             .slot = sqlite3_column_int64(row, 9),
                             .created = sqlite3_column_int64(row, 10),
                             .started = sqlite3_column_int64(row, 11),
                             .ended = sqlite3_column_int64(row, 12),
                             .role = store_role_read(text_at(row, 13)),
                             .parent = sqlite3_column_int64(row, 14),
                             .parent_position = sqlite3_column_type(row, 15) == SQLITE_NULL
                                                    ? -1
                                                    : sqlite3_column_int64(row, 15),
                             .parent_token = sqlite3_column_int64(row, 16),
                             .item = sqlite3_column_int64(row, 17),
                             .root = sqlite3_column_int64(row, 18),
                             .slot_day = sqlite3_column_int64(row, 19),
                             .input = whole ? text_at(row, 20) : NULL,
                             .context = whole ? text_at(row, 21) : NULL};
}

store_task sqlite_read_task(sqlite3_stmt *row)
{
    bool whole = sqlite3_column_count(row) > 22;

    return (store_task){.execution = sqlite3_column_int64(row, 0),
                        .position = sqlite3_column_int64(row, 1),
                        .plan = sqlite3_column_int64(row, 2),
                        .name = text_at(row, 3),
                        .state = store_state_read(text_at(row, 4)),
                        .verdict = store_verdict_read(text_at(row, 5)),
                        .waiting = sqlite3_column_int64(row, 6),
                        .attempt = sqlite3_column_int64(row, 7),
                        .spent = sqlite3_column_int64(row, 8),
                        .lost = sqlite3_column_int64(row, 9),
                        .due = sqlite3_column_int64(row, 10),
                        .token = sqlite3_column_int64(row, 11),
                        .runner = sqlite3_column_int64(row, 12),
                        .priority = sqlite3_column_int64(row, 13),
                        .tag = text_at(row, 14),
                        .seen = text_at(row, 15),
                        .reason = text_at(row, 16),
                        .started = sqlite3_column_int64(row, 17),
                        .ended = sqlite3_column_int64(row, 18),
                        .awaits = text_at(row, 19),
                        .ask = sqlite3_column_int64(row, 20),
                        .patience = sqlite3_column_int64(row, 21),
                        .writes = whole ? text_at(row, 22) : NULL,
                        .log = whole ? text_at(row, 23) : NULL};
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

static store_plan read_plan(sqlite3_stmt *row)
{
    return (store_plan){.id = sqlite3_column_int64(row, 0),
                        .version = text_at(row, 1),
                        .workflow = text_at(row, 2),
                        .text = text_at(row, 3)};
}

static store_runner read_runner(sqlite3_stmt *row)
{
    return (store_runner){.id = sqlite3_column_int64(row, 0),
                          .name = text_at(row, 1),
                          .started = sqlite3_column_int64(row, 2),
                          .beat = sqlite3_column_int64(row, 3)};
}

static weir_status give_row(const sqlite_query *q, sqlite3_stmt *row, weir_error **error)
{
    if (q->execution != NULL) {
        store_execution execution = read_execution(row);
        return q->execution(q->arg, &execution, error);
    }
    if (q->task != NULL) {
        store_task task = sqlite_read_task(row);
        return q->task(q->arg, &task, error);
    }
    if (q->event != NULL) {
        store_event event = read_event(row);
        return q->event(q->arg, &event, error);
    }
    if (q->plan != NULL) {
        store_plan plan = read_plan(row);
        return q->plan(q->arg, &plan, error);
    }
    store_runner runner = read_runner(row);
    return q->runner(q->arg, &runner, error);
}

sqlite3_stmt *sqlite_bind(sqlite_store *store, sqlite_statement which,
                          const store_argument *arguments, size_t count, weir_error **error)
{
    sqlite3_stmt *statement = sqlite_prepare(store, which, error);

    for (size_t i = 0; i < count && statement != NULL; i++) {
        const store_argument *argument = &arguments[i];
        if (argument->kind == STORE_TEXT)
            sqlite3_bind_text(statement, (int)i + 1, argument->text, -1, SQLITE_STATIC);
        else if (argument->kind == STORE_NUMBER || argument->number != 0)
            sqlite3_bind_int64(statement, (int)i + 1, argument->number);
    }
    return statement;
}

weir_status sqlite_put(sqlite_store *store, sqlite_statement which, const char *what,
                       const store_argument *arguments, size_t count, weir_error **error)
{
    return sqlite_bind(store, which, arguments, count, error) != NULL
               ? sqlite_do(store, which, what, error)
               : WEIR_IO;
}

weir_status sqlite_ask_number(sqlite_store *store, sqlite_statement which,
                              const store_argument *arguments, size_t count, int64_t *ret,
                              weir_error **error)
{
    return sqlite_bind(store, which, arguments, count, error) != NULL
               ? sqlite_ask(store, which, ret, error)
               : WEIR_IO;
}

weir_status sqlite_give_rows(sqlite_store *store, const sqlite_query *q,
                             const store_argument *arguments, size_t argument_count,
                             weir_error **error)
{
    sqlite3_stmt *row = sqlite_bind(store, q->which, arguments, argument_count, error);
    weir_status status = WEIR_OK;
    size_t count = 0;
    int code = SQLITE_DONE;

    if (row == NULL)
        return WEIR_IO;
    while (status == WEIR_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        status = give_row(q, row, error);
        count++;
    }
    if (status == WEIR_OK && code != SQLITE_DONE)
        status = sqlite_fail(store, "be read", error);
    sqlite3_reset(row);
    store->base.counts.rows += count;
    return status == WEIR_OK && count == 0 ? WEIR_NOT_FOUND : status;
}

weir_status sqlite_ask(sqlite_store *store, sqlite_statement which, int64_t *ret,
                       weir_error **error)
{
    sqlite3_stmt *statement = store->statements[which];
    int code = sqlite3_step(statement);
    bool found = code == SQLITE_ROW;

    if (found) {
        *ret = sqlite3_column_int64(statement, 0);
        code = sqlite3_step(statement);
    }
    weir_status status = code == SQLITE_DONE ? WEIR_OK : sqlite_fail(store, "be used", error);
    sqlite3_reset(statement);
    store->base.counts.rows += found;
    return status == WEIR_OK && !found ? WEIR_NOT_FOUND : status;
}

/* A list that is empty is one. */
static weir_status give_list(sqlite_store *store, const sqlite_query *q,
                             const store_argument *arguments, size_t count, weir_error **error)
{
    weir_status status = sqlite_give_rows(store, q, arguments, count, error);

    return status == WEIR_NOT_FOUND ? WEIR_OK : status;
}

static const char *state_or_null(store_state state)
{
    return state != STORE_NONE ? store_state_text(state) : NULL;
}

/* --- Plans and executions --- */

weir_status sqlite_find_plan(weir_store *base, int64_t id, store_take_plan take, void *arg,
                             weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = SQL_PLAN_BY_ID, .plan = take, .arg = arg};

    return sqlite_give_rows(store, &q, ARGUMENTS(NUMBER(id)), error);
}

weir_status sqlite_find_execution(weir_store *base, int64_t id, const char *workflow,
                                  const char *key, bool whole, store_take_execution take, void *arg,
                                  weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = id == 0 ? SQL_EXECUTION_BY_KEY
                               : whole ? SQL_EXECUTION_BY_ID
                                       : SQL_EXECUTION_BRIEF,
                      .execution = take,
                      .arg = arg};

    return id != 0 ? sqlite_give_rows(store, &q, ARGUMENTS(NUMBER(id)), error)
                   : sqlite_give_rows(store, &q, ARGUMENTS(TEXT(workflow), TEXT(key)), error);
}

weir_status sqlite_each_execution(weir_store *base, const store_filter *filter,
                                  store_take_execution take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = filter->scheduled     ? SQL_EXECUTIONS_SCHEDULED
                               : filter->parent != 0 ? SQL_EXECUTIONS_OF_PARENT
                                                     : SQL_EXECUTIONS,
                      .execution = take,
                      .arg = arg};

    if (filter->scheduled)
        return give_list(store, &q, ARGUMENTS(TEXT(filter->workflow), NUMBER(filter->most)), error);
    if (filter->parent != 0)
        return give_list(store, &q, ARGUMENTS(NUMBER(filter->parent), NUMBER(filter->most)), error);
    return give_list(store, &q,
                     ARGUMENTS(NUMBER(filter->before != 0 ? filter->before : INT64_MAX),
                               TEXT(filter->workflow), TEXT(state_or_null(filter->state)),
                               NUMBER(filter->most)),
                     error);
}

weir_status sqlite_each_overdue(weir_store *base, int64_t time, size_t most,
                                store_take_execution take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = SQL_OVERDUE, .execution = take, .arg = arg};

    return give_list(store, &q, ARGUMENTS(NUMBER(time), NUMBER(most)), error);
}

weir_status sqlite_each_unserved(weir_store *base, int64_t after, int64_t last, int64_t time,
                                 store_take_execution take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = SQL_UNSERVED, .execution = take, .arg = arg};

    return give_list(store, &q, ARGUMENTS(NUMBER(after), NUMBER(last), NUMBER(time)), error);
}

weir_status sqlite_mark_unserved(weir_store *base, int64_t execution, int64_t time,
                                 weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;

    return sqlite_put(store, SQL_MARK_UNSERVED, "be written",
                      ARGUMENTS(NUMBER(execution), NUMBER(time)), error);
}

weir_status sqlite_each_stuck(weir_store *base, int64_t after, size_t most,
                              store_take_execution take, void *arg, int64_t *ret_last,
                              weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = SQL_STUCK, .execution = take, .arg = arg};
    weir_status status = sqlite_ask_number(store, SQL_LAST_LIVE,
                                           ARGUMENTS(NUMBER(after), NUMBER(most)), ret_last, error);

    if (status != WEIR_OK || *ret_last == 0)
        return status;
    return give_list(store, &q, ARGUMENTS(NUMBER(after), NUMBER(*ret_last)), error);
}

weir_status sqlite_each_child(weir_store *base, int64_t parent, int64_t position, int64_t token,
                              store_take_execution take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = SQL_CHILDREN, .execution = take, .arg = arg};

    return give_list(store, &q,
                     ARGUMENTS(NUMBER(parent), NUMBER(position), NUMBER(token),
                               NUMBER(token != 0 ? token : INT64_MAX)),
                     error);
}

weir_status sqlite_count_below(weir_store *base, int64_t root, int64_t *ret, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;

    return sqlite_ask_number(store, SQL_COUNT_BELOW, ARGUMENTS(NUMBER(root)), ret, error);
}

/* --- Tasks and events --- */

weir_status sqlite_find_task(weir_store *base, int64_t execution, int64_t position, bool whole,
                             store_take_task take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = whole ? SQL_TASK_WHOLE : SQL_TASK_BRIEF, .task = take, .arg = arg};

    return sqlite_give_rows(store, &q, ARGUMENTS(NUMBER(execution), NUMBER(position)), error);
}

weir_status sqlite_each_task(weir_store *base, int64_t execution, store_state state, bool whole,
                             store_take_task take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = whole ? SQL_TASKS_WHOLE : SQL_TASKS_BRIEF, .task = take, .arg = arg};

    return give_list(store, &q, ARGUMENTS(NUMBER(execution), TEXT(state_or_null(state))), error);
}

weir_status sqlite_each_listed(weir_store *base, store_list list, int64_t number, size_t most,
                               store_take_task take, void *arg, weir_error **error)
{
    static const sqlite_statement lists[] = {
        [STORE_DUE] = SQL_DUE, [STORE_LOST] = SQL_LOST, [STORE_DOOMED] = SQL_DOOMED};
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = lists[list], .task = take, .arg = arg};

    return give_list(store, &q, ARGUMENTS(NUMBER(number), NUMBER(most)), error);
}

weir_status sqlite_next_due(weir_store *base, const store_asked *which, int64_t *ret_due,
                            int64_t *ret_ask, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *row = sqlite_bind(store, SQL_NEXT_DUE,
                                    ARGUMENTS(NUMBER(which->runner), NUMBER(which->root)), error);

    if (row == NULL)
        return WEIR_IO;
    bool found = sqlite3_step(row) == SQLITE_ROW;
    *ret_due = found ? sqlite3_column_int64(row, 0) : INT64_MAX;
    *ret_ask = found ? sqlite3_column_int64(row, 1) : INT64_MAX;
    weir_status status = found ? WEIR_OK : sqlite_fail(store, "be used", error);
    sqlite3_reset(row);
    store->base.counts.rows += found;
    return status;
}

weir_status sqlite_each_asked(weir_store *base, const store_asked *which, store_take_task take,
                              void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = SQL_ASKED, .task = take, .arg = arg};

    return give_list(store, &q,
                     ARGUMENTS(NUMBER(which->runner), NUMBER(which->root), NUMBER(which->time),
                               NUMBER(which->most)),
                     error);
}

weir_status sqlite_each_event(weir_store *base, int64_t execution, int64_t after,
                              store_take_event take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = SQL_EVENTS, .event = take, .arg = arg};

    return give_list(store, &q, ARGUMENTS(NUMBER(execution), NUMBER(after)), error);
}

weir_status sqlite_note(weir_store *base, int64_t execution, const store_event *event,
                        weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;

    return sqlite_put(store, SQL_ADD_EVENT, "record an event",
                      ARGUMENTS(NUMBER(execution), NUMBER_IF(event->position >= 0, event->position),
                                NUMBER(event->time), TEXT(state_or_null(event->from)),
                                TEXT(state_or_null(event->to)), SOME(event->runner),
                                SOME(event->attempt), TEXT(event->reason)),
                      error);
}

/* --- New rows --- */

static weir_status add_text(sqlite_store *store, sqlite_statement which, int64_t of,
                            const char *text, weir_error **error)
{
    return sqlite_put(store, which, "record a text", ARGUMENTS(NUMBER(of), TEXT(text)), error);
}

weir_status sqlite_add_plan(weir_store *base, const store_plan *row, int64_t *ret_id,
                            weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    weir_status status = sqlite_put(store, SQL_ADD_PLAN, "record a plan",
                                    ARGUMENTS(TEXT(row->version), TEXT(row->workflow)), error);

    if (status == WEIR_OK)
        status =
            sqlite_ask_number(store, SQL_PLAN_ID, ARGUMENTS(TEXT(row->version)), ret_id, error);
    return status == WEIR_OK ? add_text(store, SQL_ADD_PLAN_TEXT, *ret_id, row->text, error)
                             : status;
}

weir_status sqlite_add_execution(weir_store *base, const store_execution *row, int64_t *ret_id,
                                 weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    bool begun = row->role != STORE_ROLE_ITSELF;
    weir_status status = sqlite_put(
        store, SQL_ADD_EXECUTION, "record an execution",
        ARGUMENTS(NUMBER(row->plan), TEXT(row->workflow), TEXT(row->key), NUMBER(row->unfinished),
                  SOME(row->deadline), NUMBER(row->created), SOME(row->slot), NUMBER(row->ready),
                  TEXT(begun ? store_role_text(row->role) : NULL), NUMBER_IF(begun, row->parent),
                  NUMBER_IF(begun && row->parent_position >= 0, row->parent_position),
                  NUMBER_IF(begun, row->parent_token), NUMBER_IF(begun, row->item),
                  NUMBER_IF(begun, row->root), NUMBER(row->slot_day)),
        error);

    if (status != WEIR_OK)
        return status;
    *ret_id = sqlite3_last_insert_rowid(store->database);
    status = add_text(store, SQL_ADD_PAYLOAD, *ret_id, row->input, error);
    if (status != WEIR_OK)
        return status;
    store_event event = {.position = -1, .time = row->created, .to = STORE_PENDING};
    return sqlite_note(base, *ret_id, &event, error);
}

weir_status sqlite_add_task(weir_store *base, int64_t execution, int64_t plan,
                            const store_task *row, int64_t time, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    weir_status status =
        sqlite_put(store, SQL_ADD_TASK, "record a task",
                   ARGUMENTS(NUMBER(execution), NUMBER(row->position), NUMBER(plan),
                             TEXT(row->name), NUMBER(row->waiting), NUMBER(row->priority),
                             TEXT(row->tag), NUMBER_IF(row->state == STORE_READY, row->behind),
                             NUMBER(time), NUMBER(row->root != 0 ? row->root : execution)),
                   error);
    store_event event = {.position = row->position, .time = time, .to = STORE_PENDING};
    if (status == WEIR_OK)
        status = sqlite_note(base, execution, &event, error);
    event.from = STORE_PENDING;
    event.to = STORE_READY;
    return status == WEIR_OK && row->state == STORE_READY
               ? sqlite_note(base, execution, &event, error)
               : status;
}
