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
    sqlite3_stmt *statement =
        sqlite_bind(store, SQL_TRIGGERS, ARGUMENTS(TEXT(workflow), TEXT(name)), error);
    weir_status status = WEIR_OK;
    int code = SQLITE_DONE;

    if (statement == NULL)
        return WEIR_IO;
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

    return sqlite_put(store, SQL_PUT_TRIGGER, "record a trigger",
                      ARGUMENTS(TEXT(row->workflow), TEXT(row->name), TEXT(row->digest),
                                NUMBER(row->due), SOME(row->runner), SOME(row->until),
                                NUMBER(row->token), SOME(row->looked), SOME(row->fired),
                                SOME(row->failed), NUMBER(row->failures), TEXT(row->reason),
                                TEXT(row->kept)),
                      error);
}

weir_status sqlite_has_fired(weir_store *base, const char *workflow, const char *name,
                             const char *key, int64_t time, bool *ret, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    int64_t one = 0;
    weir_status status = sqlite_ask_number(
        store, SQL_HAS_FIRED, ARGUMENTS(TEXT(workflow), TEXT(name), TEXT(key), NUMBER(time)), &one,
        error);

    *ret = status == WEIR_OK;
    return status == WEIR_NOT_FOUND ? WEIR_OK : status;
}

weir_status sqlite_each_firing(weir_store *base, const char *workflow, const char *name,
                               size_t most, store_take_firing take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement =
        sqlite_bind(store, SQL_FIRINGS, ARGUMENTS(TEXT(workflow), TEXT(name), NUMBER(most)), error);
    weir_status status = WEIR_OK;
    int code = SQLITE_DONE;

    if (statement == NULL)
        return WEIR_IO;
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

    return sqlite_put(store, SQL_PUT_FIRING, "record a firing",
                      ARGUMENTS(TEXT(row->workflow), TEXT(row->name), TEXT(row->key),
                                NUMBER(row->time), TEXT(store_outcome_text(row->outcome)),
                                SOME(row->execution), TEXT(row->reason)),
                      error);
}

weir_status sqlite_set_paused(weir_store *base, const char *workflow, const char *name,
                              int64_t since, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    int64_t one;

    return name != NULL
               ? sqlite_ask_number(store, SQL_PAUSE_TRIGGER,
                                   ARGUMENTS(TEXT(workflow), TEXT(name), SOME(since)), &one, error)
               : sqlite_ask_number(store, SQL_PAUSE_SCHEDULE,
                                   ARGUMENTS(TEXT(workflow), SOME(since)), &one, error);
}
