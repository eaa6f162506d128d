/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_runners.c - who runs tasks, and whether it is still there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "store/sqlite.h"

weir_status sqlite_join(weir_store *base, const char *name, int64_t time, int64_t *ret_runner,
                        weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    weir_status status =
        sqlite_put(store, SQL_JOIN, "record a runner", ARGUMENTS(TEXT(name), NUMBER(time)), error);

    if (status != WEIR_OK)
        return status;
    store->runner = sqlite3_last_insert_rowid(store->database);
    store->joins = true;
    if (sqlite_lock_byte(store, F_OFD_SETLK, F_WRLCK, store->runner) != 0)
        return weir_error_set(error, WEIR_IO, "cannot lock '%s-lock': %s", store->path,
                              strerror(errno));
    *ret_runner = store->runner;
    return WEIR_OK;
}

weir_status sqlite_beat(weir_store *base, int64_t runner, int64_t time, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    int64_t id;
    weir_status status =
        sqlite_ask_number(store, SQL_BEAT, ARGUMENTS(NUMBER(runner), NUMBER(time)), &id, error);

    return status == WEIR_NOT_FOUND
               ? weir_error_set(error, WEIR_STATE, "runner %lld was ended", (long long)runner)
               : status;
}

weir_status sqlite_offer(weir_store *base, int64_t runner, int64_t plan, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    weir_status status =
        sqlite_put(store, SQL_OFFER, "be written", ARGUMENTS(NUMBER(plan), NUMBER(runner)), error);

    return status == WEIR_OK ? sqlite_put(store, SQL_UNMARK_UNSERVED, "be written",
                                          ARGUMENTS(NUMBER(plan)), error)
                             : status;
}

weir_status sqlite_end_runner(weir_store *base, int64_t runner, int64_t time, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    weir_status status = sqlite_put(store, SQL_END_RUNNER, "be written",
                                    ARGUMENTS(NUMBER(runner), NUMBER(time)), error);

    return status == WEIR_OK
               ? sqlite_put(store, SQL_DROP_OFFERS, "be written", ARGUMENTS(NUMBER(runner)), error)
               : status;
}

weir_status sqlite_each_runner(weir_store *base, store_take_runner take, void *arg,
                               weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_query q = {.which = SQL_RUNNERS, .runner = take, .arg = arg};
    weir_status status = sqlite_give_rows(store, &q, NO_ARGUMENTS, error);

    return status == WEIR_NOT_FOUND ? WEIR_OK : status;
}

weir_status sqlite_count_offers(weir_store *base, int64_t plan, int64_t *ret, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;

    return sqlite_ask_number(store, SQL_COUNT_OFFERS, ARGUMENTS(NUMBER(plan)), ret, error);
}

weir_status sqlite_is_alive(weir_store *base, int64_t runner, bool *ret, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;

    /* A lock of one's own does not show. */
    int type =
        runner == store->runner ? F_WRLCK : sqlite_lock_byte(store, F_OFD_GETLK, F_WRLCK, runner);
    if (type < 0)
        return weir_error_set(error, WEIR_IO, "cannot ask for the locks of '%s-lock': %s",
                              store->path, strerror(errno));
    *ret = type != F_UNLCK;
    return WEIR_OK;
}
