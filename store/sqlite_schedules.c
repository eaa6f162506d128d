/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_schedules.c - schedules and their slots. */
#include "store/sqlite.h"

/* --- Reading --- */

/* Whoever is given the rows of one statement. */
typedef struct schedule_query {
    store_take_schedule schedule;
    store_take_slot slot;
    void *arg;
} schedule_query;

static const char *text_at(sqlite3_stmt *row, int at)
{
    return (const char *)sqlite3_column_text(row, at);
}

static weir_status give(const schedule_query *q, sqlite3_stmt *row, weir_error **error)
{
    if (q->schedule != NULL)
        return q->schedule(q->arg,
                           &(store_schedule){.workflow = text_at(row, 0),
                                             .digest = text_at(row, 1),
                                             .slot = sqlite3_column_int64(row, 2),
                                             .due = sqlite3_column_int64(row, 3),
                                             .paused = sqlite3_column_int64(row, 4)},
                           error);
    return q->slot(q->arg,
                   &(store_slot){.workflow = text_at(row, 0),
                                 .slot = sqlite3_column_int64(row, 1),
                                 .time = sqlite3_column_int64(row, 2),
                                 .outcome = store_outcome_read(text_at(row, 3)),
                                 .execution = sqlite3_column_int64(row, 4),
                                 .missed = sqlite3_column_int64(row, 5),
                                 .reason = text_at(row, 6)},
                   error);
}

static weir_status give_all(sqlite_store *store, sqlite3_stmt *statement, const schedule_query *q,
                            weir_error **error)
{
    weir_status status = WEIR_OK;
    int code = SQLITE_DONE;

    while (status == WEIR_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        store->base.counts.rows++;
        status = give(q, statement, error);
    }
    return sqlite_end_rows(store, statement, code, status, error);
}

weir_status sqlite_each_schedule(weir_store *base, const char *workflow, store_take_schedule take,
                                 void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_bind(store, SQL_SCHEDULES, ARGUMENTS(TEXT(workflow)), error);

    if (statement == NULL)
        return WEIR_IO;
    return give_all(store, statement, &(schedule_query){.schedule = take, .arg = arg}, error);
}

weir_status sqlite_each_slot(weir_store *base, const char *workflow, bool queued, size_t most,
                             store_take_slot take, void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_bind(store, queued ? SQL_SLOTS_QUEUED : SQL_SLOTS,
                                          ARGUMENTS(TEXT(workflow), NUMBER(most)), error);

    if (statement == NULL)
        return WEIR_IO;
    return give_all(store, statement, &(schedule_query){.slot = take, .arg = arg}, error);
}

/* --- Writing --- */

weir_status sqlite_put_schedule(weir_store *base, const store_schedule *row, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;

    return sqlite_put(
        store, SQL_PUT_SCHEDULE, "record a schedule",
        ARGUMENTS(TEXT(row->workflow), TEXT(row->digest), SOME(row->slot), SOME(row->due)), error);
}

weir_status sqlite_put_slot(weir_store *base, const store_slot *row, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;

    return sqlite_put(store, SQL_PUT_SLOT, "record a slot",
                      ARGUMENTS(TEXT(row->workflow), NUMBER(row->slot), NUMBER(row->time),
                                TEXT(store_outcome_text(row->outcome)), SOME(row->execution),
                                NUMBER(row->missed), TEXT(row->reason)),
                      error);
}
