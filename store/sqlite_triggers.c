/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_triggers.c - triggers, their firings, and pauses. */
#include "store/sqlite.h"

static const char *text_at(sqlite3_stmt *row, int at)
{
    return (const char *)sqlite3_column_text(row, at);
}

/* In the order of TRIGGER_COLUMNS. */
static store_trigger trigger_at(sqlite3_stmt *row)
{
    return (store_trigger){.workflow = text_at(row, 0),
                           .name = text_at(row, 1),
                           .digest = text_at(row, 2),
                           .due = sqlite3_column_int64(row, 3),
                           .runner = sqlite3_column_int64(row, 4),
                           .until = sqlite3_column_int64(row, 5),
                           .token = sqlite3_column_int64(row, 6),
                           .looked = sqlite3_column_int64(row, 7),
                           .fired = sqlite3_column_int64(row, 8),
                           .failed = sqlite3_column_int64(row, 9),
                           .failures = sqlite3_column_int64(row, 10),
                           .reason = text_at(row, 11),
                           .kept = text_at(row, 12),
                           .paused = sqlite3_column_int64(row, 13)};
}

weir_status sqlite_each_trigger(weir_store *base, const char *workflow, const char *name,
                                store_take_trigger take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_TRIGGERS, error);
    weir_status status = WEIR_OK;
    int code = SQLITE_DONE;

    if (statement == NULL)
        return WEIR_IO;
    sqlite_bind_text(statement, 1, workflow);
    sqlite_bind_text(statement, 2, name);
    while (status == WEIR_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        store_trigger row = trigger_at(statement);
        base->counts.rows++;
        status = take(arg, &row, error);
    }
    return sqlite_end_rows(store, statement, code, status, error);
}

weir_status sqlite_put_trigger(weir_store *base, const store_trigger *row, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_PUT_TRIGGER, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite_bind_text(statement, 1, row->workflow);
    sqlite_bind_text(statement, 2, row->name);
    sqlite_bind_text(statement, 3, row->digest);
    sqlite3_bind_int64(statement, 4, row->due);
    sqlite_bind_some(statement, 5, row->runner);
    sqlite_bind_some(statement, 6, row->until);
    sqlite3_bind_int64(statement, 7, row->token);
    sqlite_bind_some(statement, 8, row->looked);
    sqlite_bind_some(statement, 9, row->fired);
    sqlite_bind_some(statement, 10, row->failed);
    sqlite3_bind_int64(statement, 11, row->failures);
    sqlite_bind_text(statement, 12, row->reason);
    sqlite_bind_text(statement, 13, row->kept);
    return sqlite_do(store, SQL_PUT_TRIGGER, "record a trigger", error);
}

weir_status sqlite_has_fired(weir_store *base, const char *workflow, const char *name,
                             const char *key, int64_t time, bool *ret, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_HAS_FIRED, error);
    int64_t one = 0;

    if (statement == NULL)
        return WEIR_IO;
    sqlite_bind_text(statement, 1, workflow);
    sqlite_bind_text(statement, 2, name);
    sqlite_bind_text(statement, 3, key);
    sqlite3_bind_int64(statement, 4, time);
    weir_status status = sqlite_ask(store, SQL_HAS_FIRED, &one, error);
    *ret = status == WEIR_OK;
    return status == WEIR_NOT_FOUND ? WEIR_OK : status;
}

weir_status sqlite_each_firing(weir_store *base, const char *workflow, const char *name,
                               size_t most, store_take_firing take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_FIRINGS, error);
    weir_status status = WEIR_OK;
    int code = SQLITE_DONE;

    if (statement == NULL)
        return WEIR_IO;
    sqlite_bind_text(statement, 1, workflow);
    sqlite_bind_text(statement, 2, name);
    sqlite3_bind_int64(statement, 3, (int64_t)most);
    while (status == WEIR_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        base->counts.rows++;
        status = take(arg,
                      &(store_firing){.workflow = text_at(statement, 0),
                                      .name = text_at(statement, 1),
                                      .key = text_at(statement, 2),
                                      .time = sqlite3_column_int64(statement, 3),
                                      .outcome = store_outcome_read(text_at(statement, 4)),
                                      .execution = sqlite3_column_int64(statement, 5),
                                      .reason = text_at(statement, 6)},
                      error);
    }
    return sqlite_end_rows(store, statement, code, status, error);
}

weir_status sqlite_put_firing(weir_store *base, const store_firing *row, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_PUT_FIRING, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite_bind_text(statement, 1, row->workflow);
    sqlite_bind_text(statement, 2, row->name);
    sqlite_bind_text(statement, 3, row->key);
    sqlite3_bind_int64(statement, 4, row->time);
    sqlite_bind_text(statement, 5, store_outcome_text(row->outcome));
    sqlite_bind_some(statement, 6, row->execution);
    sqlite_bind_text(statement, 7, row->reason);
    return sqlite_do(store, SQL_PUT_FIRING, "record a firing", error);
}

weir_status sqlite_set_paused(weir_store *base, const char *workflow, const char *name,
                              int64_t since, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_statement which = name != NULL ? SQL_PAUSE_TRIGGER : SQL_PAUSE_SCHEDULE;
    sqlite3_stmt *statement = sqlite_prepare(store, which, error);
    int64_t one;

    if (statement == NULL)
        return WEIR_IO;
    sqlite_bind_text(statement, 1, workflow);
    if (name != NULL)
        sqlite_bind_text(statement, 2, name);
    sqlite_bind_some(statement, name != NULL ? 3 : 2, since);
    return sqlite_ask(store, which, &one, error);
}
