/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_rows.c - rows of the PostgreSQL store: reading them, and new ones. */
#include "store/postgres.h"

/* --- Reading --- */

static store_execution read_execution(const PGresult *result, int row)
{
    bool whole = PQnfields(result) > 20;

    return (store_execution){
        .id = postgres_number(result, row, 0),
        .plan = postgres_number(result, row, 1),
        .workflow = postgres_text(result, row, 2),
        .version = postgres_text(result, row, 3),
        .key = postgres_text(result, row, 4),
        .state = store_state_read(postgres_text(result, row, 5)),
        .reason = postgres_text(result, row, 6),
        .unfinished = postgres_number(result, row, 7),
        .deadline = postgres_number(result, row, 8),
        .slot = postgres_number(result, row, 9),
        .created = postgres_number(result, row, 10),
        .started = postgres_number(result, row, 11),
        .ended = postgres_number(result, row, 12),
        .role = store_role_read(postgres_text(result, row, 13)),
        .parent = postgres_number(result, row, 14),
        .parent_position = PQgetisnull(result, row, 15) ? -1 : postgres_number(result, row, 15),
        .parent_token = postgres_number(result, row, 16),
        .item = postgres_number(result, row, 17),
        .root = postgres_number(result, row, 18),
        .slot_day = postgres_number(result, row, 19),
        .input = whole ? postgres_text(result, row, 20) : NULL,
        .context = whole ? postgres_text(result, row, 21) : NULL};
}

store_task postgres_read_task(const PGresult *result, int row)
{
    bool whole = PQnfields(result) > 22;

    return (store_task){.execution = postgres_number(result, row, 0),
                        .position = postgres_number(result, row, 1),
                        .plan = postgres_number(result, row, 2),
                        .name = postgres_text(result, row, 3),
                        .state = store_state_read(postgres_text(result, row, 4)),
                        .verdict = store_verdict_read(postgres_text(result, row, 5)),
                        .waiting = postgres_number(result, row, 6),
                        .attempt = postgres_number(result, row, 7),
                        .spent = postgres_number(result, row, 8),
                        .lost = postgres_number(result, row, 9),
                        .due = postgres_number(result, row, 10),
                        .token = postgres_number(result, row, 11),
                        .runner = postgres_number(result, row, 12),
                        .priority = postgres_number(result, row, 13),
                        .tag = postgres_text(result, row, 14),
                        .seen = postgres_text(result, row, 15),
                        .reason = postgres_text(result, row, 16),
                        .started = postgres_number(result, row, 17),
                        .ended = postgres_number(result, row, 18),
                        .awaits = postgres_text(result, row, 19),
                        .ask = postgres_number(result, row, 20),
                        .patience = postgres_number(result, row, 21),
                        .writes = whole ? postgres_text(result, row, 22) : NULL,
                        .log = whole ? postgres_text(result, row, 23) : NULL};
}

/* Whoever is given rows: one of these. */
typedef struct taker {
    store_take_execution execution;
    store_take_task task;
    void *arg;
} taker;

static weir_status give_row(const taker *to, const PGresult *result, int row, weir_error **error)
{
    if (to->execution != NULL) {
        store_execution execution = read_execution(result, row);
        return to->execution(to->arg, &execution, error);
    }
    store_task task = postgres_read_task(result, row);
    return to->task(to->arg, &task, error);
}

/* WEIR_NOT_FOUND: there was none. */
static weir_status give_rows(weir_store *base, postgres_statement which,
                             const store_argument *arguments, size_t count, const taker *to,
                             weir_error **error)
{
    PGresult *result = NULL;
    weir_status status =
        postgres_ask((postgres_store *)base, which, arguments, count, &result, error);

    if (status != WEIR_OK)
        return status;
    for (int i = 0; i < PQntuples(result) && status == WEIR_OK; i++)
        status = give_row(to, result, i, error);
    if (status == WEIR_OK && PQntuples(result) == 0)
        status = WEIR_NOT_FOUND;
    PQclear(result);
    return status;
}

/* A list that is empty is one. */
static weir_status give_list(weir_store *base, postgres_statement which,
                             const store_argument *arguments, size_t count, const taker *to,
                             weir_error **error)
{
    weir_status status = give_rows(base, which, arguments, count, to, error);

    return status == WEIR_NOT_FOUND ? WEIR_OK : status;
}

static const char *state_or_null(store_state state)
{
    return state != STORE_NONE ? store_state_text(state) : NULL;
}

/* --- Plans and executions --- */

weir_status postgres_find_plan(weir_store *base, int64_t id, store_take_plan take, void *arg,
                               weir_error **error)
{
    PGresult *result = NULL;
    weir_status status =
        postgres_ask((postgres_store *)base, PG_PLAN_BY_ID, ARGUMENTS(NUMBER(id)), &result, error);

    if (status != WEIR_OK)
        return status;
    if (PQntuples(result) == 0) {
        status = WEIR_NOT_FOUND;
    } else {
        store_plan row = {.id = postgres_number(result, 0, 0),
                          .version = postgres_text(result, 0, 1),
                          .workflow = postgres_text(result, 0, 2),
                          .text = postgres_text(result, 0, 3)};
        status = take(arg, &row, error);
    }
    PQclear(result);
    return status;
}

weir_status postgres_find_execution(weir_store *base, int64_t id, const char *workflow,
                                    const char *key, bool whole, store_take_execution take,
                                    void *arg, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    const taker to = {.execution = take, .arg = arg};
    postgres_statement which = whole            ? PG_EXECUTION_BY_ID
                               : store->writing ? PG_EXECUTION_BRIEF_HELD
                                                : PG_EXECUTION_BRIEF;

    if (id != 0)
        return give_rows(base, which, ARGUMENTS(NUMBER(id)), &to, error);
    weir_status status = store->writing ? postgres_post(store, PG_LOCK_KEY,
                                                        ARGUMENTS(TEXT(workflow), TEXT(key)), error)
                                        : WEIR_OK;
    if (status != WEIR_OK)
        return status;
    return give_rows(base, PG_EXECUTION_BY_KEY, ARGUMENTS(TEXT(workflow), TEXT(key)), &to, error);
}

weir_status postgres_each_execution(weir_store *base, const store_filter *filter,
                                    store_take_execution take, void *arg, weir_error **error)
{
    const taker to = {.execution = take, .arg = arg};

    if (filter->scheduled)
        return give_list(base, PG_EXECUTIONS_SCHEDULED,
                         ARGUMENTS(TEXT(filter->workflow), NUMBER(filter->most)), &to, error);
    if (filter->parent != 0)
        return give_list(base, PG_EXECUTIONS_OF_PARENT,
                         ARGUMENTS(NUMBER(filter->parent), NUMBER(filter->most)), &to, error);
    return give_list(base, PG_EXECUTIONS,
                     ARGUMENTS(NUMBER(filter->before != 0 ? filter->before : INT64_MAX),
                               TEXT(filter->workflow), TEXT(state_or_null(filter->state)),
                               NUMBER(filter->most)),
                     &to, error);
}

weir_status postgres_each_overdue(weir_store *base, int64_t time, size_t most,
                                  store_take_execution take, void *arg, weir_error **error)
{
    const taker to = {.execution = take, .arg = arg};

    return give_list(base, PG_OVERDUE, ARGUMENTS(NUMBER(time), NUMBER(most)), &to, error);
}

weir_status postgres_each_unserved(weir_store *base, int64_t after, int64_t last, int64_t time,
                                   store_take_execution take, void *arg, weir_error **error)
{
    const taker to = {.execution = take, .arg = arg};

    return give_list(base, PG_UNSERVED, ARGUMENTS(NUMBER(after), NUMBER(last), NUMBER(time)), &to,
                     error);
}

weir_status postgres_mark_unserved(weir_store *base, int64_t execution, int64_t time,
                                   weir_error **error)
{
    return postgres_post((postgres_store *)base, PG_MARK_UNSERVED,
                         ARGUMENTS(NUMBER(execution), NUMBER(time)), error);
}

weir_status postgres_each_stuck(weir_store *base, int64_t after, size_t most,
                                store_take_execution take, void *arg, int64_t *ret_last,
                                weir_error **error)
{
    const taker to = {.execution = take, .arg = arg};
    weir_status status =
        postgres_ask_number((postgres_store *)base, PG_LAST_LIVE,
                            ARGUMENTS(NUMBER(after), NUMBER(most)), ret_last, error);

    if (status != WEIR_OK || *ret_last == 0)
        return status;
    return give_list(base, PG_STUCK, ARGUMENTS(NUMBER(after), NUMBER(*ret_last)), &to, error);
}

weir_status postgres_each_child(weir_store *base, int64_t parent, int64_t position, int64_t token,
                                store_take_execution take, void *arg, weir_error **error)
{
    const taker to = {.execution = take, .arg = arg};

    return give_list(base, PG_CHILDREN,
                     ARGUMENTS(NUMBER(parent), NUMBER(position), NUMBER(token),
                               NUMBER(token != 0 ? token : INT64_MAX)),
                     &to, error);
}

weir_status postgres_count_below(weir_store *base, int64_t root, int64_t *ret, weir_error **error)
{
    return postgres_ask_number((postgres_store *)base, PG_COUNT_BELOW, ARGUMENTS(NUMBER(root)), ret,
                               error);
}

/* --- Tasks and events --- */

weir_status postgres_find_task(weir_store *base, int64_t execution, int64_t position, bool whole,
                               store_take_task take, void *arg, weir_error **error)
{
    const taker to = {.task = take, .arg = arg};

    return give_rows(base, whole ? PG_TASK_WHOLE : PG_TASK_BRIEF,
                     ARGUMENTS(NUMBER(execution), NUMBER(position)), &to, error);
}

weir_status postgres_each_task(weir_store *base, int64_t execution, store_state state, bool whole,
                               store_take_task take, void *arg, weir_error **error)
{
    const taker to = {.task = take, .arg = arg};

    return give_list(base, whole ? PG_TASKS_WHOLE : PG_TASKS_BRIEF,
                     ARGUMENTS(NUMBER(execution), TEXT(state_or_null(state))), &to, error);
}

weir_status postgres_each_listed(weir_store *base, store_list list, int64_t number, size_t most,
                                 store_take_task take, void *arg, weir_error **error)
{
    static const postgres_statement lists[] = {
        [STORE_DUE] = PG_DUE, [STORE_LOST] = PG_LOST, [STORE_DOOMED] = PG_DOOMED};
    const taker to = {.task = take, .arg = arg};

    return give_list(base, lists[list], ARGUMENTS(NUMBER(number), NUMBER(most)), &to, error);
}

weir_status postgres_next_due(weir_store *base, const store_asked *which, int64_t *ret_due,
                              int64_t *ret_ask, weir_error **error)
{
    PGresult *result = NULL;
    weir_status status =
        postgres_ask((postgres_store *)base, PG_NEXT_DUE,
                     ARGUMENTS(NUMBER(which->runner), NUMBER(which->root)), &result, error);

    if (status == WEIR_OK) {
        *ret_due = postgres_number(result, 0, 0);
        *ret_ask = postgres_number(result, 0, 1);
    }
    PQclear(result);
    return status;
}

weir_status postgres_each_asked(weir_store *base, const store_asked *which, store_take_task take,
                                void *arg, weir_error **error)
{
    const taker to = {.task = take, .arg = arg};

    return give_list(base, PG_ASKED,
                     ARGUMENTS(NUMBER(which->runner), NUMBER(which->root), NUMBER(which->time),
                               NUMBER(which->most)),
                     &to, error);
}

weir_status postgres_each_event(weir_store *base, int64_t execution, int64_t after,
                                store_take_event take, void *arg, weir_error **error)
{
    PGresult *result = NULL;
    weir_status status = postgres_ask((postgres_store *)base, PG_EVENTS,
                                      ARGUMENTS(NUMBER(execution), NUMBER(after)), &result, error);

    for (int i = 0; status == WEIR_OK && i < PQntuples(result); i++) {
        store_event event = {.number = postgres_number(result, i, 0),
                             .position =
                                 PQgetisnull(result, i, 1) ? -1 : postgres_number(result, i, 1),
                             .time = postgres_number(result, i, 2),
                             .from = store_state_read(postgres_text(result, i, 3)),
                             .to = store_state_read(postgres_text(result, i, 4)),
                             .runner = postgres_number(result, i, 5),
                             .attempt = postgres_number(result, i, 6),
                             .reason = postgres_text(result, i, 7)};
        status = take(arg, &event, error);
    }
    PQclear(result);
    return status;
}

/* --- New rows --- */

weir_status postgres_add_plan(weir_store *base, const store_plan *row, int64_t *ret_id,
                              weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    weir_status status = postgres_post(store, PG_ADD_PLAN,
                                       ARGUMENTS(TEXT(row->version), TEXT(row->workflow)), error);

    if (status == WEIR_OK)
        status =
            postgres_ask_number(store, PG_PLAN_ID, ARGUMENTS(TEXT(row->version)), ret_id, error);
    if (status == WEIR_NOT_FOUND)
        return weir_error_set(error, WEIR_AGAIN, "a plan of '%s' was just pruned", row->workflow);
    if (status != WEIR_OK)
        return status;
    return postgres_post(store, PG_ADD_PLAN_TEXT, ARGUMENTS(NUMBER(*ret_id), TEXT(row->text)),
                         error);
}

weir_status postgres_add_execution(weir_store *base, const store_execution *row, int64_t *ret_id,
                                   weir_error **error)
{
    bool begun = row->role != STORE_ROLE_ITSELF;

    return postgres_ask_number(
        (postgres_store *)base, PG_ADD_EXECUTION,
        ARGUMENTS(NUMBER(row->plan), TEXT(row->workflow), TEXT(row->key), NUMBER(row->unfinished),
                  SOME(row->deadline), NUMBER(row->created), TEXT(row->input), SOME(row->slot),
                  NUMBER(row->ready), TEXT(begun ? store_role_text(row->role) : NULL),
                  SOME(row->parent),
                  NUMBER_IF(begun && row->parent_position >= 0, row->parent_position),
                  SOME(row->parent_token), NUMBER_IF(begun, row->item), SOME(row->root),
                  NUMBER(row->slot_day)),
        ret_id, error);
}

weir_status postgres_add_task(weir_store *base, int64_t execution, int64_t plan,
                              const store_task *row, int64_t time, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    bool ready = row->state == STORE_READY;

    store->loose += ready;
    return postgres_post(store, PG_ADD_TASK,
                         ARGUMENTS(NUMBER(execution), NUMBER(row->position), NUMBER(plan),
                                   TEXT(row->name), NUMBER(row->waiting), NUMBER(row->priority),
                                   TEXT(row->tag), NUMBER(time), TEXT(ready ? "true" : "false"),
                                   NUMBER(row->behind),
                                   NUMBER(row->root != 0 ? row->root : execution)),
                         error);
}
