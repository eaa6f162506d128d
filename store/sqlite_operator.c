/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_operator.c - looking at a SQLite store, copying it, and making room in it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite.h"

bool sqlite_is_there(const char *place)
{
    return access(place, F_OK) == 0;
}

weir_status sqlite_answer(weir_store *base, store_question question, store_take_answer take,
                          void *arg, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *row =
        sqlite_prepare(store, question == STORE_STATUS ? SQL_STATUS : SQL_CHECK, error);
    weir_status status = WEIR_OK;
    int code = SQLITE_DONE;

    if (row == NULL)
        return WEIR_IO;
    while (status == WEIR_OK && (code = sqlite3_step(row)) == SQLITE_ROW)
        status = take(arg, (const char *)sqlite3_column_text(row, 0),
                      (const char *)sqlite3_column_text(row, 1), error);
    return sqlite_end_rows(store, row, code, status, error);
}

/* --- Retention --- */

static weir_status prune(sqlite_store *store, const sqlite_statement *steps, size_t count,
                         int64_t time, size_t most, int64_t *ret_count, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < count && status == WEIR_OK; i++)
        status =
            sqlite_put(store, steps[i], "be pruned", ARGUMENTS(NUMBER(time), NUMBER(most)), error);
    *ret_count = sqlite3_changes64(store->database);
    return status;
}

weir_status sqlite_prune(weir_store *base, int64_t time, size_t most, store_pruned *ret,
                         weir_error **error)
{
    /* The same executions (and plans) each time, until they go themselves. */
    static const sqlite_statement executions[] = {
        SQL_PRUNE_EVENTS, SQL_PRUNE_TASKS,   SQL_PRUNE_PAYLOADS,  SQL_PRUNE_RUNNERS,
        SQL_PRUNE_SLOTS,  SQL_PRUNE_FIRINGS, SQL_PRUNE_EXECUTIONS};
    static const sqlite_statement plans[] = {SQL_PRUNE_PLAN_TEXTS, SQL_PRUNE_PLANS};
    sqlite_store *store = (sqlite_store *)base;
    weir_status status = prune(store, executions, sizeof executions / sizeof *executions, time,
                               most, &ret->executions, error);

    return status == WEIR_OK ? prune(store, plans, 2, time, most, &ret->plans, error) : status;
}

/* --- Copies --- */

static weir_status copy(sqlite_store *store, const char *path, weir_error **error)
{
    sqlite3 *into = NULL;
    int code = sqlite3_open_v2(path, &into, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    sqlite3_backup *backup =
        code == SQLITE_OK ? sqlite3_backup_init(into, "main", store->database, "main") : NULL;

    if (backup != NULL) {
        code = sqlite3_backup_step(backup, -1);
        int end = sqlite3_backup_finish(backup);
        code = code != SQLITE_DONE ? code : end;
    }
    weir_status status = backup != NULL && code == SQLITE_OK
                             ? WEIR_OK
                             : weir_error_set(error, WEIR_IO, "cannot copy '%s' into '%s': %s",
                                              store->path, path, sqlite3_errmsg(into));
    sqlite3_close(into);
    return status;
}

weir_status sqlite_backup(weir_store *base, const char *path, weir_error **error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (file < 0 && errno == EEXIST)
        return weir_error_set(error, WEIR_STATE, "'%s' is there already; name a new file", path);
    if (file < 0)
        return weir_error_set(error, WEIR_IO, "cannot make '%s': %s", path, strerror(errno));
    close(file);
    weir_status status = copy((sqlite_store *)base, path, error);
    if (status != WEIR_OK)
        unlink(path);
    return status;
}

weir_status sqlite_vacuum(weir_store *base, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    weir_status status = sqlite_lock(store, error);

    if (status != WEIR_OK)
        return status;
    if (sqlite3_exec(store->database, "VACUUM", NULL, NULL, NULL) != SQLITE_OK)
        status = sqlite_fail(store, "be vacuumed", error);
    else
        sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite_unlock(store);
    return status;
}
